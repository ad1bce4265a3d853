"""The tokenizer: text in, token ids out and back, with sentencepiece.

It carries its :class:`~nmt_attn.text.normalise.Normaliser`, so that whoever holds the tokenizer treats a sentence
exactly as training did.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Literal, Self

from sentencepiece import SentencePieceProcessor, set_random_generator_seed

from nmt_attn.config.language_codes import has_dotted_i, sentence_space, word_space
from nmt_attn.config.schema import DataConfig, NormaliseConfig
from nmt_attn.errors import InputError
from nmt_attn.text.line_division import Limits
from nmt_attn.text.lines import SplitSentences, TrainingLines, limits_of
from nmt_attn.text.normalise import Normaliser, tidy
from nmt_attn.text.sentencepiece_encoding import encode, encode_normalised, pieces, sample
from nmt_attn.text.sentencepiece_model import keep_pieces, load_model, needed_pieces
from nmt_attn.text.sentencepiece_training import train_model
from nmt_attn.text.tokenizer_files import read_info, read_models, write_files

PAD, UNK, BOS, EOS = 0, 1, 2, 3
_SPECIAL = {"pad_id": PAD, "unk_id": UNK, "bos_id": BOS, "eos_id": EOS}
_SPECIAL_IDS = (PAD, UNK, BOS, EOS)

UNKNOWN = "⁇"
"""Sign of an unknown token in text."""

SPACE = "▁"
"""Sign in a piece of a space before it."""


@dataclass(frozen=True)
class SampledIds:
    """Both sides of some pairs, cut up at random."""

    sources: list[list[int]]
    targets: list[list[int]]


@dataclass(frozen=True)
class Tokenizer:
    """Converter of source and target text to ids, and of target ids to text.

    The ids of ``PAD``, ``UNK``, ``BOS`` and ``EOS`` are the same in every vocabulary. Sides whose tokens have the same
    ids share one model. Each side is lowercased as its language is; one that was saved before it knew its languages has
    empty codes for them, and lowercases as it always did. Two are equal if they treat text alike.

    That of a classifier has labels instead of target text: their ids are their places in ``labels``.
    """

    kind: Literal["unigram", "bpe", "word", "char"]
    normaliser: Normaliser  # what both sides have in common
    source_model: bytes = field(repr=False)
    target_model: bytes = field(repr=False)
    _source: SentencePieceProcessor = field(repr=False, compare=False)
    _target: SentencePieceProcessor = field(repr=False, compare=False)
    source_lang: str = field(default="", compare=False)
    target_lang: str = field(default="", compare=False)
    lines: TrainingLines | None = field(default=None, compare=False)  # what it was trained on, where that is known
    labels: tuple[str, ...] = ()
    _dotted_i: tuple[bool, bool] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        dotted_i = tuple(has_dotted_i(code) for code in (self.source_lang, self.target_lang))
        object.__setattr__(self, "_dotted_i", dotted_i if self.lowercase else (False, False))

    @classmethod
    def from_models(
        cls,
        kind: Literal["unigram", "bpe", "word", "char"],
        normaliser: Normaliser,
        source_model: bytes,
        target_model: bytes,
        *,
        source_lang: str = "",
        target_lang: str = "",
        lines: TrainingLines | None = None,
    ) -> Self:
        """Make a tokenizer from serialised sentencepiece models; equal models are shared.

        Raises:
            InputError: these are no sentencepiece models, or their special tokens are not ours.
        """
        source = load_model(source_model, _SPECIAL_IDS)
        target = source if target_model == source_model else load_model(target_model, _SPECIAL_IDS)
        return cls(kind, normaliser, source_model, target_model, source, target, source_lang, target_lang, lines)

    @classmethod
    def train(
        cls, config: DataConfig, sources: Sequence[str], targets: Sequence[str], *, same_ids: bool = False
    ) -> Self:
        """Learn the vocabulary from the sentences of the training part.

        Args:
            config: its ``tokenizer`` and ``normalise`` say how.
            sources: source sentences.
            targets: target sentences.
            same_ids: whether a piece of a joint vocabulary must have one id on both sides. Else each side keeps only
                the pieces that it needs: what no sentence holds is neither read nor written by a network, but it would
                be computed at every step.

        Raises:
            ConfigError: ``data.tokenizer.vocab_size`` does not fit the text, or there is no text.
        """
        settings = config.tokenizer
        source_texts = map(normaliser_for(config.normalise, config.source_lang), sources)
        target_texts = map(normaliser_for(config.normalise, config.target_lang), targets)
        if settings.joint:
            texts = chain(source_texts, target_texts)
            source_model = target_model = train_model(settings, texts, "training text", _SPECIAL)
        else:
            source_model = train_model(settings, source_texts, f"source side ({config.source_lang})", _SPECIAL)
            target_model = train_model(settings, target_texts, f"target side ({config.target_lang})", _SPECIAL)
        trained = cls.from_models(
            settings.kind,
            Normaliser(config.normalise),
            source_model,
            target_model,
            source_lang=config.source_lang,
            target_lang=config.target_lang,
        )
        if settings.joint and not same_ids:
            return trained.divided(trained.encode_source(sources), trained.encode_target(targets))
        return trained

    @classmethod
    def train_for_labels(cls, config: DataConfig, texts: Sequence[str], labels: Sequence[str]) -> Self:
        """Learn the vocabulary of texts that have labels.

        Args:
            config: its ``tokenizer`` and ``normalise`` say how.
            texts: those of the training part.
            labels: all labels, each once.

        Raises:
            ConfigError: ``data.tokenizer.vocab_size`` does not fit the text, or there is no text.
        """
        normaliser = normaliser_for(config.normalise, config.source_lang)
        model = train_model(config.tokenizer, map(normaliser, texts), "training text", _SPECIAL)
        trained = cls.from_models(config.tokenizer.kind, Normaliser(config.normalise), model, model)
        return replace(trained, source_lang=config.source_lang, labels=tuple(labels))

    @cached_property
    def source_normaliser(self) -> Normaliser:
        """Normaliser of source text."""
        return normaliser_for(self.normaliser.config, self.source_lang)

    @cached_property
    def target_normaliser(self) -> Normaliser:
        """Normaliser of target text."""
        return normaliser_for(self.normaliser.config, self.target_lang)

    @property
    def source_size(self) -> int:
        """Number of tokens in the source vocabulary, special ones included."""
        return int(self._source.get_piece_size())

    @property
    def target_size(self) -> int:
        """Number of tokens in the target vocabulary, special ones included; of a classifier the number of labels."""
        return len(self.labels) or int(self._target.get_piece_size())

    @property
    def joint(self) -> bool:
        """Return whether both sides share one vocabulary, in which a token has one id."""
        return self._source is self._target

    @property
    def lowercase(self) -> bool:
        """Return whether the model only knows lowercase text, so that scores should ignore case."""
        return self.normaliser.config.lowercase

    def limits(self, split: SplitSentences, most_tokens: int) -> Limits:
        """Say what of a source line may be translated at once, as :func:`~nmt_attn.text.lines.limits_of`."""
        return limits_of(self.lines, split, most_tokens, self.source_lang)

    @property
    def spaces(self) -> tuple[str, str]:
        """Texts that stand between two sentences of the target language, and between two words."""
        return sentence_space(self.target_lang), word_space(self.target_lang)

    def encode_source(self, sentences: Sequence[str]) -> list[list[int]]:
        """Normalise and tokenise source sentences: ids without ``BOS`` and ``EOS``."""
        return encode(self._source, self.source_normaliser, sentences)

    def encode_target(self, sentences: Sequence[str]) -> list[list[int]]:
        """Normalise and tokenise target sentences: ids without ``BOS`` and ``EOS``."""
        return encode(self._target, self.target_normaliser, sentences)

    def encode_normalised(
        self, sources: Sequence[str], targets: Sequence[str]
    ) -> tuple[list[list[int]], list[list[int]]]:
        """Tokenise source and target sentences that are normalised already."""
        return encode_normalised(self._source, sources), encode_normalised(self._target, targets)

    def sample(self, sources: Sequence[str], targets: Sequence[str], alpha: float, seed: int) -> SampledIds:
        """Tokenise both sides at random: each sentence in one of its many ways to be cut up (Kudo 2018).

        Args:
            sources: source sentences.
            targets: target sentences.
            alpha: see ``training.subword_sampling``.
            seed: the same one gives the same ids.
        """
        # sentencepiece keeps a generator a thread and seeds it when the thread first uses it.
        set_random_generator_seed(seed % (2**32 - 1))
        with ThreadPoolExecutor(max_workers=1) as fresh_thread:
            return fresh_thread.submit(
                lambda: SampledIds(
                    sample(self._source, self.source_normaliser, sources, alpha),
                    sample(self._target, self.target_normaliser, targets, alpha),
                )
            ).result()

    def decode(self, sequences: Sequence[Sequence[int]]) -> list[str]:
        """Turn target ids into text. ``PAD``, ``BOS`` and ``EOS`` are skipped; ``UNK`` is :data:`UNKNOWN`."""
        kept = [[int(token) for token in sequence if token not in (PAD, BOS, EOS)] for sequence in sequences]
        return [tidy(text) for text in self._target.decode(kept)] if kept else []

    def source_pieces(self, sentences: Sequence[str]) -> list[list[str]]:
        """Return the written form of source sentences' ids. ``▁`` marks a space; unknown letters are themselves."""
        return pieces(self._source, self.source_normaliser, sentences)

    def target_pieces(self, sentences: Sequence[str]) -> list[list[str]]:
        """Return the written form of target sentences' ids, as :meth:`source_pieces`."""
        return pieces(self._target, self.target_normaliser, sentences)

    def written(self, ids: Sequence[int]) -> list[str]:
        """Return the written form of target ids; ``▁`` marks a space before the piece."""
        return [self._target.id_to_piece(int(token)) for token in ids]

    def save(self, folder: Path) -> None:
        """Write the models and ``tokenizer.json`` into ``folder``, which is made where it is missing."""
        about = {
            "kind": self.kind,
            "normalise": self.normaliser.config,
            "source_lang": self.source_lang,
            "target_lang": self.target_lang,
            "lines": self.lines,
            "labels": self.labels,
        }
        write_files(folder, self.source_model, self.target_model, about)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what :meth:`save` has written.

        Raises:
            InputError: a file is missing, damaged, or does not belong to the others.
        """
        info = read_info(folder)
        source_model, target_model = read_models(folder, info)
        try:
            loaded = cls.from_models(
                info.kind,
                Normaliser(info.normalise),
                source_model,
                target_model,
                source_lang=info.source_lang,
                target_lang=info.target_lang,
                lines=info.lines,
            )
        except InputError as error:
            raise InputError(f"{folder}: {error}") from None
        return replace(loaded, labels=info.labels)

    def divided(self, sources: Iterable[Sequence[int]], targets: Iterable[Sequence[int]]) -> Self:
        """Divide a joint vocabulary: each side keeps the pieces that its ids name; text is cut up as before.

        The merges of bpe need pieces that no sentence holds in the end, so there it is left as it is.
        """
        if self.kind == "bpe":
            return self
        needed = (needed_pieces(self._source, side, UNK, EOS) for side in (sources, targets))
        models = [keep_pieces(self.source_model, kept) for kept in needed]
        divided = self.from_models(self.kind, self.normaliser, *models)
        return replace(divided, source_lang=self.source_lang, target_lang=self.target_lang)

    def ids_of(self, whole: Tokenizer) -> tuple[list[int], list[int]]:
        """Return, by id of a joint vocabulary that this one was divided from, the id here: of source and target."""
        written = [whole._source.id_to_piece(token) for token in range(whole.source_size)]
        return self._source.piece_to_id(written), self._target.piece_to_id(written)


def normaliser_for(config: NormaliseConfig, language: str) -> Normaliser:
    """Return the normaliser of a language, given by its code; of an unknown one the code is empty."""
    return Normaliser(config, has_dotted_i(language))
