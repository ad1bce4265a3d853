"""The configuration: every key, its default, its unit and one sentence about it.

This module is the one place where keys are declared. ``docs/configuration.md`` and the JSON schema for
editors are generated from it by ``scripts/make_docs.py``; :mod:`nmt_attn.config.loading` reads YAML into it.
"""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    Strict,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from nmt_attn.config.language_codes import standard_code
from nmt_attn.config.task_keys import check_task_keys
from nmt_attn.device_names import known_device
from nmt_attn.files import expand_user

# Upper limits where nothing smaller follows from the matter itself. A value above them is a slip or a trap: it would
# not end, or ask for more memory than any machine has.
_MOST = 1_000_000_000  # of what is only counted
_WIDEST = 32_768  # of a vector
_LARGEST = 1e100  # of a factor: its products with others stay finite


def _usable(path: Path) -> Path:
    """Return a path, ``~`` expanded, whose name a file can have and which fits into a message of one line."""
    if not path.name or any(unicodedata.category(character) in ("Cc", "Cs") for character in str(path)):
        raise ValueError("must be the name of a file or folder, without control characters")
    return expand_user(path)


# A string in YAML stands for a path although the schema is strict about types.
File = Annotated[Path, Strict(False), AfterValidator(_usable)]


def _one_or_several(value: Any) -> Any:
    return [value] if isinstance(value, (str, Path)) else value


_PATH = {"format": "path", "type": "string"}
_SOME_PATHS = {"items": _PATH, "minItems": 1, "type": "array"}

Files = Annotated[list[File], BeforeValidator(_one_or_several), WithJsonSchema({"anyOf": [_PATH, _SOME_PATHS]})]


# A column of a table, counted from 1.
Column = Annotated[int, Field(ge=1, le=1000)]


# A language code in any of its usual forms, kept in that of BCP 47.
Language = Annotated[str, AfterValidator(standard_code)]


BleuTokenizerName = Literal[
    "auto", "13a", "intl", "zh", "char", "ja-mecab", "ko-mecab", "none", "flores101", "flores200", "spm", "spBLEU-1K"
]


def known_tokenizer(value: Any) -> Any:
    """Return the name of a BLEU tokenizer as it is.

    Raises:
        ValueError: there is none of this name; the message names the nearest one.
    """
    names = get_args(BleuTokenizerName)
    if isinstance(value, str) and value not in names:
        nearest = difflib.get_close_matches(value, names, n=1, cutoff=0.5)
        advice = f"did you mean {nearest[0]}? " if nearest else ""
        raise ValueError(f"no tokenizer of sacreBLEU is called {value[:40]!r}; {advice}there are {', '.join(names)}")
    return value


# Name of the sacreBLEU tokenizer that cuts text into words for BLEU; auto: the one that fits the language.
BleuTokenizer = Annotated[BleuTokenizerName, BeforeValidator(known_tokenizer)]


def number_or_auto(what: str, most: int, shown: str) -> Callable[[Any], Any]:
    """Return what takes a whole number from 1 to ``most``, or ``auto``, as it is.

    It raises a ValueError, which names ``what`` is counted and the limit as ``shown``, where a value is neither.
    """

    def known(value: Any) -> Any:
        number = isinstance(value, int) and not isinstance(value, bool)
        if value != "auto" and not (number and 1 <= value <= most):
            raise ValueError(f"it is a whole number of {what} from 1 to {shown}, or auto")
        return value

    return known


# Tokens in a batch, or as many as suit the device.
BatchTokens = Annotated[int | Literal["auto"], BeforeValidator(number_or_auto("tokens", 100_000_000, "100 million"))]

# Processes that train together on one machine.
known_process_count = number_or_auto("processes", 1024, "1024")
ProcessCount = Annotated[int | Literal["auto"], BeforeValidator(known_process_count)]


def known_weights(value: Any) -> Any:
    """Return weights of labels as they are, but for labels that YAML takes for numbers or truth values.

    Raises:
        ValueError: they are neither ``balanced`` nor positive numbers by label.
    """
    if value is None or value == "balanced":
        return value
    if not isinstance(value, dict) or not value:
        raise ValueError("must be balanced, or a positive number for each label, such as {rare: 5, usual: 1}")
    names = {True: "true", False: "false"}
    named = {names[label] if isinstance(label, bool) else str(label): weight for label, weight in value.items()}
    for label, weight in named.items():
        if isinstance(weight, bool) or not isinstance(weight, (int, float)) or not 0 < weight <= 1e9:
            raise ValueError(f"the weight of {label[:40]!r} must be a number above 0")
    return {label: float(weight) for label, weight in named.items()}


# Weights of labels in the loss.
ClassWeights = Annotated[dict[str, float] | Literal["balanced"] | None, BeforeValidator(known_weights)]


TRACKERS = ("tensorboard", "mlflow", "wandb")
"""Trackers of experiments that a training can write to."""


def known_trackers(value: Any) -> Any:
    """Return names of trackers as a list; a single one may stand without brackets.

    Raises:
        ValueError: one is not known, and the message names the nearest, or stands there twice.
    """
    names = [value] if isinstance(value, str) else value
    for name in names if isinstance(names, list) else ():
        if isinstance(name, str) and name not in TRACKERS:
            nearest = difflib.get_close_matches(name, TRACKERS, n=1, cutoff=0.5)
            advice = f"did you mean {nearest[0]}? " if nearest else ""
            raise ValueError(f"no tracker is called {name[:40]!r}; {advice}there are {', '.join(TRACKERS)}")
        if names.count(name) > 1:
            raise ValueError(f"{str(name)[:40]} stands there twice")
    return names


