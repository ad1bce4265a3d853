"""The Classifier: texts in, labels out, for ``nmt eval``, ``nmt classify``, ``nmt attend`` and Python callers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from nmt_attn.classification.prediction import Prediction
from nmt_attn.classification.reading import Network, Read, read_texts
from nmt_attn.classification.weighed_text import WeighedText
from nmt_attn.config.loading import refuse_other_keys
from nmt_attn.config.schema import Config, DecodingConfig
from nmt_attn.decoding.arguments import list_of_texts
from nmt_attn.decoding.workers import Workers, one_thread_until, processes_here, threads_here
from nmt_attn.device import Compute, choose_compute
from nmt_attn.errors import InputError, UserError
from nmt_attn.inference.classifier import freeze_classifier
from nmt_attn.model.classifier import ClassificationModel
from nmt_attn.progress import Watch, unwatched
from nmt_attn.runs.checkpoint import load_weights
from nmt_attn.runs.directory import ModelPath
from nmt_attn.runs.task import find_runs
from nmt_attn.starter import can_be_copied
from nmt_attn.text.text_cut import TextCut
from nmt_attn.text.tokenizer import Tokenizer

BATCH_TOKENS = {"cpu": 16384, "cuda": 262144}
"""Tokens in a batch, padding included, where the configuration says nothing; a GPU needs many to be busy."""

SHARE = 64
"""Texts for each process from which it pays to share them."""

DECODING_KEYS = ("decoding.precision", "decoding.batch_tokens", "decoding.threads", "decoding.processes")
"""Keys that change how texts are classified; the rest of ``decoding`` is about translations."""


@dataclass(frozen=True)
class Member:
    """A trained network with its tokenizer, and the part of a long text that it reads."""

    model: ClassificationModel
    tokenizer: Tokenizer
    cut: TextCut

    @classmethod
    def load(cls, config: Config, found: ModelPath, device: torch.device) -> Member:
        """Load the network of a checkpoint.

        Raises:
            InputError: files are damaged.
        """
        tokenizer = Tokenizer.load(found.run.tokenizer_directory)
        weights = load_weights(found.checkpoint, device)
        model = ClassificationModel.of_weights(config.model, tokenizer.source_size, tokenizer.target_size, weights)
        return cls(model.eval(), tokenizer, TextCut(config.data.filter.max_tokens, config.data.filter.keep))

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the token ids of texts, uncut."""
        return self.tokenizer.encode_source(texts)


