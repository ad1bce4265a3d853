"""A first configuration for data that somebody has: written with comments, and checked before it is handed over."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from nmt_attn.config.loading import load_text
from nmt_attn.config.shipped import SCHEMA_LINE
from nmt_attn.config.showing import inline
from nmt_attn.corpus.found_data import Found, FoundFiles, FoundPairs, FoundTexts
from nmt_attn.corpus.guessed_languages import GuessedLanguages
from nmt_attn.corpus.starting_name import data_name, free_name
from nmt_attn.corpus.starting_notes import notes_of_pairs, notes_of_texts
from nmt_attn.corpus.suggested_sizes import (
    held_out,
    share_vocabulary,
    sizes_for_pairs,
    sizes_for_texts,
    vocabulary_of_pairs,
    vocabulary_of_texts,
)
from nmt_attn.text.normalise import tidy

SCHEMA_NAME = ".nmt.schema.json"
"""Name of the schema that is put beside a configuration, for editors."""

_PATIENCE = 5


@dataclass(frozen=True)
class StartingConfig:
    """The text of a configuration, and what to tell the user about it."""

    text: str
    notes: tuple[str, ...]


def starting_config(found: Found, given: str) -> StartingConfig:
    """Write a configuration for what was found.

    Args:
        found: the data.
        given: the words of the command line that named it.

    Raises:
        ConfigError: no configuration can name these files, such as one with a line break in its name.
    """
    if isinstance(found, FoundTexts):
        body, notes = _of_texts(found)
    else:
        body, notes = _of_pairs(found)
    head = (
        f"{SCHEMA_LINE}{SCHEMA_NAME}",
        f"# {tidy(notes[0])}",
        f"# Written by: {tidy(f'nmt config init {given}'.strip())}. Train with: nmt train",
        "# All keys with their values: nmt config show. What a key means: nmt config explain KEY",
        "",
    )
    text = "".join(f"{line}\n" for line in (*head, *body))
    load_text(text, "the configuration for these files")
    return StartingConfig(text, tuple(notes))


def _of_pairs(found: FoundPairs | FoundFiles) -> tuple[list[str], list[str]]:
    """Return the lines for translation, and the notes."""
    guess = found.languages if isinstance(found, FoundPairs) else found.files.languages
    figures = found.figures
    sizes = sizes_for_pairs(figures.texts)
    joint = share_vocabulary(guess.source, guess.target)
    vocabulary = vocabulary_of_pairs(figures, sizes, joint=joint)
    name = free_name(data_name(found), guess)
    held = held_out(figures.distinct)
    validated = held > 0 if isinstance(found, FoundPairs) else "valid" in found.files.parts
    source = _pair_source(found, held) if isinstance(found, FoundPairs) else _file_source(found)
    script = "both languages share a script" if joint else "the languages have different scripts"
    lines = [
        f"name: {inline(name)} # of the run, runs/NAME, and of its prepared data, data/NAME",
        "",
        "data:",
        *_languages(guess),
        *source,
        "  tokenizer:",
        f"    kind: {vocabulary.kind} # unigram: subwords; bpe, word and char are the other kinds",
        f"    vocab_size: {vocabulary.size} # {vocabulary.reason}",
        f"    joint: {str(joint).lower()} # one vocabulary for both languages; here {script}",
        *(["    character_coverage: 1.0"] if vocabulary.kind in ("word", "char") else []),
        "",
        f"model: # sizes for {figures.texts:,} pairs: more data can fill a larger network",
        "  cell: gru # or lstm",
        f"  embedding_size: {sizes.embedding}",
        f"  dropout: {sizes.dropout} # the less data, the more",
        "  tie_embeddings: none",
        "  encoder:",
        f"    hidden_size: {sizes.encoder} # of each direction",
        "  decoder:",
        "    style: luong # trains faster than bahdanau",
        f"    hidden_size: {sizes.decoder}",
        "  attention:",
        "    score: additive # dot, scaled_dot, general, …",
        "",
        *_training(sizes.epochs, sizes.learning_rate, "target tokens", validated=validated, label_smoothing=True),
        "",
        "decoding:",
        "  beam_size: 5 # 1 is greedy search: faster, and a little worse",
    ]
    return lines, notes_of_pairs(found, guess, held)


def _languages(guess: GuessedLanguages) -> Iterator[str]:
    if guess.known:
        yield f"  source_lang: {inline(guess.source)} # guessed from {tidy(guess.reason)}; correct it if it is wrong"
        yield f"  target_lang: {inline(guess.target)}"
    else:
        yield f"  source_lang: {guess.source} # not known: put the code of the language here, such as en"
        yield f"  target_lang: {guess.target} # and here, such as de; no rules of a language are applied before"


def _pair_source(found: FoundPairs, held: int) -> Iterator[str]:
    yield "  corpus:"
    yield f"    path: {inline(str(found.path))}"
    if found.columns is not None:
        yield f"    columns: [{found.columns[0]}, {found.columns[1]}] # of the source and the target"
    yield "  split: # sentences held out of the training, together with all that share a side with them"
    if held:
        yield f"    valid: {held} # to choose the best checkpoint: a twentieth, at most 2,000"
        yield f"    test: {held} # for the final score, by nmt eval"
    else:
        yield f"    valid: 0 # {found.figures.distinct:,} different sentences are too few to hold some out"
        yield "    test: 0"


def _file_source(found: FoundFiles) -> Iterator[str]:
    yield "  parallel: # one sentence a line, the same number of lines on both sides"
    for part, (source, target) in found.files.parts.items():
        files = f"{{source: {inline(str(source))}, target: {inline(str(target))}}}"
        yield f"    {part}: {files} # {found.lines[part]:,} lines"
    uses = {"valid": "to choose the best checkpoint", "test": "for the final score, by nmt eval"}
    for part, use in uses.items():
        if part not in found.files.parts:
            yield f"    # {part}: {{source: FILE, target: FILE}} # {use}; without it there is none"


def _training(epochs: int, rate: str, tokens: str, *, validated: bool, label_smoothing: bool) -> Iterator[str]:
    yield "training:"
    yield f"  max_epochs: {epochs} # the learning rate falls over them"
    yield "  # max_minutes: 30 # ends after this time, if that comes first"
    yield f"  batch_tokens: auto # as many {tokens} in a batch as suit the processor or the GPU"
    yield f"  learning_rate: {rate}"
    yield f"  label_smoothing: {0.1 if label_smoothing else 0.0}"
    if validated and epochs > _PATIENCE:
        yield "  early_stopping:"
        yield f"    patience: {_PATIENCE} # validations, of which there is one an epoch, without a better score"


def _of_texts(found: FoundTexts) -> tuple[list[str], list[str]]:
    """Return the lines for classification, and the notes."""
    figures = found.figures
    base = data_name(found)
    sizes = sizes_for_texts(figures.texts)
    vocabulary = vocabulary_of_texts(figures, sizes, "en")
    in_files = [part for part in ("valid", "test") if found.parts[part]]
    missing = [part for part in ("valid", "test") if part not in in_files]
    held = held_out(figures.distinct, parts=4) if missing else 0
    validated = "valid" in in_files or held > 0
    lines = [
        f"name: {inline(free_name(base))} # of the run, runs/NAME, and of its prepared data, data/NAME",
        "task: classification",
        "",
        "data:",
        "  source_lang: en # of the texts; correct it if it is another one",
        *_text_source(found),
        "  normalise:",
        "    lowercase: true # fewer different words; scores then ignore case",
        "    punctuation: split # from the words that it stands beside",
        "    html_tags: true # texts of the web have some",
        "  filter:",
        f"    max_tokens: {_max_tokens(figures.usual_longest())} # most texts are not longer; the rest is cut",
        *_text_split(missing, held, in_files, figures.distinct),
        "  tokenizer:",
        f"    kind: {vocabulary.kind}",
        f"    vocab_size: {vocabulary.size} # the most frequent words; {vocabulary.reason}",
        "",
        f"model: # sizes for {figures.texts:,} texts",
        "  cell: lstm # or gru",
        f"  embedding_size: {sizes.embedding}",
        f"  dropout: {sizes.dropout}",
        "  encoder:",
        f"    hidden_size: {sizes.encoder} # of each direction",
        "    word_dropout: 0.05",
        "  attention:",
        "    score: additive",
        "    size: 32",
        "  classifier:",
        "    size: 32 # the layer between attention and labels",
        "",
        *_training(sizes.epochs, sizes.learning_rate, "tokens", validated=validated, label_smoothing=False),
        *_class_weights(found),
    ]
    return lines, notes_of_texts(found, held)


def _text_source(found: FoundTexts) -> Iterator[str]:
    columns, ignored = found.columns, found.ignored
    if "corpus" in found.paths or columns or ignored:
        yield "  corpus:"
    if "corpus" in found.paths:
        yield f"    path: {inline(str(found.paths['corpus']))}"
    if columns is not None:
        yield f"    columns: [{columns[0]}, {columns[1]}] # of the label and the text"
    if ignored:
        yield f"    ignore_labels: {inline(list(ignored))} # headings, labels of a single text, or no labels at all"
    if "corpus" not in found.paths:
        yield "  labelled:"
        yield from (f"    {part}: {inline(str(path))}" for part, path in found.paths.items())


def _text_split(missing: list[str], held: int, in_files: list[str], distinct: int) -> Iterator[str]:
    if not missing:
        return
    given = f"; {' and '.join(in_files)} is in the files" if in_files else ""
    reason = f"a twentieth, at most 2,000{given}" if held else f"{distinct:,} different texts are too few"
    yield f"  split: # texts held out of the training: {reason}"
    uses = {"valid": "to choose the best checkpoint", "test": "for the final score, by nmt eval"}
    yield from (f"    {part}: {held} # {uses[part]}" for part in missing)


def _max_tokens(words: int) -> int:
    """Return a round number of tokens for texts of so many words: with punctuation they have about a fifth more."""
    return max(20, min(600, -(-words * 12 // 100) * 10))


def _class_weights(found: FoundTexts) -> Iterator[str]:
    counts = {label: count for label, count in found.figures.labels.items() if label not in found.ignored}
    rare, usual = min(counts, key=lambda label: counts[label]), max(counts, key=lambda label: counts[label])
    if counts[usual] > 4 * counts[rare]:
        text = f"{tidy(rare)} has {counts[rare]:,} texts and {tidy(usual)} {counts[usual]:,}"
        yield f"  # class_weights: balanced # {text}; this makes rare labels count as much"
