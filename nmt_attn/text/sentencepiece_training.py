"""Training of one sentencepiece model on normalised text."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Mapping
from typing import Any

from sentencepiece import SentencePieceTrainer

from nmt_attn.config.schema import TokenizerConfig
from nmt_attn.errors import ConfigError
from nmt_attn.text.line_division import cut

# More sentences than this teach the vocabulary nothing, and take memory and hours.
_MOST_SENTENCES = 2_000_000

# Bytes of a text that it is trained on. A single word of twice as many gives a model that sentencepiece does not read
# again ("piece is too long"), and one without spaces of ten times as many takes unigram minutes.
_LONGEST = 4096

# Not the number of cores: the vocabulary would depend on it. And more of them gain little: they wait for each other.
_THREADS = 1

_TOO_LARGE = re.compile(r"Vocabulary size too high .*<= (\d+)")
_TOO_SMALL = re.compile(r"Vocabulary size is smaller than required_chars\. \d+ vs (\d+)")


def train_model(settings: TokenizerConfig, texts: Iterable[str], side: str, special_ids: Mapping[str, Any]) -> bytes:
    """Train one sentencepiece model on normalised texts; return it serialised.

    Args:
        settings: kind and size of the vocabulary.
        texts: what it is learned from.
        side: what the texts are, for messages.
        special_ids: the ids of padding, unknown tokens, beginnings and ends, by sentencepiece's names of them.

    Raises:
        ConfigError: there is no text, or the size does not fit it.
    """
    sample = _sample([part for text in texts if text for part in _parts(text)])
    if not sample:
        raise ConfigError(f"the tokenizer cannot be trained: the {side} has no text")
    try:
        return _trained(settings, sample, special_ids)
    except RuntimeError as error:
        raise _explained(error, settings, side) from None


def fitting_size(wanted: int, texts: Iterable[str]) -> int:
    """Return the largest number of subwords (unigram) up to ``wanted`` that texts have enough for.

    It is found by training: what a text has enough for is known in no other way. 0: its characters alone are more.
    """
    sample = _sample([part for text in texts if text for part in _parts(text)])
    if not sample:
        return 0
    try:
        _trained(TokenizerConfig(kind="unigram", vocab_size=max(16, wanted)), sample, {})
    except RuntimeError as error:
        found = _TOO_LARGE.search(" ".join(str(error).split()))
        return int(found[1]) if found else 0
    return wanted


def _trained(settings: TokenizerConfig, sample: list[str], special_ids: Mapping[str, Any]) -> bytes:
    """Train on texts that are not too long.

    Raises:
        RuntimeError: sentencepiece does not.
    """
    model = io.BytesIO()
    # Said only where it is wanted: the model notes what was said, and would be another one by that alone.
    fallback: dict[str, Any] = {"byte_fallback": True} if settings.byte_fallback else {}
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
        **special_ids,
        max_sentence_length=1 << 20,
        num_threads=_THREADS,
        minloglevel=3,
    )
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