# Names of trackers.
Trackers = Annotated[list[Literal["tensorboard", "mlflow", "wandb"]], BeforeValidator(known_trackers)]


# Where to compute; whether this machine has such a device is seen when it is used.
Device = Annotated[str, AfterValidator(known_device)]


def _key(default: Any, about: str, unit: str = "", **limits: Any) -> Any:
    """Declare one key: its default, one sentence, its unit, and the limits of its value."""
    if callable(default):
        return Field(default_factory=default, description=about, json_schema_extra={"unit": unit}, **limits)
    return Field(default, description=about, json_schema_extra={"unit": unit}, **limits)


OLD_NAMES = {("data", "task"): "synthetic"}
"""Keys that were renamed, by their old names: files and runs of earlier versions are read all the same."""


class Section(BaseModel):
    """A part of the configuration: frozen, and no key is accepted that is not declared."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class ShortSection(Section):
    """A section that may also be written as the value of one of its keys, ``short_for``, the others by default."""

    short_for: ClassVar[str]

    @model_validator(mode="before")
    @classmethod
    def _expand(cls, value: Any) -> Any:
        return {cls.short_for: value} if isinstance(value, (str, int, float)) else value


# --- data --------------------------------------------------------------------------


class CorpusConfig(Section):
    """One file of sentence pairs, or several, from which train, valid and test are split."""

    path: File | None = _key(
        None,
        "File with the corpus: lines of source<TAB>target[<TAB>attribution], a .csv or TMX file, or a .zip with one of "
        "these or with one file per language. gzip, bzip2, xz and zstd are unpacked (docs/data.md). A folder of such "
        "files, or a pattern such as shards/*.tsv.gz, is read in the order of the names. classification: "
        "lines of label<TAB>text, .csv, JSON lines, or a folder, .tar.gz or .zip with one folder a label "
        "(docs/classification.md).",
        "file",
    )
    url: str | None = _key(
        None, "Address to download the corpus from if the file data.corpus.path does not exist.", "https address"
    )
    sha256: str | None = _key(
        None,
        "SHA-256 of the file, which is refused if it has another one (null: it is not checked).",
        "64 hexadecimal digits",
        pattern=r"^[0-9a-f]{64}$",
    )
    allow_http: bool = _key(
        False, "Accept an http address in url. Without encryption, others can change the file on its way."
    )
    max_pairs: int | None = _key(
        None, "Read only this many lines, the first ones of the file (null: all).", "lines", ge=1, le=_MOST
    )
    columns: list[Column] | None = _key(
        None,
        "Numbers of the source column and the target column, such as [2, 4] (null: the first two, or as a header "
        "says). classification: of the label and the text.",
        "columns, from 1",
        min_length=2,
        max_length=2,
    )
    reverse: bool = _key(False, "Swap the two columns, for a file of target<TAB>source lines.")
    fields: list[str] | None = _key(
        None,
        "classification: names of the label and of the text in the header of a .csv, or in JSON lines, such as "
        "[stars, review] (null: usual names).",
        "names",
        min_length=2,
        max_length=2,
    )
    ignore_labels: list[str] = _key(
        list, "classification: labels whose texts are left out, such as those of a folder of texts without label."
    )

    @field_validator("columns")
    @classmethod
    def _two_columns(cls, value: list[int] | None) -> list[int] | None:
        if value is not None and value[0] == value[1]:
            raise ValueError("source and target must be different columns")
        return value

    @field_validator("url")
    @classmethod
    def _one_word(cls, value: str | None) -> str | None:
        if value is not None and (value.split() != [value] or not value.isprintable()):
            raise ValueError("must be an address, without spaces and control characters")
        return value


class ParallelFiles(Section):
    """Text files with one sentence per line and the same number of lines; they may be compressed."""

    source: Files = Field(
        description="File with the source sentences. A folder, a pattern such as shards/*.en.gz, or a list of files is "
        "one corpus of all of them, in order.",
        json_schema_extra={"unit": "file or list of files"},
        min_length=1,
    )
    target: Files = Field(
        description="File with their translations; for several source files as many, in the same order. Beside a "
        "single source a list is several references for each sentence.",
        json_schema_extra={"unit": "file or list of files"},
        min_length=1,
    )

    @property
    def references(self) -> list[list[Path]]:
        """The paths of each reference, which belong to those of the source in their order."""
        return [self.target] if len(self.source) > 1 else [[path] for path in self.target]


class ParallelConfig(Section):
    """Your own files, already split into training, validation and test."""

    train: ParallelFiles = Field(description="Files with the training pairs.")
    valid: ParallelFiles | None = _key(None, "Files with the validation pairs (null: none, so there is no validation).")
    test: ParallelFiles | None = _key(None, "Files with the test pairs, for the final score (null: none).")

    def given(self) -> dict[str, ParallelFiles]:
        """Return the files of each part that has any, by its name."""
        parts = {"train": self.train, "valid": self.valid, "test": self.test}
        return {name: files for name, files in parts.items() if files is not None}


class LabelledConfig(Section):
    """Your own files of labelled texts, already split; each is of any kind that data.corpus.path may be."""

    train: File = Field(description="Texts to train on.", json_schema_extra={"unit": "file or folder"})
    valid: File | None = _key(
        None, "Texts for the validation (null: data.split.valid texts of train).", "file or folder"
    )
    test: File | None = _key(
        None, "Texts for the final score (null: data.split.test texts of train).", "file or folder"
    )

    def given(self) -> dict[str, Path]:
        """Return the files that are given, by the name of their part."""
        parts = {"train": self.train, "valid": self.valid, "test": self.test}
        return {name: path for name, path in parts.items() if path is not None}


class SyntheticConfig(ShortSection):
    """A small artificial task instead of a corpus. Its pairs are generated, and it shows attention at work."""

    short_for = "kind"

    kind: Literal["dates", "addition", "reverse"] = Field(
        description="dates: a written date to its ISO 8601 form; addition: two numbers to their sum; reverse: letters "
        "to the same letters in reverse order."
    )
    pairs: int = _key(
        20_000, "Number of generated pairs, including those for validation and test.", "pairs", ge=1, le=10_000_000
    )
    min_length: int = _key(
        1,
        "addition: least number of digits of a number; reverse: least number of letters.",
        "characters",
        ge=1,
        le=1000,
    )
    max_length: int = _key(
        4,
        "addition: largest number of digits of a number; reverse: largest number of letters.",
        "characters",
        ge=1,
        le=1000,
    )
    seed: int = _key(1, "Seed of the random choice of the pairs.", ge=0, lt=2**63)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.min_length > self.max_length:
            raise ValueError(
                f"data.synthetic.min_length ({self.min_length}) must not be above max_length ({self.max_length})"
            )
        return self


class NormaliseConfig(Section):
    """Changes to the text before it is tokenised. They are saved with the model, which applies them to its input."""

    unicode: Literal["nfc", "nfkc", "none"] = _key("nfc", "Unicode normal form of the text.")
    quotes: bool = _key(True, "Replace typographic apostrophes and quotation marks by ' and \".")
    html_entities: bool = _key(
        False, "Replace HTML entities such as &amp; and &#39; by the characters that they stand for, in references too."
    )
    html_tags: bool = _key(False, "Replace HTML tags such as <br /> by a space, in references too.")
    lowercase: bool = _key(
        False,
        "Convert everything to lowercase by the rules of the language (in Turkish, I becomes ı). Scores then ignore "
        "case.",
    )
    ascii_fold: bool = _key(False, "Remove accents and other marks from Latin letters: é becomes e, œ becomes oe.")
    punctuation: Literal["keep", "split", "basic"] = _key(
        "keep",
        "keep: no change; split: put spaces around it; basic: put spaces around . ! ? and remove all else but letters.",
    )


class FilterConfig(Section):
    """Rules by which pairs, or texts, are dropped. Each one that is dropped is counted under its reason."""

    max_words: int = _key(80, "Drop a pair if one of its sides has more words than this.", "words", ge=1, le=1_000_000)
    max_characters: int = _key(
        1000,
        "Drop a pair if one of its sides has more characters than this; needed for text without spaces between words.",
        "characters",
        ge=1,
        le=1_000_000,
    )
    max_length_ratio: float = _key(
        4.0,
        "Drop a pair if one side has more than this many times the characters of the other; a side under 20 "
        "characters counts as 20.",
        ge=1.0,
        le=1e6,
    )
    identical: bool = _key(True, "Drop pairs whose source and target are the same text.")
    duplicates: bool = _key(True, "Drop pairs that occurred earlier in the corpus.")
    max_tokens: int = _key(
        400,
        "classification: number of tokens to which longer texts are cut, in training and later.",
        "tokens",
        ge=1,
        le=1_000_000,
    )
    keep: Literal["head", "tail", "both"] = _key(
        "head",
        "classification: part of a longer text that is kept: its beginning, its end, or half of max_tokens of each.",
    )
    overlap: bool = _key(
        True, "classification: drop training texts that are also validation or test texts, whatever their label."
    )


class SplitConfig(Section):
    """Sentences held out from training. Pairs that share a source or a target always stay in the same part."""

    valid: int = _key(
        2000,
        "Number of different source sentences held out for validation (0: none, so `best` is the latest checkpoint).",
        "sentences",
        ge=0,
        le=_MOST,
    )
    test: int = _key(
        2000,
        "Number of different source sentences held out for the final score (0: none).",
        "sentences",
        ge=0,
        le=_MOST,
    )


class TokenizerConfig(Section):
    """The sentencepiece tokenizer. It is trained on the training part only."""

    kind: Literal["unigram", "bpe", "word", "char"] = _key(
        "unigram", "Kind of token: subwords (unigram, bpe), whole words or single characters."
    )
    vocab_size: int = _key(
        8000,
        "Number of tokens in the vocabulary; word and char use fewer if the corpus has fewer.",
        "tokens",
        ge=16,
        le=1_000_000,
    )
    joint: bool = _key(
        True,
        "Train one vocabulary on both languages, instead of one for each. Each side then keeps only the tokens of "
        "its own text, or all tokens with bpe or model.tie_embeddings: all.",
    )
    character_coverage: float = _key(
        0.9999, "Share of the characters of the training text that the vocabulary covers.", gt=0.9, le=1.0
    )
    byte_fallback: bool = _key(
        False,
        "unigram, bpe: write a character that has no token as its bytes, so that a model can learn to copy any name. "
        "This adds 256 tokens.",
    )
    sample: int | None = _key(
        None,
        "Train it on an even share of so many pairs, or texts (null: all, but of more than two million sentences a "
        "share). Its time and memory grow with them, and more than some hundred thousand teach it little.",
        "pairs",
        ge=1,
        le=_MOST,
    )

    @model_validator(mode="after")
    def _bytes_are_subwords(self) -> Self:
        if self.byte_fallback and self.kind not in ("unigram", "bpe"):
            raise ValueError(f"data.tokenizer.byte_fallback needs data.tokenizer.kind: unigram or bpe, not {self.kind}")
        return self


class DataConfig(Section):
    """The data: corpus, languages and preparation."""

    source_lang: Language = _key(
        "en", "Language of the source, such as en, eng, zh-Hant; x-NAME if it is no language.", "code"
    )
    target_lang: Language = _key("fr", "Language of the target; codes as for source_lang.", "code")
    directory: File | None = _key(None, "Folder of the prepared data (null: data/<name>).", "folder")
    corpus: CorpusConfig = _key(CorpusConfig, "One file of pairs, or several.")
    parallel: ParallelConfig | None = _key(None, "Your own files, already split, instead of data.corpus.")
    labelled: LabelledConfig | None = _key(
        None, "classification: your own files, already split, instead of data.corpus."
    )
    synthetic: SyntheticConfig | None = _key(
        None, "An artificial task instead of data.corpus; a single word here means its kind."
    )
    normalise: NormaliseConfig = _key(NormaliseConfig, "Text normalisation.")
    filter: FilterConfig = _key(FilterConfig, "Pairs to drop.")
    split: SplitConfig = _key(SplitConfig, "Held-out sentences (data.corpus only).")
    tokenizer: TokenizerConfig = _key(TokenizerConfig, "Tokenizer.")
    processes: int | None = _key(
        None,
        "Number of processes that prepare the data, which does not depend on it (null: one for each processor that "
        "this process may use).",
        "processes",
        ge=1,
        le=256,
    )

    @model_validator(mode="after")
    def _one_kind_of_corpus(self) -> Self:
        given = {
            "data.corpus.path": self.corpus.path,
            "data.parallel": self.parallel,
            "data.synthetic": self.synthetic,
            "data.labelled": self.labelled,
        }
        both = [name for name, value in given.items() if value is not None]
        if len(both) > 1:
            raise ValueError(f"{' and '.join(both[:2])} are both set; keep one of them")
        if both and self.corpus.path is None:
            of_tables = ("columns", "fields", "ignore_labels") if self.labelled is not None else ()
            for name, default in CorpusConfig().model_dump(exclude={*of_tables}).items():
                if getattr(self.corpus, name) != default:
                    one = "one file" if self.labelled is not None else "one file of pairs"
                    raise ValueError(f"data.corpus.{name} is for {one}; it has no effect beside {both[0]}")
        if self.corpus.url is not None and self.corpus.path is None:
            raise ValueError("data.corpus.url needs data.corpus.path, the file to fetch it to")
        return self

    def nothing_held_out(self, split: Literal["valid", "test"]) -> str | None:
        """Say why a split has no sentences, as ``data.split.valid is 0``; None where it is to have some."""
        if self.parallel is not None:
            return f"data.parallel.{split} is not set" if getattr(self.parallel, split) is None else None
        if self.labelled is not None and getattr(self.labelled, split) is not None:
            return None
        return f"data.split.{split} is 0" if getattr(self.split, split) == 0 else None


# --- model --------------------------------------------------------------------------


class EncoderConfig(Section):
    """The bidirectional encoder."""

    layers: int = _key(1, "Number of layers; from the third layer on with residual connections.", "layers", ge=1, le=8)
    hidden_size: int = _key(512, "Size of the hidden state of each of the two directions.", "units", ge=1, le=_WIDEST)
    word_dropout: float = _key(
        0.0, "Share of source tokens whose whole embedding is set to zero in training.", ge=0.0, lt=1.0
    )


class DecoderConfig(Section):
    """The decoder."""

    style: Literal["bahdanau", "luong"] = _key(
        "bahdanau",
        "bahdanau: the context is an input of the cell; luong: it joins the state after the cell (attentional vector).",
    )
    layers: int = _key(1, "Number of layers; from the third layer on with residual connections.", "layers", ge=1, le=8)
    hidden_size: int = _key(512, "Size of the hidden state.", "units", ge=1, le=_WIDEST)
    word_dropout: float = _key(
        0.0, "Share of target tokens whose whole embedding is set to zero in training.", ge=0.0, lt=1.0
    )
    input_feeding: bool = _key(False, "luong only: make the attentional vector an input of the next step.")
    start: Literal["bridge", "zeros", "last"] = _key(
        "bridge",
        "State before the first token. bridge: tanh of a linear map of the encoder's last states; zeros: all zeros; "
        "last: the encoder's last states themselves.",
    )
    readout_size: int | None = _key(
        None, "Size of the vector that the output layer reads (null: model.embedding_size).", "units", ge=1, le=_WIDEST
    )


class AttentionConfig(Section):
    """The attention: how a decoder state is compared with the source states."""

    score: Literal["additive", "dot", "scaled_dot", "general", "location", "none", "mean", "max"] = _key(
        "additive",
        "Score function of the attention (concat is another name of additive); none: no attention. classification, "
        "for comparison: mean and max of all states.",
    )
    size: int | None = _key(
        None,
        "additive: size of its hidden layer (null: that of the query, model.decoder.hidden_size or twice "
        "model.encoder.hidden_size).",
        "units",
        ge=1,
        le=_WIDEST,
    )
    max_positions: int = _key(
        100, "location: largest source position that can be attended to.", "tokens", ge=1, le=100_000
    )
    coverage: bool = _key(
        False,
        "additive only: the score also reads the attention that each source position had so far (Tu et al. 2016).",
    )

    @field_validator("score", mode="before")
    @classmethod
    def _concat_is_additive(cls, value: Any) -> Any:
        return "additive" if value == "concat" else value


class ClassifierConfig(Section):
    """The small layer between the attention and the labels."""

    size: int = _key(
        64, "Size of the layer, with ReLU (0: none, the labels read the context itself).", "units", ge=0, le=_WIDEST
    )
    dropout: float = _key(0.2, "Dropout rate on the context and on this layer.", ge=0.0, lt=1.0)


class ModelConfig(Section):
    """The network."""

    cell: Literal["gru", "lstm"] = _key("gru", "Recurrent cell of encoder and decoder.")
    embedding_size: int = _key(256, "Size of the token embeddings.", "units", ge=1, le=_WIDEST)
    layer_norm: bool = _key(
        False, "Use layer normalisation in the cells (Ba et al. 2016); this is several times slower."
    )
    dropout: float = _key(
        0.2, "Dropout rate on embeddings, between layers and before the output layer.", ge=0.0, lt=1.0
    )
    recurrent_dropout: float = _key(
        0.0,
        "Dropout rate on the state that a cell passes to its next step, with one mask for all steps of a sentence "
        "(Gal and Ghahramani 2016).",
        ge=0.0,
        lt=1.0,
    )
    tie_embeddings: Literal["none", "target", "all"] = _key(
        "target",
        "target: the output layer and the target embedding share their weights; all: the source embedding shares them "
        "too, which needs a joint vocabulary; none: nothing is shared.",
    )
    encoder: EncoderConfig = _key(EncoderConfig, "Encoder.")
    decoder: DecoderConfig = _key(DecoderConfig, "Decoder.")
    attention: AttentionConfig = _key(AttentionConfig, "Attention.")
    classifier: ClassifierConfig = _key(ClassifierConfig, "Layer of a classifier.")

    @property
    def readout_size(self) -> int:
        """Size of the vector from which a token is predicted, R."""
        return self.decoder.readout_size or self.embedding_size

    @property
    def source_size(self) -> int:
        """Size of a source state, A: both directions side by side."""
        return 2 * self.encoder.hidden_size

    @property
    def context_size(self) -> int:
        """Size of the context vector: that of a source state, or 0 where there is no attention."""
        return 0 if self.attention.score == "none" else self.source_size

    def check_translation(self) -> None:
        """Refuse parts that do not fit together in a network that translates.

        Raises:
            ValueError: there are some.
        """
        if self.decoder.hidden_size != self.source_size:
            sizes = (
                f"model.decoder.hidden_size ({self.decoder.hidden_size}) must be twice "
                f"model.encoder.hidden_size ({self.encoder.hidden_size})"
            )
            if self.attention.score in ("dot", "scaled_dot"):
                raise ValueError(f"attention score {self.attention.score} compares equal sizes: {sizes}")
            if self.decoder.start == "last":
                raise ValueError(f"model.decoder.start: last takes over the encoder's states: {sizes}")
        if self.attention.score == "none" and self.decoder.start == "zeros":
            raise ValueError(
                "model.attention.score: none with model.decoder.start: zeros leaves the decoder without any source"
            )
        if self.attention.coverage and self.attention.score != "additive":
            raise ValueError(
                f"model.attention.coverage needs model.attention.score: additive, not {self.attention.score}"
            )
        if self.decoder.input_feeding and self.decoder.style != "luong":
            raise ValueError("model.decoder.input_feeding needs model.decoder.style: luong")
        if self.tie_embeddings != "none" and self.readout_size != self.embedding_size:
            raise ValueError(
                f"model.tie_embeddings: {self.tie_embeddings} makes the output layer an embedding: "
                f"model.decoder.readout_size ({self.readout_size}) must equal model.embedding_size "
                f"({self.embedding_size})"
            )


# --- training --------------------------------------------------------------------------


class ScheduleConfig(Section):
    """The learning rate over the course of a training."""

    kind: Literal["constant", "linear", "cosine", "inverse_sqrt", "plateau"] = _key(
        "cosine",
        "linear and cosine fall to final_share over the whole budget (steps, epochs or minutes, whichever is used up "
        "first); inverse_sqrt falls with 1/√step; plateau falls by plateau_factor when the validation loss stops "
        "getting better; constant does not fall.",
    )
    warmup_steps: int = _key(
        200, "Number of steps in which the learning rate rises from zero.", "steps", ge=0, le=_MOST
    )
    final_share: float = _key(0.02, "linear, cosine: rate at the end, as a share of learning_rate.", ge=0.0, le=1.0)
    plateau_factor: float = _key(0.5, "plateau: factor by which the rate is multiplied.", gt=0.0, lt=1.0)
    plateau_patience: int = _key(
        2, "plateau: number of validations without a better loss before the rate falls.", "validations", ge=0, le=_MOST
    )


class TeacherForcingConfig(ShortSection):
    """Scheduled sampling (Bengio et al. 2015): the share of target tokens read from the reference."""

    short_for = "ratio"

    ratio: float = _key(
        1.0, "Share at the beginning. The other tokens that the decoder reads are its own.", ge=0.0, le=1.0
    )
    final_ratio: float | None = _key(
        None, "Share at the end of the budget (null: the share stays as it is).", ge=0.0, le=1.0
    )
    decay: Literal["linear", "exponential", "inverse_sigmoid"] = _key("linear", "Curve from ratio to final_ratio.")

    @model_validator(mode="after")
    def _falls(self) -> Self:
        if self.final_ratio is not None and self.final_ratio > self.ratio:
            raise ValueError(
                f"training.teacher_forcing.final_ratio ({self.final_ratio}) must not be above ratio ({self.ratio})"
            )
        if self.final_ratio == 0.0 and self.decay == "exponential":
            raise ValueError("training.teacher_forcing.final_ratio must be above 0 for an exponential decay")
        return self


class EarlyStoppingConfig(Section):
    """The choice of the checkpoint `best`, and the end of a training that gets no better."""

    metric: Literal["auto", "bleu", "chrf", "exact", "accuracy", "f1", "loss"] = _key(
        "auto",
        "Validation score that decides; between equal scores the loss does. auto: BLEU if at least half of the "
        "validation sentences have a reference of 4 words or more, else chrF; as soon as more than half of the "
        "sentences are translated exactly, the number of exact ones decides first. The first lines of a training "
        "show the choice. classification: accuracy (auto), f1 (the mean over the labels), or loss.",
    )
    patience: int | None = _key(
        None, "Stop after this many validations that were not better (null: never).", "validations", ge=1, le=_MOST
    )


class ValidationConfig(Section):
    """The validation during a training: how often, and on how many sentences."""

    every_steps: int | None = _key(
        None,
        "Number of steps from one validation to the next (null: validate after each epoch).",
        "steps",
        ge=1,
        le=_MOST,
    )
    max_sentences: int = _key(
        2000, "Largest number of validation sentences that are translated and scored.", "sentences", ge=1, le=_MOST
    )
    beam_size: int = _key(
        1,
        "Beam size in the validation, instead of decoding.beam_size; 1 is greedy search.",
        "hypotheses",
        ge=1,
        le=1000,
    )
    samples: int = _key(2, "Number of translations shown at each validation.", "sentences", ge=0, le=10_000)


class TrainingConfig(Section):
    """The training loop."""

    from_run: File | None = _key(
        None,
        "Begin with the weights of this run, with new data, rate and budget (null: with random weights). Tokenizer, "
        "normalisation, languages and network are taken from that run too.",
        "run, or checkpoint in one",
        alias="from",
    )
    max_epochs: int | None = _key(30, "Stop after this many passes over the training data.", "epochs", ge=1, le=_MOST)
    max_steps: int | None = _key(None, "Stop after this many optimiser steps.", "steps", ge=1, le=_MOST)
    max_minutes: float | None = _key(None, "Stop after this time.", "minutes", gt=0.0, le=1e9)
    batch_tokens: BatchTokens = _key(
        "auto",
        "Number of target tokens in a batch, without padding (auto: 1024 on a CPU; on a GPU 16384, or a 64th of an "
        "epoch if that is less but at least 1024, and learning_rate is multiplied by √(tokens / 1024); a resumed run "
        "keeps its number).",
        "tokens, ≥ 1, ≤ 1e+08, or auto",
    )
    batch_sentences: int | None = _key(
        None, "Number of sentence pairs in a batch, instead of batch_tokens.", "sentences", ge=1, le=1_000_000
    )
    accumulate: int = _key(
        1, "Number of batches whose gradients are added up for one step.", "batches", ge=1, le=1_000_000
    )
    precision: Literal["auto", "fp32", "bf16"] = _key(
        "auto", "Precision of matrix products; weights stay in fp32. auto: bf16 if the machine is much faster with it."
    )
    device: Device = _key(
        "auto",
        "Device to train on; auto: the GPU if there is one, else the CPU.",
        "auto, cpu, cuda, or cuda:N for the GPU number N",
    )
    threads: int | None = _key(
        None,
        "Number of CPU threads (null: as many as make it faster, at most one for each processor that this process may "
        "use, or the number in OMP_NUM_THREADS; a resumed run keeps its number).",
        "threads",
        ge=1,
        le=1024,
    )
    processes: ProcessCount = _key(
        1,
        "Number of processes that train together on this machine, each on its part of every batch: on a CPU with a "
        "share of its processors, else with a GPU of its own. auto: one for each GPU; one on a CPU. Where torchrun or "
        "Slurm have started the processes, their number counts.",
        "processes, ≥ 1, ≤ 1024, or auto",
    )
    timeout: float = _key(
        600.0,
        "Time for which processes that train together wait for one that has gone silent.",
        "seconds",
        ge=1.0,
        le=1e6,
    )
    gradient_compression: Literal["none", "bf16"] = _key(
        "none", "Format in which processes that train together exchange gradients; bf16 halves the bytes."
    )
    cuda_graphs: bool = _key(
        False,
        "On a GPU, record decoders that go step by step as CUDA graphs and replay them. Off: on an H100 it was slower "
        "at first, and took 20 GB.",
    )
    optimiser: Literal["adam", "adamw"] = _key("adam", "Optimiser.")
    learning_rate: float = _key(1e-3, "Highest learning rate of the schedule.", gt=0.0, le=_LARGEST)
    betas: Annotated[tuple[float, float], Strict(False)] = _key(
        (0.9, 0.98), "Decay rates of Adam's two moving averages."
    )
    weight_decay: float = _key(0.0, "adamw: weight decay.", ge=0.0, le=_LARGEST)
    clip_norm: float | None = _key(
        1.0,
        "Largest norm of the gradient of all weights; a larger one is scaled down (null: never).",
        gt=0.0,
        le=_LARGEST,
    )
    label_smoothing: float = _key(
        0.1,
        "Share of the probability that label smoothing spreads over the whole vocabulary, or all labels.",
        ge=0.0,
        lt=1.0,
    )
    class_weights: ClassWeights = _key(
        None,
        "classification: weight of each label in the loss, such as {rare: 5, usual: 1}; what counts is their "
        "proportion. balanced: 1 / frequency; null: all alike.",
        "numbers by label, or balanced",
    )
    teacher_forcing: TeacherForcingConfig = _key(
        TeacherForcingConfig, "Scheduled sampling; a single number is a ratio that stays the same."
    )
    subword_sampling: float | None = _key(
        None,
        "Cut the training text into subwords anew in every epoch, at random; good for small corpora (null: never). "
        "unigram: α of Kudo 2018, of which smaller values vary more and 0.2 is usual; bpe: share of merges left out "
        "(Provilkov et al. 2020).",
        gt=0.0,
        lt=1.0,
    )
    ema: float | None = _key(
        None,
        "Decay of a moving average of the weights, such as 0.999. The average is validated and saved as the model "
        "(null: no average).",
        gt=0.0,
        lt=1.0,
    )
    max_skipped_steps: int = _key(
        10,
        "Fail after this many skipped steps in a row. A step is skipped if its loss or gradient is not finite.",
        "steps",
        ge=1,
        le=_MOST,
    )
    schedule: ScheduleConfig = _key(ScheduleConfig, "Learning rate schedule.")
    validation: ValidationConfig = _key(ValidationConfig, "Validation.")
    early_stopping: EarlyStoppingConfig = _key(EarlyStoppingConfig, "Early stopping.")
    checkpoint_minutes: float = _key(
        10.0, "Longest time between two checkpoints; each validation writes one too.", "minutes", gt=0.0, le=1e9
    )
    checkpoint_steps: int | None = _key(
        None, "Number of steps after which a checkpoint is written too (null: not).", "steps", ge=1, le=_MOST
    )
    keep_checkpoints: int = _key(
        2, "Number of latest checkpoints to keep, besides the best.", "checkpoints", ge=1, le=_MOST
    )
    track: Trackers = _key(
        list,
        "Trackers to which figures, samples and pictures of the attention are written too: tensorboard, mlflow, wandb. "
        "Each is an extra to install.",
        "list of names",
    )

    @field_validator("betas")
    @classmethod
    def _below_one(cls, value: tuple[float, float]) -> tuple[float, float]:
        if not all(0.0 <= beta < 1.0 for beta in value):
            raise ValueError("each must be at least 0 and below 1")
        return value

    @model_validator(mode="after")
    def _some_end(self) -> Self:
        if self.max_epochs is None and self.max_steps is None and self.max_minutes is None:
            raise ValueError("no end is set; set training.max_epochs, max_steps or max_minutes")
        return self


# --- decoding and the whole --------------------------------------------------------------------------


class DecodingConfig(Section):
    """The search for a translation."""

    beam_size: int = _key(5, "Number of hypotheses kept per sentence; 1 is greedy search.", "hypotheses", ge=1, le=1000)
    normalisation: Literal["wu", "mean"] = _key(
        "wu",
        "Length normalisation. wu: divide log-probabilities by (5 + length) / 6 (Wu et al. 2016); mean: by the length.",
    )
    length_penalty: float = _key(
        1.0, "Exponent of that divisor; 0: no normalisation; 1 with mean: the mean per token.", ge=0.0, le=10.0
    )
    coverage_penalty: float = _key(
        0.0,
        "Factor β: β Σ log min(attention that a source position has had, 1) is added to the score, so that no source "
        "word is left out (Wu et al. 2016).",
        ge=0.0,
        le=1e6,
    )
    min_length_ratio: float = _key(
        0.0,
        "A translation has at least this many times the tokens of its source; the end counts as a token in both.",
        ge=0.0,
        le=100.0,
    )
    max_length_ratio: float = _key(
        3.0, "A translation has at most this many times the tokens of its source, plus 10.", gt=0.0, le=100.0
    )
    max_source_tokens: int = _key(
        250,
        "A source of more tokens is cut into sentences, or into smaller parts, which are translated one by one.",
        "tokens",
        ge=1,
        le=100_000,
    )
    split_sentences: Literal["auto", "on", "off"] = _key(
        "auto",
        "Translate the sentences of a line one by one. on: always; auto: if lines with so many sentences, or lines so "
        "long, were rare in training; off: only if the line has more than max_source_tokens.",
    )
    no_repeat_ngram: int = _key(
        0, "No sequence of this many tokens is written twice (0: any may be).", "tokens", ge=0, le=1000
    )
    pruning: float | None = _key(
        1.3,
        "If only the best translation is wanted, drop hypotheses that are this far behind the best one of their "
        "sentence (Freitag and Al-Onaizan 2017; null: drop none). The result is still never worse than that of "
        "greedy search.",
        "nats",
        gt=0.0,
        le=1e6,
    )
    precision: Literal["auto", "fp32", "bf16", "int8"] = _key(
        "fp32",
        "Precision of matrix products in the search. auto: bf16 if the machine is much faster with it; int8: CPU only.",
    )
    batch_tokens: int | None = _key(
        None,
        "Largest number of source tokens in a batch, times beam_size (null: on a CPU 81920, with at most 16384 source "
        "tokens, or 20480 and 8192 if processes share the sentences; on a GPU 65536).",
        "tokens",
        ge=1,
        le=100_000_000,
    )
    threads: int | None = _key(
        None,
        "Number of CPU threads of all processes together (null: one for each processor that this process may use, or "
        "the number in OMP_NUM_THREADS).",
        "threads",
        ge=1,
        le=1024,
    )
    processes: int | None = _key(
        None,
        "Number of processes that share the sentences if there are many, on a CPU under Linux (null: one for each "
        "thread, at most 16; 1: only the main process, which then uses all threads).",
        "processes",
        ge=1,
        le=1024,
    )

    @field_validator("split_sentences", mode="before")
    @classmethod
    def _yaml_reads_on_and_off_as_truth(cls, value: Any) -> Any:
        return {True: "on", False: "off"}[value] if isinstance(value, bool) else value


class EvaluationConfig(Section):
    """Scores of translations, in validation and in nmt eval."""

    tokenize: BleuTokenizer = _key(
        "auto",
        "sacreBLEU tokenizer that cuts text into words for BLEU. auto: zh for Chinese scripts; ja-mecab for Japanese "
        "and ko-mecab for Korean if they are installed (else char and 13a); char for other languages without spaces; "
        "else 13a. sacreBLEU downloads spm, flores101, flores200 and spBLEU-1K once.",
    )


class Config(Section):
    """One experiment."""

    name: str = _key(
        "experiment",
        "Name of the run, which is written to runs/<name>, with its data in data/<name>.",
        pattern=r"^[A-Za-z0-9_][A-Za-z0-9._-]*$",
        max_length=100,
    )
    seed: int = _key(1, "Seed of every random choice.", ge=0, lt=2**63)
    task: Literal["translation", "classification"] = _key(
        "translation", "The task that is learned: sentence to sentence, or text to label."
    )
    data: DataConfig = _key(DataConfig, "Data.")
    model: ModelConfig = _key(ModelConfig, "Model.")
    training: TrainingConfig = _key(TrainingConfig, "Training.")
    decoding: DecodingConfig = _key(DecodingConfig, "Decoding.")
    evaluation: EvaluationConfig = _key(EvaluationConfig, "Evaluation.")

    @model_validator(mode="after")
    def _fits_the_task(self) -> Self:
        check_task_keys(self, self.task)
        if self.task == "translation":
            self.model.check_translation()
        return self

    @model_validator(mode="after")
    def _tying_needs_a_joint_vocabulary(self) -> Self:
        if self.model.tie_embeddings == "all" and not self.data.tokenizer.joint:
            raise ValueError("model.tie_embeddings: all needs data.tokenizer.joint: true")
        return self

    @model_validator(mode="after")
    def _sampling_needs_subwords(self) -> Self:
        kind = self.data.tokenizer.kind
        if self.training.subword_sampling is not None and kind not in ("unigram", "bpe"):
            raise ValueError(f"training.subword_sampling needs data.tokenizer.kind: unigram or bpe, not {kind}")
        return self

    @model_validator(mode="after")
    def _watching_needs_sentences(self) -> Self:
        """Refuse what has no effect where there is no validation."""
        reason, training = self.data.nothing_held_out("valid"), self.training
        if reason is None:
            return self
        idle = {
            "training.early_stopping.patience": training.early_stopping.patience is not None,
            "training.early_stopping.metric": training.early_stopping.metric != "auto",
            "training.validation.every_steps": training.validation.every_steps is not None,
            "training.schedule.kind: plateau": training.schedule.kind == "plateau",
        }
        for key in (key for key, is_set in idle.items() if is_set):
            raise ValueError(f"{key} needs validation sentences, and {reason}; hold some out, or leave this out")
        return self

    @model_validator(mode="after")
    def _coverage_needs_attention(self) -> Self:
        if self.decoding.coverage_penalty and self.model.attention.score == "none":
            raise ValueError("decoding.coverage_penalty needs attention, and model.attention.score is none")
        return self

    @property
    def same_ids(self) -> bool:
        """Return whether a token must have one id in both languages: where they share embeddings."""
        return self.model.tie_embeddings == "all"

    @property
    def data_directory(self) -> Path:
        """Folder of the prepared data."""
        return self.data.directory or Path("data") / self.name

    @property
    def run_directory(self) -> Path:
        """Folder that the run is written to."""
        return Path("runs") / self.name
