"""Alignments of sentences and their translations, in pieces of the tokenizer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from nmt_attn.decoding.alignment import END, AlignedPart, Alignment, force_decode, source_words
from nmt_attn.decoding.batched_search import check_numbers, evaluating
from nmt_attn.decoding.translation import TranslatedPart, Translation
from nmt_attn.model.decodable import DecodableModel
from nmt_attn.progress import Watch, unwatched
from nmt_attn.text.line_division import Part
from nmt_attn.text.tokenizer import UNK, UNKNOWN, Tokenizer

ALIGNED = 256
"""Parts that are aligned at once."""


@dataclass(frozen=True)
class Aligner:
    """A reader of the attention with which a model writes given translations."""

    model: DecodableModel
    tokenizer: Tokenizer

    def align_parts(
        self, sentences: Sequence[str], found: Sequence[Translation], watch: Watch = unwatched
    ) -> list[list[AlignedPart]]:
        """Return the attention with which translations were written, part by part.

        Args:
            sentences: the lines.
            found: a translation of each, as :meth:`~nmt_attn.decoding.translator.Translator.nbest` gives them.
            watch: told how far it is.
        """
        made_of = [
            one.made_of or (TranslatedPart(Part(sentence), one.tokens),)
            for sentence, one in zip(sentences, found, strict=True)
        ]
        everything = [part for parts in made_of for part in parts]
        # Those of a length together: a batch is written as far as its longest, token by token.
        order = sorted(range(len(everything)), key=lambda place: len(everything[place].tokens))
        found_of: dict[int, Alignment] = {}
        for begin in range(0, len(order), ALIGNED):
            places = order[begin : begin + ALIGNED]
            some = [everything[place] for place in places]
            alignments = self.align([one.source.text for one in some], [one.tokens for one in some])
            found_of.update(zip(places, alignments, strict=True))
            watch(len(places) / len(order))
        aligned = iter(found_of[place] for place in range(len(everything)))
        spaces = {begins: bool(space) for begins, space in zip((True, False), self.tokenizer.spaces, strict=True)}
        return [
            [AlignedPart(next(aligned), one.source.spaced, spaces[one.source.begins]) for one in parts]
            for parts in made_of
        ]

    def align(self, sentences: Sequence[str], targets: Sequence[Sequence[int]]) -> list[Alignment]:
        """Align one batch.

        Args:
            sentences: the sources.
            targets: their translations as ids, without EOS.
        """
        with evaluating(self.model):
            found = force_decode(self.model, self.tokenizer.encode_source(sentences), targets)
        check_numbers(one.log_prob for one in found)
        sources = self.tokenizer.source_pieces(sentences)
        return [
            Alignment(
                [*source, END],
                [*self.tokenizer.written(target), END],
                forced.weights.tolist(),
                forced.log_prob,
                forced.log_probs.tolist(),
            )
            for source, target, forced in zip(sources, targets, found, strict=True)
        ]

    def with_copies(self, sentence: str, translation: Translation) -> Translation:
        """Put source words where the model knew no word: each time the one that it looked at most (Luong et al. 2015).

        Args:
            sentence: the source.
            translation: with unknown tokens.
        """
        (alignment,) = self.align([sentence], [translation.tokens])
        words = source_words(alignment)
        copies = iter(words[place] for place, token in enumerate(translation.tokens) if token == UNK)
        pieces = translation.text.split(UNKNOWN)
        text = pieces[0] + "".join(next(copies, UNKNOWN) + piece for piece in pieces[1:])
        return replace(translation, text=" ".join(text.split()))
