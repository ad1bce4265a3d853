"""The Translator: text in, text out. Validation, ``nmt eval``, ``nmt translate`` and Python callers all use it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from nmt_attn.config.loading import load_config, refuse_other_keys
from nmt_attn.config.schema import DecodingConfig
from nmt_attn.corpus.batches import batches_of
from nmt_attn.decoding.aligner import Aligner
from nmt_attn.decoding.alignment import END, AlignedPart, Alignment, joined, source_words
from nmt_attn.decoding.arguments import kind_of, list_of_texts
from nmt_attn.decoding.batched_search import BatchedSearch, check_numbers, evaluating
from nmt_attn.decoding.combine import drawn, likeliest
from nmt_attn.decoding.hypothesis import SearchOptions
from nmt_attn.decoding.loading import load_network, shared_tokenizer
from nmt_attn.decoding.sampling import SamplingOptions
from nmt_attn.decoding.scoring import PairScore, score_pairs
from nmt_attn.decoding.translation import TranslatedPart, Translation
from nmt_attn.decoding.workers import Workers, processes_here, threads_here
from nmt_attn.device import Compute, choose_compute
from nmt_attn.errors import UserError
from nmt_attn.inference.ensemble import Ensemble
from nmt_attn.inference.network import fill_tables, optimize_for_inference
from nmt_attn.model.network import TranslationModel
from nmt_attn.runs.directory import find_model
from nmt_attn.text.sentence_splitting import Division, Limits, divide, sentences
from nmt_attn.text.tokenizer import UNK, UNKNOWN, Tokenizer

SHARE = 256
"""Sentences for each process from which it pays to share them."""


class Translator:
    """A translator of sentences with a trained model.

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
        self.prepared = optimize_for_inference(model, compute)
        self.tokenizer = tokenizer
        self.compute = compute
        self.limits = tokenizer.limits(decoding.split_sentences, decoding.max_source_tokens)
        self.options = SearchOptions.of(decoding)
        self.workers: Workers[str, list[Translation]] | None = None
        if processes > 1:
            self.workers = Workers(self._nbest, processes)
        shared = self.workers is not None
        self.aligner = Aligner(model, tokenizer)
        self.search = BatchedSearch(model, self.prepared, tokenizer, compute, decoding.batch_tokens, shared)

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
        tokenizer = shared_tokenizer(runs)
        decoding = decoding or configs[0].decoding
        compute = choose_compute(device, decoding.precision)
        torch.set_num_threads(threads_here(decoding.threads))
        members = [load_network(config, tokenizer, found, compute) for config, found in zip(configs, runs, strict=True)]
        if write_unknown:
            for member in members:
                member.suppressed_tokens.remove(UNK)
        network = members[0] if len(members) == 1 else Ensemble(members).eval()
        return cls(network, tokenizer, decoding, compute, processes_here(compute.device, decoding.processes))

    @property
    def processes(self) -> int:
        """The number of processes that share the sentences where there are many."""
        return 1 if self.workers is None else self.workers.count

    def translate(self, sentences: Sequence[str], *, beam_size: int | None = None) -> list[str]:
        """Return the best translation of each sentence; an empty one for an empty sentence.

        Raises:
            TypeError: an argument is not a list of texts but, for example, a single text.
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
        """Return up to ``count`` translations of each sentence, best first; at least one.

        A line of several sentences, or one that is too long, is cut into parts as ``decoding.split_sentences`` and
        ``decoding.max_source_tokens`` say. Its translations are put together from those of the parts; the best is that
        of the best of each.

        Args:
            sentences: in any order and of any length; they are batched by length and put back in order.
            count: translations per sentence, at most the beam size.
            beam_size: instead of the configured one.
            sampling: draw ``count`` translations at random instead of searching the best.
            prefix: what every translation begins with, also of a line in parts; not for drawn ones. With a prefix of
                several sentences a line is only cut where it is too long.

        Raises:
            UserError: the prefix holds letters that the model cannot write.
            TypeError: an argument is not a list of texts but, for example, a single text.
        """
        sentences = list_of_texts(sentences, "sentences")
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
        """Do as :meth:`nbest`, in this process."""
        tidy, limits = self.tokenizer.source_normaliser.tidy, self._limits(options.prefix)
        lines = [divide(tidy(sentence), limits, self._source_sizes) for sentence in sentences]
        found = iter(self._nbest_of_parts(lines, options, sampling))
        of_lines = [[next(found) for _ in line.parts] for line in lines]
        return [self._of_line(*one, options, sampling) for one in zip(lines, of_lines, strict=True)]

    def _limits(self, prefix: Sequence[int]) -> Limits:
        """Return the limits of what is translated at once where a translation begins with a prefix, given as ids."""
        (text,) = self.tokenizer.decode([prefix])
        # Several sentences are the beginning of more than the first part, and nobody knows of how many.
        return replace(self.limits, sentences=None) if len(sentences(text)) > 1 else self.limits

    def _nbest_of_parts(
        self, lines: Sequence[Division], options: SearchOptions, sampling: SamplingOptions | None
    ) -> list[list[Translation]]:
        """Return the translations of all parts, one after the other. The first of a line begins with the prefix."""
        parts = [part for line in lines for part in line.texts]
        leads = [not place for line in lines for place in range(len(line.parts))]
        sources = [tuple(ids) for ids in self.tokenizer.encode_source(parts)]
        if options.prefix:
            free = replace(options, prefix=())
            led, others = (
                [source for source, lead in zip(sources, leads, strict=True) if lead is kind] for kind in (True, False)
            )
            by_lead = {True: self.search(led, options, sampling), False: self.search(others, free, sampling)}
            found = [by_lead[lead][source] for source, lead in zip(sources, leads, strict=True)]
        else:
            by_source = self.search(sources, options, sampling)
            found = [by_source[source] for source in sources]
        if UNK not in self.model.suppressed_tokens:
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
        """Put the translations of a line together from those of its parts."""
        if len(parts) == 1:
            return parts[0]
        best = likeliest(parts, options.nbest) if sampling is None else drawn(parts, sampling.seed)
        return sorted((self._joined(line, chosen) for chosen in best), key=lambda one: -one.score)

    def _joined(self, line: Division, chosen: Sequence[Translation]) -> Translation:
        """Put a translation of each part side by side."""
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

    def score(self, sources: Sequence[str], targets: Sequence[str]) -> list[PairScore]:
        """Compute how probable each target is as a translation of its source.

        Args:
            sources: in any order and of any length; pairs are batched by length and put back in order.
            targets: as many.

        Raises:
            TypeError: an argument is not a list of texts but, for example, a single text.
            ValueError: there are not as many of both.
        """
        sources, targets = list_of_texts(sources, "sources"), list_of_texts(targets, "targets")
        if len(sources) != len(targets):
            raise ValueError(f"{len(sources):,} sources and {len(targets):,} targets; each source needs its target")
        pairs = list(zip(self.tokenizer.encode_source(sources), self.tokenizer.encode_target(targets), strict=True))
        lengths = np.array([max(len(source), len(target)) + 1 for source, target in pairs], dtype=np.int64)
        scores: dict[int, PairScore] = {}
        with evaluating(self.model):
            for rows in batches_of(lengths, self.search.source_tokens(1)):
                found = score_pairs(self.model, [pairs[row][0] for row in rows], [pairs[row][1] for row in rows])
                check_numbers(one.log_prob for one in found)
                scores.update(zip(rows.tolist(), found, strict=True))
        return [scores[row] for row in range(len(pairs))]

    def align(self, sentence: str, target: str | None = None, *, beam_size: int | None = None) -> Alignment:
        """Compute the attention over a sentence while its translation is written, in pieces of the tokenizer.

        Args:
            sentence: the source.
            target: the translation to be written; None: the one that :meth:`translate` gives.
            beam_size: of that; instead of the configured one.

        Raises:
            TypeError: the sentence or its translation is no text.
        """
        for name, text in (("sentence", sentence), ("target", "" if target is None else target)):
            if not isinstance(text, str):
                raise TypeError(f"{name}: a text (str) is expected, not {kind_of(text)}; align one sentence at a time")
        if target is None:
            ((best,),) = self.nbest([sentence], 1, beam_size=beam_size)
            return joined(self.align_parts([sentence], [best])[0])
        (alignment,) = self.align_all([sentence], self.tokenizer.encode_target([target]))
        return replace(alignment, target=[*self.tokenizer.target_pieces([target])[0], END])

    def align_parts(self, sentences: Sequence[str], found: Sequence[Translation]) -> list[list[AlignedPart]]:
        """Return the attention with which translations were written, part by part.

        Args:
            sentences: the lines.
            found: a translation of each, as :meth:`nbest` gives them.
        """
        return self.aligner.align_parts(sentences, found)

    def align_all(self, sentences: Sequence[str], targets: Sequence[Sequence[int]]) -> list[Alignment]:
        """Align as :meth:`align`, with translations as target ids without EOS; a batch at once."""
        return self.aligner.align(list_of_texts(sentences, "sentences"), targets)
