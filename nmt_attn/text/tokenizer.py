"""The tokenizer: text in, token ids out and back, with sentencepiece.

It carries its :class:`~nmt_attn.text.normalise.Normaliser`, so that whoever holds the tokenizer treats a sentence
exactly as training did.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError
from sentencepiece import SentencePieceProcessor, SentencePieceTrainer, set_random_generator_seed

from nmt_attn.config.language_codes import has_dotted_i, sentence_space, standard_code, word_space
from nmt_attn.config.schema import DataConfig, NormaliseConfig, TokenizerConfig
from nmt_attn.errors import ConfigError, InputError
from nmt_attn.files import read_small
from nmt_attn.text.lines import SplitSentences, TrainingLines, limits_of
from nmt_attn.text.normalise import Normaliser, tidy
from nmt_attn.text.sentence_splitting import Limits, cut
from nmt_attn.text.sentencepiece_model import keep_pieces

PAD, UNK, BOS, EOS = 0, 1, 2, 3

UNKNOWN = "⁇"
"""Sign of an unknown token in text."""

SPACE = "▁"
"""Sign in a piece of a space before it."""

INFO_FILE = "tokenizer.json"
MAX_INFO_BYTES = 1 << 16
MAX_MODEL_BYTES = 64 << 20
_FORMAT = 1

# More sentences than this teach the vocabulary nothing, and take memory and hours.
_MOST_SENTENCES = 2_000_000

# Bytes of a text that it is trained on. A single word of twice as many gives a model that sentencepiece does not read
# again ("piece is too long"), and one without spaces of ten times as many takes unigram minutes.
_LONGEST = 4096

# Not the number of cores: the vocabulary would depend on it. And more of them gain little: they wait for each other.
_THREADS = 1

_TOO_LARGE = re.compile(r"Vocabulary size too high .*<= (\d+)")
_TOO_SMALL = re.compile(r"Vocabulary size is smaller than required_chars\. \d+ vs (\d+)")


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


# A language code, or nothing where a tokenizer was saved before it knew its languages.
_Code = Annotated[str, AfterValidator(lambda code: standard_code(code) if code else "")]


class _ModelFile(_Strict):
    file: Literal["joint.model", "source.model", "target.model"]
    sha256: str


class _Info(_Strict):
    """Content of ``tokenizer.json``."""

    format: Literal[1]
    kind: Literal["unigram", "bpe", "word", "char"]
    normalise: NormaliseConfig
    source: _ModelFile
    target: _ModelFile
    source_lang: _Code = ""
    target_lang: _Code = ""
    lines: TrainingLines | None = None


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
        source = _processor(source_model)
        target = source if target_model == source_model else _processor(target_model)
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
            source_model = target_model = _train(settings, chain(source_texts, target_texts), "training text")
        else:
            source_model = _train(settings, source_texts, f"source side ({config.source_lang})")
            target_model = _train(settings, target_texts, f"target side ({config.target_lang})")
        trained = cls.from_models(
            settings.kind,
            Normaliser(config.normalise),
            source_model,
            target_model,
            source_lang=config.source_lang,
            target_lang=config.target_lang,
        )
        return trained._for_each_side(sources, targets) if settings.joint and not same_ids else trained

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
        """Number of tokens in the target vocabulary, special ones included."""
        return int(self._target.get_piece_size())

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
        return _encode(self._source, self.source_normaliser, sentences)

    def encode_target(self, sentences: Sequence[str]) -> list[list[int]]:
        """Normalise and tokenise target sentences: ids without ``BOS`` and ``EOS``."""
        return _encode(self._target, self.target_normaliser, sentences)

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
                    _sampled(self._source, self.source_normaliser, sources, alpha),
                    _sampled(self._target, self.target_normaliser, targets, alpha),
                )
            ).result()

    def decode(self, sequences: Sequence[Sequence[int]]) -> list[str]:
        """Turn target ids into text. ``PAD``, ``BOS`` and ``EOS`` are skipped; ``UNK`` is :data:`UNKNOWN`."""
        kept = [[int(token) for token in sequence if token not in (PAD, BOS, EOS)] for sequence in sequences]
        return [tidy(text) for text in self._target.decode(kept)] if kept else []

    def source_pieces(self, sentences: Sequence[str]) -> list[list[str]]:
        """Return the written form of source sentences' ids. ``▁`` marks a space; unknown letters are themselves."""
        return _pieces(self._source, self.source_normaliser, sentences)

    def target_pieces(self, sentences: Sequence[str]) -> list[list[str]]:
        """Return the written form of target sentences' ids, as :meth:`source_pieces`."""
        return _pieces(self._target, self.target_normaliser, sentences)

    def written(self, ids: Sequence[int]) -> list[str]:
        """Return the written form of target ids; ``▁`` marks a space before the piece."""
        return [self._target.id_to_piece(int(token)) for token in ids]

    def save(self, folder: Path) -> None:
        """Write the models and ``tokenizer.json`` into ``folder``, which is made where it is missing."""
        folder.mkdir(parents=True, exist_ok=True)
        source, target = ("joint.model", "joint.model") if self.joint else ("source.model", "target.model")
        for name, model in ((source, self.source_model), (target, self.target_model)):
            (folder / name).write_bytes(model)
        info = {
            "format": _FORMAT,
            "kind": self.kind,
            "normalise": self.normaliser.config,
            "source": {"file": source, "sha256": _sha256(self.source_model)},
            "target": {"file": target, "sha256": _sha256(self.target_model)},
            "source_lang": self.source_lang,
            "target_lang": self.target_lang,
            "lines": self.lines,
        }
        text = _Info.model_validate(info).model_dump_json(indent=2)
        (folder / INFO_FILE).write_text(text + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what :meth:`save` has written.

        Raises:
            InputError: a file is missing, damaged, or does not belong to the others.
        """
        path = folder / INFO_FILE
        try:
            info = _Info.model_validate_json(read_small(path, MAX_INFO_BYTES))
        except OSError as error:
            raise InputError(f"{path}: cannot read the tokenizer: {error.strerror}") from None
        except ValidationError:
            raise InputError(f"{path}: damaged, or written by another version of nmt") from None
        source = _read_model(folder, info.source)
        target = source if info.target == info.source else _read_model(folder, info.target)
        try:
            return cls.from_models(
                info.kind,
                Normaliser(info.normalise),
                source,
                target,
                source_lang=info.source_lang,
                target_lang=info.target_lang,
                lines=info.lines,
            )
        except InputError as error:
            raise InputError(f"{folder}: {error}") from None

    def _for_each_side(self, sources: Sequence[str], targets: Sequence[str]) -> Self:
        """Divide a joint vocabulary: each side keeps the pieces that its sentences hold, cut up as before.

        The merges of bpe need pieces that no sentence holds in the end, so there it is left as it is.
        """
        if self.kind == "bpe":
            return self
        needed = (self._needed(self.encode_source(sources)), self._needed(self.encode_target(targets)))
        models = [keep_pieces(self.source_model, pieces) for pieces in needed]
        return self.from_models(
            self.kind, self.normaliser, *models, source_lang=self.source_lang, target_lang=self.target_lang
        )

    def _needed(self, sentences: Sequence[Sequence[int]]) -> set[int]:
        """Return the pieces that sentences of ids hold, and those that any other is written with: letters and bytes.

        Raises:
            ConfigError: they hold none.
        """
        model = self._source
        found = set(chain.from_iterable(sentences))
        if found <= {UNK}:
            raise ConfigError(
                f"a joint vocabulary of {model.get_piece_size():,} tokens has none for one of the two languages; "
                "raise data.tokenizer.vocab_size, or set data.tokenizer.joint to false"
            )
        return found | {
            token
            for token in range(model.get_piece_size())
            if token <= EOS or model.is_byte(token) or len(model.id_to_piece(token)) == 1
        }


def normaliser_for(config: NormaliseConfig, language: str) -> Normaliser:
    """Return the normaliser of a language, given by its code; of an unknown one the code is empty."""
    return Normaliser(config, has_dotted_i(language))


def _sampled(
    processor: SentencePieceProcessor, normaliser: Normaliser, sentences: Sequence[str], alpha: float
) -> list[list[int]]:
    ids: list[list[int]] = [
        processor.encode(normaliser(sentence), out_type=int, enable_sampling=True, alpha=alpha, nbest_size=-1)
        for sentence in sentences
    ]
    return ids


def _encode(processor: SentencePieceProcessor, normaliser: Normaliser, sentences: Sequence[str]) -> list[list[int]]:
    normalised = [normaliser(sentence) for sentence in sentences]
    encoded: list[list[int]] = processor.encode(normalised, out_type=int) if normalised else []
    return encoded


def _pieces(processor: SentencePieceProcessor, normaliser: Normaliser, sentences: Sequence[str]) -> list[list[str]]:
    normalised = [normaliser(sentence) for sentence in sentences]
    pieces: list[list[str]] = processor.encode(normalised, out_type=str) if normalised else []
    return pieces


def _train(settings: TokenizerConfig, texts: Iterable[str], side: str) -> bytes:
    """Train one sentencepiece model on normalised texts; return it serialised."""
    sample = _sample([part for text in texts if text for part in _parts(text)])
    if not sample:
        raise ConfigError(f"the tokenizer cannot be trained: the {side} has no text")
    model = io.BytesIO()
    # Said only where it is wanted: the model notes what was said, and would be another one by that alone.
    fallback: dict[str, Any] = {"byte_fallback": True} if settings.byte_fallback else {}
    try:
        SentencePieceTrainer.train(
            sentence_iterator=iter(sample),
            model_writer=model,
            model_type=settings.kind,
            vocab_size=settings.vocab_size,
            # A vocabulary of words or characters is what the text has, so it may be smaller than asked for.
            hard_vocab_limit=settings.kind in ("unigram", "bpe"),
            character_coverage=settings.character_coverage,
            **fallback,
            normalization_rule_name="identity",
            remove_extra_whitespaces=False,
            pad_id=PAD,
            unk_id=UNK,
            bos_id=BOS,
            eos_id=EOS,
            max_sentence_length=1 << 20,
            num_threads=_THREADS,
            minloglevel=3,
        )
    except RuntimeError as error:
        raise _explained(error, settings, side) from None
    return model.getvalue()


def _parts(text: str) -> list[str]:
    """Cut a text into parts that the training of the tokenizer takes: it fails on longer ones, or passes them over."""
    if 4 * len(text) <= _LONGEST:  # quickly, for nearly all
        return [text]
    return cut(text, _LONGEST, lambda texts: [len(part.encode("utf-8")) for part in texts])


def _sample(sentences: list[str]) -> list[str]:
    """Return all sentences, or an even share of a very large corpus: the same one each time."""
    step = max(1, -(-len(sentences) // _MOST_SENTENCES))
    return sentences[::step]


def _explained(error: RuntimeError, settings: TokenizerConfig, side: str) -> ConfigError:
    """Explain what sentencepiece found in terms of the configuration."""
    message = " ".join(str(error).split())
    asked = f"data.tokenizer.vocab_size is {settings.vocab_size:,}"
    if found := _TOO_LARGE.search(message):
        most = int(found[1])
        return ConfigError(
            f"{asked}, but the {side} has enough for {most:,} {settings.kind} tokens only; "
            f"set data.tokenizer.vocab_size to {most} or less"
        )
    if found := _TOO_SMALL.search(message):
        least = int(found[1])
        return ConfigError(
            f"{asked}, but the characters of the {side} take {least:,} tokens already; set "
            f"data.tokenizer.vocab_size well above {least}, or lower data.tokenizer.character_coverage"
        )
    reason = message.rpartition("] ")[2] or message
    return ConfigError(f"the tokenizer cannot be trained on the {side}: {reason}; check data.tokenizer")


def _read_model(folder: Path, entry: _ModelFile) -> bytes:
    path = folder / entry.file
    try:
        model = read_small(path, MAX_MODEL_BYTES)
    except OSError as error:
        raise InputError(f"{path}: cannot read the tokenizer: {error.strerror}") from None
    if _sha256(model) != entry.sha256:
        raise InputError(f"{path}: damaged: its sha256 is not the one in {INFO_FILE}")
    return model


def _processor(model: bytes) -> SentencePieceProcessor:
    try:
        processor = SentencePieceProcessor(model_proto=model)
    except RuntimeError:
        raise InputError("the tokenizer's model is no sentencepiece model") from None
    special = (processor.pad_id(), processor.unk_id(), processor.bos_id(), processor.eos_id())
    if special != (PAD, UNK, BOS, EOS):
        raise InputError(f"the tokenizer's model has {special} as pad, unk, bos, eos; expected {(PAD, UNK, BOS, EOS)}")
    return processor


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
