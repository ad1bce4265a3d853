"""Search for lines: each is cut into parts that the model can take, and put together again from their translations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from nmt_attn.decoding.aligner import Aligner
from nmt_attn.decoding.batched_search import BatchedSearch
from nmt_attn.decoding.combine import drawn, likeliest
from nmt_attn.decoding.hypothesis import SearchOptions
from nmt_attn.decoding.sampling import SamplingOptions
from nmt_attn.decoding.translation import Translation
from nmt_attn.progress import Watch, unwatched
from nmt_attn.text.line_division import Division, Limits, divide
from nmt_attn.text.sentence_splitting import sentences
from nmt_attn.text.tokenizer import UNK, Tokenizer


@dataclass(frozen=True)
class LineSearch:
    """A search for the translations of lines."""

    tokenizer: Tokenizer
    search: BatchedSearch
    aligner: Aligner
    limits: Limits  # of what is translated at once
    copies_unknown: bool  # put source words where the model knows no word

    def nbest(
        self,
        sentences: Sequence[str],
        options: SearchOptions,
        sampling: SamplingOptions | None,
        watch: Watch = unwatched,
    ) -> list[list[Translation]]:
        """Return the n best of each line, as ``options`` say; a search with a prefix is not watched."""
        tidy, limits = self.tokenizer.source_normaliser.tidy, self._limits(options.prefix)
        lines = [divide(tidy(sentence), limits, self._source_sizes) for sentence in sentences]
        found = iter(self._nbest_of_parts(lines, options, sampling, watch))
        of_lines = [[next(found) for _ in line.parts] for line in lines]
        return [self._of_line(*one, options, sampling) for one in zip(lines, of_lines, strict=True)]

    def _limits(self, prefix: Sequence[int]) -> Limits:
        """Return the limits of what is translated at once where a translation begins with a prefix, given as ids."""
        (text,) = self.tokenizer.decode([prefix])
        # Several sentences are the beginning of more than the first part, and nobody knows of how many.
        return replace(self.limits, sentences=None) if len(sentences(text)) > 1 else self.limits

    def _nbest_of_parts(
        self, lines: Sequence[Division], options: SearchOptions, sampling: SamplingOptions | None, watch: Watch
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
            by_source = self.search(sources, options, sampling, watch)
            found = [by_source[source] for source in sources]
        if self.copies_unknown:
            found = [
                [self.aligner.with_copies(part, one) if UNK in one.tokens else one for one in nbest]
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
        joined = (Translation.of_parts(line, chosen, self.tokenizer.spaces) for chosen in best)
        return sorted(joined, key=lambda one: -one.score)

    def _source_sizes(self, texts: list[str]) -> list[int]:
        return [len(ids) for ids in self.tokenizer.encode_source(texts)]
