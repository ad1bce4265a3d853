"""The Translator: text in, text out. Validation, ``nmt eval``, ``nmt translate`` and Python callers all use it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from nmt_attn.config.loading import refuse_other_keys
from nmt_attn.config.schema import DecodingConfig
from nmt_attn.decoding.aligner import Aligner
from nmt_attn.decoding.alignment import END, AlignedPart, Alignment, joined
from nmt_attn.decoding.arguments import kind_of, list_of_texts
from nmt_attn.decoding.batched_search import BatchedSearch, evaluating
from nmt_attn.decoding.hypothesis import SearchOptions
from nmt_attn.decoding.line_search import LineSearch
from nmt_attn.decoding.loading import load_network, shared_tokenizer
from nmt_attn.decoding.sampling import SamplingOptions
from nmt_attn.decoding.scoring import PairScore, score_all
from nmt_attn.decoding.translation import Translation
from nmt_attn.decoding.workers import Workers, one_thread_until, processes_here, threads_here
from nmt_attn.device import Compute, choose_compute
from nmt_attn.errors import UserError
from nmt_attn.inference.ensemble import Ensemble
from nmt_attn.inference.network import fill_tables, optimize_for_inference
from nmt_attn.model.decodable import DecodableModel
from nmt_attn.progress import Watch, unwatched
from nmt_attn.runs.task import find_runs
from nmt_attn.starter import can_be_copied
from nmt_attn.text.tokenizer import UNK, Tokenizer

SHARE = 256
"""Sentences for each process from which it pays to share them."""


class Translator:
    """A translator of sentences with a trained model.

    Args:
        model: the network, on its device; its weights must not change while it translates.
        tokenizer: the one that it was trained with.
        decoding: beam size, penalties and batch size; each call may change the search.
        compute: device, and the precision of the search; given translations are scored and aligned in fp32.
        processes: number of processes that share the sentences if there are many.

    Usually made by :meth:`load`; the examples of the other methods go on with this one:

    >>> from nmt_attn import Translator
    >>> translator = Translator.load("runs/tiny")
    """

    def __init__(
        self,
        model: DecodableModel,
        tokenizer: Tokenizer,
        decoding: DecodingConfig,
        compute: Compute,
        processes: int = 1,
    ) -> None:
        self.model = model
        self.prepared = optimize_for_inference(model, compute)
        self.tokenizer = tokenizer
        self.compute = compute
        self.options = SearchOptions.of(decoding)
        self.aligner = Aligner(model, tokenizer)
        self.search = BatchedSearch(model, self.prepared, tokenizer, compute, decoding.batch_tokens, processes > 1)
        limits = tokenizer.limits(decoding.split_sentences, decoding.max_source_tokens)
        copies = UNK not in model.suppressed_tokens
        self.lines = LineSearch(tokenizer, self.search, self.aligner, limits, copies)
        self.workers: Workers[str, list[Translation]] | None = None
        if processes > 1:
            elsewhere = partial(_elsewhere, model, tokenizer, decoding, compute)
            self.workers = Workers(self.lines.nbest, elsewhere, processes, self._in_copy)

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
            decoding: settings of the search, instead of those of the run.
            write_unknown: let the model say where it knows no word (a ``word`` vocabulary); what stands there then is
                the source word that it looked at most, as Luong et al. 2015 do it.

        Raises:
            InputError: there is no such run, its files are damaged, or the tokenizers differ.
            UserError: it was trained for another task.
            ConfigError: an override is wrong, or has no effect on translations.

        >>> greedy = Translator.load("runs/tiny", device="cpu", overrides=["decoding.beam_size=1"])
        >>> greedy.translate(["Red cat."])
        ['Rugha kato.']
        >>> Translator.load("runs/absent")
        Traceback (most recent call last):
        nmt_attn.errors.InputError: ...
        """
        runs = find_runs(model, overrides, "translation")
        refuse_other_keys(overrides, ("decoding",), "the translations of a trained model")
        tokenizer = shared_tokenizer([found for _, found in runs])
        decoding = decoding or runs[0][0].decoding
        compute = choose_compute(device, decoding.precision)
        threads = threads_here(decoding.threads)
        processes = processes_here(compute.device, decoding.processes, threads)
        with one_thread_until(threads):
            members = [load_network(*one, tokenizer, compute) for one in runs]
            if write_unknown:
                for member in members:
                    member.suppressed_tokens.remove(UNK)
            network: DecodableModel = members[0] if len(members) == 1 else Ensemble(members).eval()
            return cls(network, tokenizer, decoding, compute, processes)

    @property
    def processes(self) -> int:
        """The number of processes that share the sentences if there are many."""
        return 1 if self.workers is None else self.workers.count

    def expect(self, *, many: bool) -> None:
        """Start the processes that share many sentences, if that is cheap now: it is before there are threads.

        >>> translator.expect(many=False)
        """
        if many and self.workers is not None and can_be_copied():
            self.workers.start()

    def translate(
        self, sentences: Sequence[str], *, beam_size: int | None = None, watch: Watch = unwatched
    ) -> list[str]:
        """Return the best translation of each sentence; an empty one for an empty sentence.

        Args:
            sentences: in any order and of any length.
            beam_size: instead of the configured one.
            watch: as for :meth:`nbest`.

        Raises:
            TypeError: an argument is not a list of texts but, for example, a single text.

        >>> translator.translate(["Big dog.", "", "Red cat."])
        ['Granda hundo.', '', 'Rugha kato.']
        """
        return [nbest[0].text for nbest in self.nbest(sentences, 1, beam_size=beam_size, watch=watch)]

    def nbest(
        self,
        sentences: Sequence[str],
        count: int,
        *,
        beam_size: int | None = None,
        sampling: SamplingOptions | None = None,
        prefix: str = "",
        watch: Watch = unwatched,
    ) -> list[list[Translation]]:
        """Return up to ``count`` translations of each sentence, best first; at least one.

        A line of several sentences, or one that is too long, is cut into parts as ``decoding.split_sentences`` and
        ``decoding.max_source_tokens`` say. Its translations are put together from those of the parts; the best is that
        of the best of each.

        Args:
            sentences: in any order and of any length; they are batched by length and put back in order.
            count: translations per sentence, at most the beam size.
            beam_size: instead of the configured one.
            sampling: draw ``count`` translations at random instead of searching the best.
            prefix: text that every translation begins with, also that of a line in parts; not for drawn ones. With a
                prefix of several sentences a line is only cut where it is too long.
            watch: told now and then which share of the sentences has been translated since the last time.

        Raises:
            UserError: the prefix holds letters that the model cannot write.
            TypeError: an argument is not a list of texts but, for example, a single text.

        >>> (found,) = translator.nbest(["Big dog."], 2)
        >>> found[0].text, found[0].score > found[1].score
        ('Granda hundo.', True)
        >>> ((small,),) = translator.nbest(["Big dog."], 1, prefix="Eta")
        >>> small.text.startswith("Eta")
        True
        >>> from nmt_attn.decoding.sampling import SamplingOptions
        >>> len(translator.nbest(["Big dog."], 5, sampling=SamplingOptions(temperature=2.0, seed=1))[0])
        5
        """
        sentences = list_of_texts(sentences, "sentences")
        beam = self.options.beam_size if beam_size is None else beam_size
        if sampling is not None:
            beam = count
        options = replace(self.options, beam_size=beam, nbest=min(count, beam), prefix=self._prefix(prefix))
        different = sorted(dict.fromkeys(sentences), key=len)  # so that all shares take equally long
        if self.workers is None or len(different) < SHARE * self.workers.count:
            return self.lines.nbest(sentences, options, sampling, watch)
        found = dict(zip(different, self.workers.share(different, options, sampling, watch=watch), strict=True))
        return [found[sentence] for sentence in sentences]

    def _in_copy(self) -> Callable[..., list[list[Translation]]]:
        """Make a copy of this process ready that translates for it; it has what this one has."""
        fill_tables(self.prepared)
        return self.lines.nbest

    def _prefix(self, text: str) -> tuple[int, ...]:
        (ids,) = self.tokenizer.encode_target([text])
        if UNK in ids:
            raise UserError(f"the prefix {text!r} holds letters that the model cannot write")
        return tuple(ids)

    def score(self, sources: Sequence[str], targets: Sequence[str], *, watch: Watch = unwatched) -> list[PairScore]:
        """Compute how probable each target is as a translation of its source.

        Args:
            sources: in any order and of any length; pairs are batched by length and put back in order.
            targets: as many.
            watch: as for :meth:`nbest`.

        Raises:
            TypeError: an argument is not a list of texts but, for example, a single text.
            ValueError: there are not as many of both.

        >>> right, wrong = translator.score(["Big dog.", "Big dog."], ["Granda hundo.", "Rugha kato."])
        >>> right.log_prob > wrong.log_prob
        True
        >>> right.perplexity < 2 < wrong.perplexity
        True
        """
        sources, targets = list_of_texts(sources, "sources"), list_of_texts(targets, "targets")
        if len(sources) != len(targets):
            raise ValueError(f"{len(sources):,} sources and {len(targets):,} targets; each source needs its target")
        pairs = list(zip(self.tokenizer.encode_source(sources), self.tokenizer.encode_target(targets), strict=True))
        with evaluating(self.model):
            return score_all(self.model, pairs, self.search.source_tokens(1), watch)

    def align(self, sentence: str, target: str | None = None, *, beam_size: int | None = None) -> Alignment:
        """Compute the attention over a sentence while its translation is written, in pieces of the tokenizer.

        Args:
            sentence: the source.
            target: the translation to be written; None: the one that :meth:`translate` gives.
            beam_size: that of the search for it, instead of the configured one.

        Raises:
            TypeError: the sentence or its translation is no text.

        >>> alignment = translator.align("Big dog.").in_words()
        >>> alignment.source, alignment.target
        (['Big', 'dog.', '</s>'], ['Granda', 'hundo.', '</s>'])
        >>> alignment.links()
        [(0, 0), (1, 1)]
        """
        for name, text in (("sentence", sentence), ("target", "" if target is None else target)):
            if not isinstance(text, str):
                raise TypeError(f"{name}: a text (str) is expected, not {kind_of(text)}; align one sentence at a time")
        if target is None:
            ((best,),) = self.nbest([sentence], 1, beam_size=beam_size)
            return joined(self.align_parts([sentence], [best])[0])
        (alignment,) = self.align_all([sentence], self.tokenizer.encode_target([target]))
        return replace(alignment, target=[*self.tokenizer.target_pieces([target])[0], END])

    def align_parts(
        self, sentences: Sequence[str], found: Sequence[Translation], *, watch: Watch = unwatched
    ) -> list[list[AlignedPart]]:
        """Return the attention with which translations were written, part by part.

        Args:
            sentences: the lines.
            found: a translation of each, as :meth:`nbest` gives them.
            watch: as for :meth:`nbest`.

        >>> ((best,),) = translator.nbest(["Big dog."], 1)
        >>> ((part,),) = translator.align_parts(["Big dog."], [best])
        >>> part.alignment.in_words().target
        ['Granda', 'hundo.', '</s>']
        """
        return self.aligner.align_parts(sentences, found, watch)

    def align_all(self, sentences: Sequence[str], targets: Sequence[Sequence[int]]) -> list[Alignment]:
        """Align as :meth:`align`, with translations as target ids without EOS; a batch at once.

        >>> ids = translator.tokenizer.encode_target(["Granda hundo."])
        >>> [alignment.in_words().links() for alignment in translator.align_all(["Big dog."], ids)]
        [[(0, 0), (1, 1)]]
        """
        return self.aligner.align(list_of_texts(sentences, "sentences"), targets)


def _elsewhere(
    model: DecodableModel, tokenizer: Tokenizer, decoding: DecodingConfig, compute: Compute
) -> Callable[..., list[list[Translation]]]:
    """Make a process ready that translates what another one gives it."""
    translator = Translator(model, tokenizer, decoding, compute, processes=2)  # one of several, in batches of theirs
    fill_tables(translator.prepared)  # now, so that all have the same ones
    return translator.lines.nbest
