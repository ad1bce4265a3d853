"""The files of prepared labelled texts: the parts as text, the token ids, the tokenizer, and the manifest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from nmt_attn.config.schema import Config
from nmt_attn.corpus.dataset import SplitName
from nmt_attn.corpus.labelled_cleaning import CleanText
from nmt_attn.corpus.labelled_gathering import LabelledSplits
from nmt_attn.corpus.manifest import FORMAT, InputFile, LabelledCounts, Manifest, SplitCounts, Splits, Vocabulary
from nmt_attn.corpus.prepared_files import side_counts, write_lines, written_files
from nmt_attn.corpus.store import PairStore, TokenStore
from nmt_attn.errors import UserError
from nmt_attn.progress import Progress
from nmt_attn.text.text_cut import TextCut
from nmt_attn.text.tokenizer import Tokenizer
from nmt_attn.version import __version__

_ENCODED_AT_ONCE = 1024


def with_labels_of(tokenizer: Tokenizer, labels: Sequence[str]) -> Tokenizer:
    """Return the tokenizer of the run that a training begins with; it has to have all labels of the new data.

    Raises:
        UserError: it does not have one.
    """
    for label in labels:
        if label not in tokenizer.labels:
            raise UserError(
                f"the new data has the label {label!r}, which the run that training.from names does not have "
                f"({', '.join(tokenizer.labels[:20])}); leave it out with data.corpus.ignore_labels, or train anew"
            )
    return tokenizer


def write_labelled(
    folder: Path, config: Config, inputs: list[InputFile], material: LabelledSplits, tokenizer: Tokenizer, settings: str
) -> None:
    """Fill ``folder`` with all that prepared labelled texts consist of."""
    (folder / "store").mkdir()
    parts = {"train": material.parts.train, "valid": material.parts.valid, "test": material.parts.test}
    counts: dict[str, SplitCounts] = {}
    cut: dict[str, int] = {}
    for name, texts in parts.items():
        write_lines(folder / f"{name}.text", [text.raw for text in texts])
        write_lines(folder / f"{name}.label", [text.label for text in texts])
        counts[name], cut[name] = _write_store(folder, name, texts, tokenizer, config)  # type: ignore[arg-type]
    tokenizer.save(folder / "tokenizer")
    labels = {name: dict(sorted(Counter(text.label for text in texts).items())) for name, texts in parts.items()}
    size = tokenizer.source_size
    manifest = Manifest(
        format=FORMAT,
        nmt_version=__version__,
        source_lang=config.data.source_lang,
        target_lang=config.data.target_lang,
        settings=settings,
        inputs=inputs,
        pairs_read=material.texts_read,
        dropped=material.dropped,
        notes=material.notes,
        splits=Splits(**counts),
        known=material.known,
        labelled=LabelledCounts(
            labels=labels,
            cut=cut,
            max_tokens=config.data.filter.max_tokens,
            contradictions=material.contradictions,
        ),
        vocabulary=Vocabulary(kind=tokenizer.kind, joint=True, source_size=size, target_size=tokenizer.target_size),
        **written_files(folder),
    )
    manifest.save(folder)


def _write_store(
    folder: Path, split: SplitName, texts: Sequence[CleanText], tokenizer: Tokenizer, config: Config
) -> tuple[SplitCounts, int]:
    """Tokenise the texts of a part into its store; count what went in, and how many texts were cut."""
    stem, cut = folder / "store" / split, TextCut(config.data.filter.max_tokens, config.data.filter.keep)
    too_long = 0

    def encoded() -> Iterator[list[int]]:
        nonlocal too_long
        with Progress(f"tokenising {split}", len(texts), "texts") as progress:
            for begin in range(0, len(texts), _ENCODED_AT_ONCE):
                some = [text.normalised for text in texts[begin : begin + _ENCODED_AT_ONCE]]
                for ids in tokenizer.encode_source(some):
                    too_long += len(ids) > cut.most
                    yield cut(ids)
                progress.update(len(some))

    TokenStore.write(stem.with_name(f"{split}.source"), encoded(), tokenizer.source_size)
    places = {label: place for place, label in enumerate(tokenizer.labels)}
    TokenStore.write(stem.with_name(f"{split}.target"), ([places[text.label]] for text in texts), len(places))
    store = PairStore.open(folder / "store", split)
    counts = SplitCounts(
        sentences=len({text.normalised for text in texts}),
        pairs=len(texts),
        groups=None,
        source=side_counts(store.source),
        target=side_counts(store.target),
    )
    return counts, too_long