class Classifier:
    """A classifier of texts with one trained model, or with several whose probabilities are averaged.

    Args:
        members: the networks, on their device, with the same labels; each reads text with its own tokenizer.
        compute: device and precision.
        decoding: the size of batches.
        processes: number of processes that share the texts if there are many.

    Usually made by :meth:`load`; the examples of the other methods go on with this one:

    >>> from nmt_attn import Classifier
    >>> classifier = Classifier.load("runs/opinions")
    """

    def __init__(
        self, members: Sequence[Member], compute: Compute, decoding: DecodingConfig, processes: int = 1
    ) -> None:
        self.members, self.compute = list(members), compute
        self.labels = members[0].tokenizer.labels
        self.networks: list[Network] = [freeze_classifier(member.model, compute) for member in members]
        usual = BATCH_TOKENS[compute.device.type] // (4 if processes > 1 else 1)  # each takes memory of its own
        self.batch_tokens = decoding.batch_tokens or usual
        self.workers: Workers[str, Prediction] | None = None
        if processes > 1:
            elsewhere = partial(_elsewhere, self.members, compute, decoding)
            self.workers = Workers(self._classify, elsewhere, processes, lambda: self._classify)

    @classmethod
    def load(
        cls,
        model: str | Path | Sequence[str | Path] | None = None,
        *,
        device: str = "auto",
        overrides: Sequence[str] = (),
    ) -> Classifier:
        """Load a run of the classification task, or several that classify as one.

        Args:
            model: a run directory or a checkpoint in one; None: ``$NMT_MODEL``, else the run trained last. Of several,
                which must have the same labels, the probabilities are averaged.
            device: auto, cpu, cuda or cuda:N.
            overrides: ``decoding.…=value`` over the (first) run's configuration.

        Raises:
            InputError: there is no such run, its files are damaged, or the labels differ.
            UserError: it is a run of another task.
            ConfigError: an override is wrong, or has no effect on labels.

        >>> Classifier.load("runs/opinions", device="cpu").labels
        ('neg', 'pos')
        """
        runs = find_runs(model, overrides, "classification")
        refuse_other_keys(overrides, DECODING_KEYS, "the labels that a trained model gives")
        decoding = runs[0][0].decoding
        compute = choose_compute(device, decoding.precision)
        threads = threads_here(decoding.threads)
        processes = processes_here(compute.device, decoding.processes, threads)
        with one_thread_until(threads):
            members = [Member.load(*one, compute.device) for one in runs]
            for (_, found), member in zip(runs, members, strict=True):
                if member.tokenizer.labels != members[0].tokenizer.labels:
                    first = runs[0][1].run.path
                    raise InputError(f"{found.run.path} has other labels than {first}; they cannot be averaged")
            return cls(members, compute, decoding, processes)

    @property
    def attends(self) -> bool:
        """Whether there is an attention to look at."""
        return all(member.model.attends for member in self.members)

    @property
    def processes(self) -> int:
        """The number of processes that share the texts if there are many."""
        return 1 if self.workers is None else self.workers.count

    def expect(self, *, many: bool) -> None:
        """Start the processes that share many texts, if that is cheap now: it is before there are threads.

        >>> classifier.expect(many=False)
        """
        if many and self.workers is not None and can_be_copied():
            self.workers.start()

    def classify(self, texts: Sequence[str], *, watch: Watch = unwatched) -> list[Prediction]:
        """Return the labels of each text with their probabilities; none for a text of nothing but spaces.

        Args:
            texts: in any order and of any length; they are batched by length and put back in order.
            watch: told now and then which share of the texts has been classified since the last time.

        Raises:
            TypeError: the argument is not a list of texts but, for example, a single text.

        >>> [prediction.label for prediction in classifier.classify(["A good room.", "A bad room.", ""])]
        ['pos', 'neg', '']
        """
        texts = list_of_texts(texts, "texts")
        different = sorted(dict.fromkeys(texts), key=len)  # so that all shares take equally long
        if self.workers is None or len(different) < SHARE * self.workers.count:
            found = dict(zip(different, self._classify(different, watch), strict=True))
        else:
            found = dict(zip(different, self.workers.share(different, watch=watch), strict=True))
        return [found[text] for text in texts]

    def probabilities(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Return the probabilities of N texts as an array (N, L) in the order of ``labels``; of blank ones all alike.

        >>> classifier.probabilities(["A good room."]).argmax(1).tolist()
        [1]
        """
        alike = (1 / len(self.labels),) * len(self.labels)
        return np.array([prediction.probabilities or alike for prediction in self.classify(texts)])

    def _classify(self, texts: Sequence[str], watch: Watch = unwatched) -> list[Prediction]:
        encoded = self.members[0].encode(texts)
        real = [place for place, ids in enumerate(encoded) if ids]
        found = [Prediction()] * len(texts)
        if not real:
            return found
        others = [member.encode([texts[place] for place in real]) for member in self.members[1:]]
        means, cut = (
            self._mean(self._read([[encoded[place] for place in real], *others], watch=watch)),
            self.members[0].cut,
        )
        for place, row in zip(real, means.tolist(), strict=True):
            tokens = len(encoded[place])
            found[place] = Prediction(self.labels, tuple(row), tokens, max(0, tokens - cut.most))
        return found

    def _read(
        self, encoded: Sequence[Sequence[Sequence[int]]], *, attention: bool = False, watch: Watch = unwatched
    ) -> list[Read]:
        """Read texts with all members, each of which has its own ids of them."""
        device, count = self.compute.device, len(self.members)

        def watch_member(share: float) -> None:
            watch(share / count)

        return [
            read_texts(
                network,
                [member.cut(ids) for ids in texts],
                self.batch_tokens,
                device,
                attention=attention,
                watch=watch_member,
            )
            for member, network, texts in zip(self.members, self.networks, encoded, strict=True)
        ]

    @staticmethod
    def _mean(found: Sequence[Read]) -> NDArray[np.float64]:
        """Compute the mean of the members' probabilities, (N, L).

        Raises:
            InputError: one is no number.
        """
        means = np.mean([np.exp(read.log_probs) for read in found], axis=0)
        if np.isnan(means).any():
            raise InputError(
                "the network computes no finite numbers: its weights are damaged, or its training diverged"
            )
        return np.asarray(means / means.sum(1, keepdims=True))

    def weigh(self, texts: Sequence[str], *, watch: Watch = unwatched) -> list[WeighedText]:
        """Return each text with the attention of its pieces, and the label that it was given.

        Args:
            texts: none of them blank.
            watch: as for :meth:`classify`.

        Raises:
            UserError: the model has no attention, or there are several with different tokenizers.

        >>> (weighed,) = classifier.weigh(["A good room."])
        >>> weighed.in_words().units
        ('A', 'good', 'room.')
        >>> round(sum(weighed.weights) + weighed.end_weight, 3)
        1.0
        """
        texts, first = list_of_texts(texts, "texts"), self.members[0]
        if not self.attends:
            raise UserError(
                f"this model has no attention (model.attention.score: {first.model.config.attention.score}), so there "
                "is nothing to show"
            )
        if any((member.tokenizer, member.cut) != (first.tokenizer, first.cut) for member in self.members):
            raise UserError("these models cut texts into different pieces, so their attention has no mean; give one")
        found = self._read(
            [first.encode(texts)] * len(self.members), attention=True, watch=watch
        )  # they have one tokenizer
        pieces = first.tokenizer.source_pieces(texts)
        shares = [np.mean([read.weights[place] for read in found], axis=0) for place in range(len(texts))]
        rows = self._mean(found)
        return [self._weighed(*one) for one in zip(pieces, shares, rows, strict=True)]

    def _weighed(self, pieces: list[str], shares: NDArray[np.float64], row: NDArray[np.float64]) -> WeighedText:
        cut, best = self.members[0].cut, int(row.argmax())
        return WeighedText.of_pieces(
            cut(pieces),
            shares[:-1].tolist(),
            label=self.labels[best],
            probability=float(row[best]),
            end_weight=float(shares[-1]),
            left_out=max(0, len(pieces) - cut.most),
            cut_at=cut.head(len(pieces)),
        )


def _elsewhere(
    members: Sequence[Member], compute: Compute, decoding: DecodingConfig
) -> Callable[[Sequence[str]], list[Prediction]]:
    """Make what another process classifies with."""
    return Classifier(members, compute, decoding)._classify
