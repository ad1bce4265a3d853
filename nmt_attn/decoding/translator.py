"""The Translator: text in, text out. Validation, ``nmt eval``, ``nmt translate`` and Python callers all use it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

import numpy as np
import torch

from nmt_attn.checkpoint import load_weights
from nmt_attn.config import Config, DecodingConfig
from nmt_attn.config_file import load_config, refuse_other_keys
from nmt_attn.corpus.batches import batches_of, pad_sources
from nmt_attn.decoding.alignment import END, AlignedPart, Alignment, force, joined, source_words
from nmt_attn.decoding.combine import drawn, likeliest
from nmt_attn.decoding.hypothesis import SearchOptions
from nmt_attn.decoding.sampling import SamplingOptions, sample
from nmt_attn.decoding.scoring import PairScore, score_pairs
from nmt_attn.decoding.search import search
from nmt_attn.decoding.workers import Workers, processes_here, threads_here
from nmt_attn.errors import InputError, UserError
from nmt_attn.model.device import Compute, choose_compute
from nmt_attn.model.ensemble import Ensemble
from nmt_attn.model.network import TranslationModel
from nmt_attn.model.prepared import fill_tables, for_search
from nmt_attn.rundir import ModelPath, find_model
from nmt_attn.text.cut import Division, Limits, Part, divide, sentences
from nmt_attn.text.tokenizer import UNK, UNKNOWN, Tokenizer

BATCH_TOKENS = {"cpu": 81920, "cuda": 65536}
"""Source tokens times beam size in a batch where the configuration says nothing; a GPU needs many to be busy."""

SOURCE_TOKENS = {"cpu": 16384, "cuda": 65536}
"""Source tokens in a batch, then, at most; a CPU has more than enough to do with them."""

ALIGNED = 1024
"""Parts that are aligned at once."""

SHARE = 256
"""Sentences for each process from which it pays to share them."""


@dataclass(frozen=True)
class TranslatedPart:
    """A part of a line, and the tokens of its translation."""

    source: Part
    tokens: tuple[int, ...]


@dataclass(frozen=True)
class Translation:
    """One translation of a line."""

    text: str
    score: float  # log-probability over the length penalty, the sum of the parts'; what n-best lists are ordered by
    log_prob: float  # in nats
    tokens: tuple[int, ...] = ()  # as the model wrote it, without EOS
    made_of: tuple[TranslatedPart, ...] = ()  # where the line was not translated at once
    long: bool = False  # it has more tokens than the model is given at once

    @property
    def parts(self) -> int:
        """How many parts the line was translated in."""
        return max(1, len(self.made_of))


class Translator:
    """Translates sentences with a trained model.

    Args:
        model: the network, on its device; its weights must not change while it translates.
        tokenizer: the one that it was trained with.
        decoding: beam size, penalties and batch size; each call may change the search.
        compute: device, and the precision of the search; given translations are scored and aligned in fp32.
        processes: how many share the sentences where there are many.
    """

    def __init__(
        self,
        model: TranslationModel,
        tokenizer: Tokenizer,
        decoding: DecodingConfig,
        compute: Compute,
        processes: int = 1,
    ) -> None:
        self.model = model
        self.prepared = for_search(model, compute)
        self.tokenizer = tokenizer
        self.compute = compute
        self.batch_tokens = decoding.batch_tokens
        self.limits = tokenizer.limits(decoding.split_sentences, decoding.max_source_tokens)
        self.options = SearchOptions.of(decoding)
        self.workers: Workers[str, list[Translation]] | None = None
        if processes > 1:
            self.workers = Workers(self._nbest, processes)

    @classmethod
    def load(
        cls,
        model: str | Path | Sequence[str | Path] | None = None,
        *,
        device: str = "auto",
        overrides: Sequence[str] = (),
        decoding: DecodingConfig | None = None,
        write_unknown: bool = False,
    ) -> Translator:
        """Load a run, or several that translate as one.

        Args:
            model: a run directory or a checkpoint in one; None: ``$NMT_MODEL``, else the run trained last. Of several,
                which must have the same tokenizer, the probabilities are averaged.
            device: auto, cpu, cuda or cuda:N.
            overrides: ``decoding.…=value`` over the (first) run's configuration.
            decoding: how to search, instead of the run's configuration.
            write_unknown: let the model say where it knows no word (a ``word`` vocabulary); what stands there then is
                the source word that it looked at most, as Luong et al. 2015 do it.

        Raises:
            InputError: there is no such run, its files are damaged, or the tokenizers differ.
            ConfigError: an override is wrong, or has no effect on translations.
        """
        paths = list(model) if isinstance(model, Sequence) and not isinstance(model, str) else [model]
        runs = [find_model(None if path is None else Path(path)) for path in paths or [None]]
        configs = [load_config(found.run.config_file, () if index else overrides) for index, found in enumerate(runs)]
        refuse_other_keys(overrides, ("decoding",), "the translations of a trained model")
        tokenizer = _shared_tokenizer(runs)
        decoding = decoding or configs[0].decoding
        compute = choose_compute(device, decoding.precision)
        torch.set_num_threads(threads_here(decoding.threads))
        members = [_load_model(config, tokenizer, found, compute) for config, found in zip(configs, runs, strict=True)]
        if write_unknown:
            for member in members:
                member.never_written.remove(UNK)
        network = members[0] if len(members) == 1 else Ensemble(members).eval()
        return cls(network, tokenizer, decoding, compute, processes_here(compute.device, decoding.processes))

    @property
    def processes(self) -> int:
        """How many share the sentences where there are many."""
        return 1 if self.workers is None else self.workers.count

    def translate(self, sentences: Sequence[str], *, beam_size: int | None = None) -> list[str]:
        """The best translation of each sentence; an empty one for an empty sentence.

        Raises:
            TypeError: these are no sentences but, for one, a single one.
        """
        return [nbest[0].text for nbest in self.nbest(sentences, 1, beam_size=beam_size)]

    def nbest(
        self,
        sentences: Sequence[str],
        count: int,
        *,
        beam_size: int | None = None,
        sampling: SamplingOptions | None = None,
        prefix: str = "",
    ) -> list[list[Translation]]:
        """Up to ``count`` translations of each sentence, best first; at least one.

        A line of several sentences, or one that is too long, is cut into parts as ``decoding.split_sentences`` and
        ``decoding.max_source_tokens`` say. Its translations are put together from those of the parts; the best is that
        of the best of each.

        Args:
            sentences: in any order and of any length; they are batched by length and put back in order.
            count: translations a sentence, at most the beam size.
            beam_size: instead of the configured one.
            sampling: draw ``count`` translations at random instead of searching the best.
            prefix: what every translation begins with, also of a line in parts; not for drawn ones. With a prefix of
                several sentences a line is only cut where it is too long.

        Raises:
            UserError: the prefix holds letters that the model cannot write.
            TypeError: these are no sentences but, for one, a single one.
        """
        sentences = _sentences(sentences, "sentences")
        beam = self.options.beam_size if beam_size is None else beam_size
        if sampling is not None:
            beam = count
        options = replace(self.options, beam_size=beam, nbest=min(count, beam), prefix=self._prefix(prefix))
        different = sorted(dict.fromkeys(sentences), key=len)  # so that all shares take equally long
        if self.workers is None or len(different) < SHARE * self.workers.count:
            return self._nbest(sentences, options, sampling)
        if not self.workers.processes:
            fill_tables(self.prepared)
        found = dict(zip(different, self.workers.share(different, options, sampling), strict=True))
        return [found[sentence] for sentence in sentences]

    def _nbest(
        self, sentences: Sequence[str], options: SearchOptions, sampling: SamplingOptions | None
    ) -> list[list[Translation]]:
        """As :meth:`nbest`, in this process."""
        tidy, limits = self.tokenizer.source_normaliser.tidy, self._limits(options.prefix)
        lines = [divide(tidy(sentence), limits, self._source_sizes) for sentence in sentences]
        found = iter(self._nbest_of_parts(lines, options, sampling))
        of_lines = [[next(found) for _ in line.parts] for line in lines]
        return [self._of_line(*one, options, sampling) for one in zip(lines, of_lines, strict=True)]

    def _limits(self, prefix: Sequence[int]) -> Limits:
        """What may be translated at once where a translation begins with a prefix, given as ids."""
        (text,) = self.tokenizer.decode([prefix])
        # Several sentences are the beginning of more than the first part, and nobody knows of how many.
        return replace(self.limits, sentences=None) if len(sentences(text)) > 1 else self.limits

    def _nbest_of_parts(
        self, lines: Sequence[Division], options: SearchOptions, sampling: SamplingOptions | None
    ) -> list[list[Translation]]:
        """The translations of all parts, one after the other. The first of a line begins with the prefix."""
        parts = [part for line in lines for part in line.texts]
        leads = [not place for line in lines for place in range(len(line.parts))]
        sources = [tuple(ids) for ids in self.tokenizer.encode_source(parts)]
        if options.prefix:
            free = replace(options, prefix=())
            led, others = (
                [source for source, lead in zip(sources, leads, strict=True) if lead is kind] for kind in (True, False)
            )
            by_lead = {True: self._search(led, options, sampling), False: self._search(others, free, sampling)}
            found = [by_lead[lead][source] for source, lead in zip(sources, leads, strict=True)]
        else:
            by_source = self._search(sources, options, sampling)
            found = [by_source[source] for source in sources]
        if UNK not in self.model.never_written:
            found = [
                [self._copied(part, one) if UNK in one.tokens else one for one in nbest]
                for part, nbest in zip(parts, found, strict=True)
            ]
        return found

    def _of_line(
        self,
        line: Division,
        parts: list[list[Translation]],
        options: SearchOptions,
        sampling: SamplingOptions | None,
    ) -> list[Translation]:
        """The translations of a line, put together from those of its parts."""
        if len(parts) == 1:
            return parts[0]
        best = likeliest(parts, options.nbest) if sampling is None else drawn(parts, sampling.seed)
        return sorted((self._joined(line, chosen) for chosen in best), key=lambda one: -one.score)

    def _joined(self, line: Division, chosen: Sequence[Translation]) -> Translation:
        """A translation of each part side by side."""
        return Translation(
            line.joined([one.text for one in chosen], *self.tokenizer.spaces),
            sum(one.score for one in chosen),
            sum(one.log_prob for one in chosen),
            tuple(token for one in chosen for token in one.tokens),
            tuple(TranslatedPart(part, one.tokens) for part, one in zip(line.parts, chosen, strict=True)),
            line.long,
        )

    def _copied(self, sentence: str, translation: Translation) -> Translation:
        (alignment,) = self.align_all([sentence], [translation.tokens])
        words = source_words(alignment)
        copies = iter(words[place] for place, token in enumerate(translation.tokens) if token == UNK)
        pieces = translation.text.split(UNKNOWN)
        text = pieces[0] + "".join(next(copies, UNKNOWN) + piece for piece in pieces[1:])
        return replace(translation, text=" ".join(text.split()))

    def _prefix(self, text: str) -> tuple[int, ...]:
        (ids,) = self.tokenizer.encode_target([text])
        if UNK in ids:
            raise UserError(f"the prefix {text!r} holds letters that the model cannot write")
        return tuple(ids)

    def _source_sizes(self, texts: list[str]) -> list[int]:
        return [len(ids) for ids in self.tokenizer.encode_source(texts)]

    def _search(
        self, sources: Sequence[tuple[int, ...]], options: SearchOptions, sampling: SamplingOptions | None
    ) -> dict[tuple[int, ...], list[Translation]]:
        """The n best of each source; of one that occurs twice, once."""
        results: dict[tuple[int, ...], list[Translation]] = {(): [Translation("", 0.0, 0.0)]}
        different = [source for source in dict.fromkeys(sources) if source]
        lengths = np.array([len(source) + 1 for source in different], dtype=np.int64)
        with self._evaluating(), self.compute.products():
            for rows in batches_of(lengths, self._source_tokens(options.beam_size)):
                batch = [different[row] for row in rows]
                results.update(zip(batch, self._translate_batch(batch, options, sampling), strict=True))
        return results

    def _source_tokens(self, beam_size: int) -> int:
        """How many there may be in a batch."""
        if self.batch_tokens is not None:
            return max(1, self.batch_tokens // beam_size)
        device = self.compute.device.type
        with_beam, alone = BATCH_TOKENS[device], SOURCE_TOKENS[device]
        if self.workers is not None:  # each needs memory for its own, and smaller ones are as fast
            with_beam, alone = with_beam // 4, alone // 2
        return max(1, min(with_beam // beam_size, alone))

    def score(self, sources: Sequence[str], targets: Sequence[str]) -> list[PairScore]:
        """How probable each target is as a translation of its source.

        Args:
            sources: in any order and of any length; pairs are batched by length and put back in order.
            targets: as many.

        Raises:
            TypeError: these are no sentences but, for one, a single one.
            ValueError: there are not as many of both.
        """
        sources, targets = _sentences(sources, "sources"), _sentences(targets, "targets")
        if len(sources) != len(targets):
            raise ValueError(f"{len(sources):,} sources and {len(targets):,} targets; each source needs its target")
        pairs = list(zip(self.tokenizer.encode_source(sources), self.tokenizer.encode_target(targets), strict=True))
        lengths = np.array([max(len(source), len(target)) + 1 for source, target in pairs], dtype=np.int64)
        scores: dict[int, PairScore] = {}
        with self._evaluating():
            for rows in batches_of(lengths, self._source_tokens(1)):
                found = score_pairs(self.model, [pairs[row][0] for row in rows], [pairs[row][1] for row in rows])
                _check_numbers(one.log_prob for one in found)
                scores.update(zip(rows.tolist(), found, strict=True))
        return [scores[row] for row in range(len(pairs))]

    def align(self, sentence: str, target: str | None = None, *, beam_size: int | None = None) -> Alignment:
        """The attention over a sentence while its translation is written, in pieces of the tokenizer.

        Args:
            sentence: the source.
            target: the translation to be written; None: the one that :meth:`translate` gives.
            beam_size: of that; instead of the configured one.

        Raises:
            TypeError: the sentence or its translation is no text.
        """
        for name, text in (("sentence", sentence), ("target", "" if target is None else target)):
            if not isinstance(text, str):
                raise TypeError(f"{name}: a text (str) is expected, not {_kind(text)}; align one sentence at a time")
        if target is None:
            ((best,),) = self.nbest([sentence], 1, beam_size=beam_size)
            return joined(self.align_parts([sentence], [best])[0])
        (alignment,) = self.align_all([sentence], self.tokenizer.encode_target([target]))
        return replace(alignment, target=[*self.tokenizer.target_pieces([target])[0], END])

    def align_parts(self, sentences: Sequence[str], found: Sequence[Translation]) -> list[list[AlignedPart]]:
        """Give the attention with which translations were written, part by part.

        Args:
            sentences: the lines.
            found: a translation of each, as :meth:`nbest` gives them.
        """
        made_of = [
            one.made_of or (TranslatedPart(Part(sentence), one.tokens),)
            for sentence, one in zip(sentences, found, strict=True)
        ]
        everything = [part for parts in made_of for part in parts]
        aligned = chain.from_iterable(
            self.align_all([one.source.text for one in some], [one.tokens for one in some])
            for some in (everything[place : place + ALIGNED] for place in range(0, len(everything), ALIGNED))
        )
        spaces = {begins: bool(space) for begins, space in zip((True, False), self.tokenizer.spaces, strict=True)}
        return [
            [AlignedPart(next(aligned), one.source.spaced, spaces[one.source.begins]) for one in parts]
            for parts in made_of
        ]

    def align_all(self, sentences: Sequence[str], targets: Sequence[Sequence[int]]) -> list[Alignment]:
        """As :meth:`align`, for translations as target ids without EOS; a batch at once."""
        sentences = _sentences(sentences, "sentences")
        with self._evaluating():
            found = force(self.model, self.tokenizer.encode_source(sentences), targets)
        _check_numbers(one.log_prob for one in found)
        sources = self.tokenizer.source_pieces(sentences)
        return [
            Alignment([*source, END], [*self.tokenizer.written(target), END], forced.weights.tolist(), forced.log_prob)
            for source, target, forced in zip(sources, targets, found, strict=True)
        ]

    @contextmanager
    def _evaluating(self) -> Iterator[None]:
        """The network without dropout; afterwards it may go on training."""
        was_training = self.model.training
        self.model.eval()
        try:
            yield
        finally:
            self.model.train(was_training)

    def _translate_batch(
        self, batch: list[tuple[int, ...]], options: SearchOptions, sampling: SamplingOptions | None
    ) -> list[list[Translation]]:
        """Search one batch of token ids."""
        source, lengths = (torch.from_numpy(array) for array in pad_sources(batch))
        source = source.to(self.compute.device, non_blocking=True)
        if sampling is None:
            found = search(self.prepared, source, lengths, options)
        else:
            found = sample(self.prepared, source, lengths, options, sampling)
        # A beam in which nothing is a number is empty in the end.
        _check_numbers(log_prob for nbest in found for log_prob in [one.log_prob for one in nbest] or [math.nan])
        texts = iter(self.tokenizer.decode([one.tokens for nbest in found for one in nbest]))
        return [
            [Translation(next(texts), one.score, one.log_prob, tuple(one.tokens)) for one in nbest] for nbest in found
        ]


def _sentences(given: Iterable[str], name: str) -> list[str]:
    """The sentences as a list, which may be walked through more than once.

    Raises:
        TypeError: a text alone, which would be taken letter by letter, or something that is no text.
    """
    if isinstance(given, str):
        raise TypeError(f"{name}: a list of texts is expected, not a text alone; put it into a list: [text]")
    if isinstance(given, bytes) or not isinstance(given, Iterable):
        raise TypeError(f"{name}: a list of texts (str) is expected, not {_kind(given)}")
    sentences = list(given)
    for place, sentence in enumerate(sentences):
        if not isinstance(sentence, str):
            raise TypeError(f"{name}[{place}]: a text (str) is expected, not {_kind(sentence)}")
    return sentences


def _kind(value: object) -> str:
    return "None" if value is None else type(value).__name__


def _check_numbers(log_probs: Iterable[float]) -> None:
    """Refuse to go on with a network that has come to no numbers; finite weights may do that if they are huge.

    Raises:
        InputError: a log-probability is none.
    """
    if any(map(math.isnan, log_probs)):
        raise InputError("the network computes no finite numbers: its weights are damaged, or its training diverged")


def _shared_tokenizer(runs: Sequence[ModelPath]) -> Tokenizer:
    """The tokenizer of all runs; they have to have the same."""
    first, *others = (Tokenizer.load(found.run.tokenizer_directory) for found in runs)
    for found, other in zip(runs[1:], others, strict=True):
        if other != first:
            raise InputError(f"{found.run.path} has another tokenizer than {runs[0].run.path}; they cannot be averaged")
    return first


def _load_model(config: Config, tokenizer: Tokenizer, found: ModelPath, compute: Compute) -> TranslationModel:
    """Build the network and fill in the checkpoint's weights."""
    weights = load_weights(found.checkpoint, compute.device)
    return TranslationModel.of_weights(config.model, tokenizer.source_size, tokenizer.target_size, weights).eval()
