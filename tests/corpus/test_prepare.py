import gzip
import json
import os
import re
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Iterable
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import product
from pathlib import Path

import pytest

from nmt_attn.config.schema import Config
from nmt_attn.corpus.clean import REASONS
from nmt_attn.corpus.dataset import Dataset, HeldOut
from nmt_attn.corpus.manifest import Manifest
from nmt_attn.corpus.prepare import expected_data, is_current, prepare
from nmt_attn.errors import InputError, NmtError, UserError

Configure = Callable[..., Config]
REAL = Path(__file__).parents[3] / "shared" / "data" / "fra-eng.zip"


def lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").split("\n")[:-1]


def adds_up(data: Dataset) -> bool:
    manifest, splits = data.manifest, data.manifest.splits
    kept = splits.train.pairs + splits.valid.pairs + splits.test.pairs
    return manifest.pairs_read == kept + sum(manifest.dropped.values())


def plain_key(text: str) -> str:
    """Casefolded, punctuation dropped: written anew here, as a reader of the promise would."""
    return " ".join(re.sub(r"[^\w\s]|_", "", text.casefold()).split())


def keys(texts: Iterable[str]) -> set[str]:
    return {key for key in map(plain_key, texts) if key}


def leaked(data: Dataset) -> set[str]:
    """Held-out sentences, of either side, that are in train; and test sentences that are in valid."""
    train = {side: keys(lines(data.directory / f"train.{side}")) for side in ("source", "target")}
    valid, test = data.held_out("valid"), data.held_out("test")
    found: set[str] = set()
    for held in (valid, test):
        found |= keys(held.sources) & train["source"]
        found |= keys(text for references in held.references for text in references) & train["target"]
    found |= keys(test.sources) & keys(valid.sources)
    sides = [keys(text for references in held.references for text in references) for held in (valid, test)]
    return found | sides[0] & sides[1]


# --- what comes out -----------------------------------------------------------------------------------------


def test_sizes_of_the_splits_and_counts_in_the_manifest_add_up(
    configure: Configure, pairs: list[tuple[str, str]]
) -> None:
    preparation = prepare(configure())
    data, manifest = preparation.data, preparation.data.manifest
    assert preparation.fresh
    assert manifest.pairs_read == len(pairs) == 350
    assert tuple(manifest.dropped) == REASONS
    assert adds_up(data)
    assert (manifest.splits.test.sentences, manifest.splits.valid.sentences) == (30, 20)
    assert manifest.splits.train.sentences == 230
    assert (manifest.source_lang, manifest.target_lang) == ("en", "fr")
    assert manifest.vocabulary.source_size == data.tokenizer.source_size == 120


def test_no_test_or_valid_sentence_is_in_the_training_data(configure: Configure) -> None:
    assert leaked(prepare(configure()).data) == set()


def test_every_dropped_pair_is_counted(configure: Configure, corpus: Path) -> None:
    with corpus.open("a", encoding="utf-8") as file:
        file.write("\n  \t\nAlone\t\nTaxi\tTaxi\nThe cook washes the lamp.\tLe cuisinier lave la lampe.\n")
        file.write(f"{'word ' * 90}\tmot\nOh\t{'très long ' * 30}\n")
    data = prepare(configure()).data
    assert data.manifest.dropped == {
        "blank": 2, "columns": 0, "empty": 1, "too_long": 1, "too_many_characters": 0, "length_ratio": 1,
        "identical": 1, "duplicate": 1,
    }  # fmt: skip
    assert adds_up(data)


def test_entities_are_gone_from_all_that_was_prepared(configure: Configure, corpus: Path) -> None:
    text = corpus.read_text(encoding="utf-8").replace("the", "the&nbsp;").replace("’", "&amp;#8217;")
    corpus.write_text(text, encoding="utf-8")

    def with_ampersands(directory: Path) -> set[str]:
        texts = [path for split in ("train", "valid", "test") for path in directory.glob(f"{split}.*")]
        return {path.name for path in texts if "&" in path.read_text(encoding="utf-8")}

    kept = prepare(configure()).data
    assert {"train.source", "train.target", "test.source"} <= with_ampersands(kept.directory)
    resolved = prepare(configure(normalise={"html_entities": True})).data
    assert with_ampersands(resolved.directory) == set()
    assert any("’" in reference for references in resolved.held_out("test").references for reference in references)
    assert resolved.tokenizer.encode_source(["the&nbsp;map"]) == resolved.tokenizer.encode_source(["the map"])


def test_both_sides_are_lowercased_as_their_languages_are(configure: Configure, corpus: Path) -> None:
    with corpus.open("a", encoding="utf-8") as file:
        file.write("".join(f"ILIK SU İÇ {n}\tDRINK IT {n}\n" for n in range(40)))
    data = prepare(configure(source_lang="tr", target_lang="en", normalise={"lowercase": True})).data
    assert data.tokenizer.encode_source(["ILIK SU İÇ"]) == data.tokenizer.encode_source(["ılık su iç"])
    assert data.tokenizer.decode(data.tokenizer.encode_target(["DRINK IT"])) == ["drink it"]
    rows = lines(data.directory / "train.source")
    stored = data.pairs("train").source
    row = next(place for place, line in enumerate(rows) if line.startswith("ILIK"))
    assert (
        stored[row].tolist() == data.tokenizer.encode_source([rows[row].replace("I", "ı").replace("İ", "i").lower()])[0]
    )


def test_the_tokenizer_sees_the_training_part_only(configure: Configure) -> None:
    data = prepare(configure(tokenizer={"kind": "word", "vocab_size": 5000}, normalise={"punctuation": "basic"})).data
    for side, size in (("source", data.tokenizer.source_size), ("target", data.tokenizer.target_size)):
        text = lines(data.directory / f"train.{side}")
        assert size == len({word for line in text for word in data.tokenizer.normaliser(line).split()}) + 4


def test_columns_can_be_swapped_and_lines_limited(configure: Configure) -> None:
    data = prepare(configure(corpus={"reverse": True, "max_pairs": 200})).data
    assert data.manifest.pairs_read == 200
    assert any(line.startswith("Le ") for line in lines(data.directory / "train.source"))


def test_preparing_does_not_import_torch(configure: Configure) -> None:
    code = "import sys, nmt_attn.corpus.prepare; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_progress_goes_to_standard_error(configure: Configure, capsys: pytest.CaptureFixture[str]) -> None:
    prepare(configure())
    assert capsys.readouterr().out == ""


# --- doing nothing where nothing is to be done --------------------------------------------------------------


def test_a_second_time_does_nothing(configure: Configure) -> None:
    config = configure()
    assert not is_current(config)
    first = prepare(config)
    assert is_current(config)
    before = os.stat(first.data.directory).st_ino  # noqa: PTH116
    again = prepare(config)
    assert not again.fresh
    assert again.data.manifest == first.data.manifest
    assert os.stat(first.data.directory).st_ino == before  # noqa: PTH116
    assert prepare(config, force=True).fresh


def test_the_name_of_the_run_and_the_model_do_not_matter(configure: Configure) -> None:
    config = configure()
    prepare(config)
    other = config.model_copy(update={"name": "other", "seed": 7})
    assert is_current(other)


@pytest.mark.parametrize(
    "change",
    [
        {"split": {"test": 31}},
        {"normalise": {"lowercase": True}},
        {"filter": {"max_words": 50}},
        {"tokenizer": {"vocab_size": 110}},
        {"corpus": {"max_pairs": 349}},
        {"corpus": {"reverse": True}},
    ],
)
def test_a_changed_key_makes_it_stale(configure: Configure, change: dict[str, dict[str, object]]) -> None:
    prepare(configure())
    assert not is_current(configure(**change))
    assert prepare(configure(**change)).fresh
    assert is_current(configure(**change))


def test_content_decides_not_the_date(configure: Configure, corpus: Path, tmp_path: Path) -> None:
    prepare(configure())
    os.utime(corpus, (1, 1))
    assert is_current(configure())
    moved = corpus.rename(tmp_path / "moved.tsv")
    assert is_current(configure(corpus={"path": moved}))
    text = moved.read_text(encoding="utf-8")
    moved.write_text(text.replace("The cook", "The chef"), encoding="utf-8")
    assert not is_current(configure(corpus={"path": moved}))


def test_prepared_data_outlives_its_corpus(configure: Configure, corpus: Path, tmp_path: Path) -> None:
    prepare(configure())
    corpus.unlink()
    assert not prepare(configure()).fresh
    assert not is_current(configure(corpus={"path": tmp_path / "never-there.tsv"}))
    with pytest.raises(InputError, match=r"no such file \(data\.corpus\.path\)"):
        prepare(configure(), force=True)
    assert is_current(configure())


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("train.source", "missing"),
        *product(
            ["store/train.target.tokens.bin", "tokenizer/joint.model", "store/valid.source.json"],
            ["missing", "cut off"],
        ),
    ],
)
def test_damaged_data_is_made_anew(configure: Configure, name: str, damage: str) -> None:
    directory = prepare(configure()).data.directory
    content = (directory / name).read_bytes()
    (directory / name).unlink()
    if damage == "cut off":
        (directory / name).write_bytes(content[: len(content) // 2])
    with pytest.raises(InputError):
        Dataset.open(directory)
    assert not is_current(configure())
    assert prepare(configure()).fresh
    assert (directory / name).read_bytes() == content


def test_data_of_another_version_is_stale(configure: Configure) -> None:
    directory = prepare(configure()).data.directory
    manifest = json.loads((directory / "manifest.json").read_text(encoding="utf-8"))
    (directory / "manifest.json").write_text(json.dumps({**manifest, "format": 0}), encoding="utf-8")
    assert not is_current(configure())


def test_opening_an_unprepared_folder_says_to_run_nmt_prepare(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nmt prepare"):
        Dataset.open(tmp_path)


# --- wrong input --------------------------------------------------------------------------------------------

WRONG_FILES = {
    "page.zip": b"<!DOCTYPE html>",
    "short.zip": b"PK\x03\x04",
    "flat.tsv": b"no tab\n",
    "latin.tsv": b"a\tb\n\xe9\tb\n",
    "empty.tsv": b"",
    "blank.tsv": b"\n\n",
    "tiny.tsv": b"a\tb\n",
}


@pytest.mark.parametrize("name", WRONG_FILES)
def test_wrong_input_is_one_line_and_leaves_the_old_data(configure: Configure, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(WRONG_FILES[name])
    before = prepare(configure()).data.manifest
    with pytest.raises(UserError) as caught:
        prepare(configure(corpus={"path": tmp_path / name}))
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 2
    assert Dataset.open(configure().data_directory).manifest == before
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["small"]


@pytest.mark.parametrize(
    "data",
    [
        {"tokenizer": {"vocab_size": 9000}},
        {"split": {"test": 200}},
        {"corpus": {"path": None}},
        {"filter": {"max_words": 1}},
    ],
)
def test_a_wrong_configuration_writes_nothing(configure: Configure, tmp_path: Path, data: dict[str, object]) -> None:
    with pytest.raises(UserError) as caught:
        prepare(configure(**data))
    assert "data." in str(caught.value)
    assert not (tmp_path / "data").exists()


@pytest.fixture
def made(configure: Configure) -> Path:
    """The folder of prepared data."""
    return prepare(configure()).data.directory


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def cut_manifest(folder: Path) -> None:
    manifest = folder / "manifest.json"
    manifest.write_bytes(manifest.read_bytes()[:300])


EDITS: dict[str, Callable[[Path], object]] = {
    "a line more": lambda folder: (folder / "train.source").write_bytes(
        (folder / "train.source").read_bytes() + b"Mine.\n"
    ),
    "a letter changed": lambda folder: (folder / "train.target").write_bytes(
        (folder / "train.target").read_bytes().replace(b"lampe", b"Lampe")
    ),
    "emptied": lambda folder: (folder / "test.source").write_bytes(b""),
    "a reference corrected": lambda folder: (folder / "test.reference.0").write_bytes(
        (folder / "test.reference.0").read_bytes().upper()
    ),
    "the manifest cut off": cut_manifest,
}


@pytest.mark.parametrize("edit", EDITS)
def test_what_was_edited_is_neither_written_over_nor_used(configure: Configure, made: Path, edit: str) -> None:
    EDITS[edit](made)
    edited = contents(made)
    assert not is_current(configure())
    for config in (configure(), configure(filter={"max_words": 5})):
        with pytest.raises(UserError, match=r"not as nmt prepare wrote it.*nmt prepare --force"):
            prepare(config)
    assert contents(made) == edited
    assert prepare(configure(), force=True).fresh
    assert contents(made.with_name("small.old-1")) == edited
    assert is_current(configure())


def test_each_edit_is_moved_aside_for_itself(configure: Configure, made: Path) -> None:
    for number in (1, 2):
        EDITS["a line more"](made)
        prepare(configure(), force=True)
        assert made.with_name(f"small.old-{number}").is_dir()


@pytest.mark.parametrize("split", ["valid", "test"])
def test_an_edited_reference_of_the_same_length_is_not_scored_against(made: Path, split: str) -> None:
    path = made / f"{split}.reference.0"
    path.write_bytes(path.read_bytes().swapcase())
    with pytest.raises(InputError, match=rf"{split}\.reference\.0: not as nmt prepare wrote it"):
        Dataset.open(made).held_out("valid" if split == "valid" else "test")


def raw_files(folder: Path) -> None:
    """What somebody has put there who splits data by hand."""
    folder.mkdir(parents=True)
    for name in ("train.source", "train.target"):
        (folder / name).write_text("".join(f"{name} {number}\n" for number in range(5)), encoding="utf-8")


@pytest.mark.parametrize("force", [False, True])
def test_files_that_are_called_like_prepared_data_are_not_written_over(
    configure: Configure, tmp_path: Path, force: bool
) -> None:
    folder = tmp_path / "data" / "small"
    raw_files(folder)
    before = contents(folder)
    with pytest.raises(UserError, match=r"train\.source, train\.target\) and would be lost \(no manifest\.json"):
        prepare(configure(), force=force)
    assert contents(folder) == before


@pytest.mark.parametrize(
    "name", ["train.source", "store/mine.tokens.bin", "tokenizer/notes", ".hidden", "train.source~"]
)
@pytest.mark.parametrize("force", [False, True])
def test_a_file_that_the_manifest_does_not_list_is_foreign(
    configure: Configure, made: Path, name: str, force: bool
) -> None:
    if name == "train.source":  # of our name, but the manifest does not know of it
        manifest = json.loads((made / "manifest.json").read_text(encoding="utf-8"))
        del manifest["files"][name]
        (made / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    else:
        (made / name).write_text("mine", encoding="utf-8")
    before = contents(made)
    with pytest.raises(UserError, match=re.escape(f"not prepared data ({name})")):
        prepare(configure(filter={"max_words": 5}), force=force)
    assert contents(made) == before


@pytest.mark.parametrize("place", ["corpus.tsv", "raw/deep/corpus.tsv", "linked"])
def test_an_input_inside_the_folder_is_refused(configure: Configure, corpus: Path, tmp_path: Path, place: str) -> None:
    folder = tmp_path / "data" / "small"
    inside = folder / ("corpus.tsv" if place == "linked" else place)
    inside.parent.mkdir(parents=True)
    corpus.rename(inside)
    (tmp_path / "linked").symlink_to(inside)
    path = tmp_path / "linked" if place == "linked" else inside
    with pytest.raises(UserError, match=r"lies in .*small, which nmt prepare writes anew"):
        prepare(configure(corpus={"path": path}), force=True)
    assert inside.exists()


def test_a_folder_of_other_files_is_refused_before_the_corpus_is_downloaded(
    configure: Configure, tmp_path: Path
) -> None:
    raw_files(tmp_path / "data" / "small")
    corpus = {"path": tmp_path / "fetched.tsv", "url": "https://127.0.0.1:9/never-asked.tsv"}
    with pytest.raises(UserError, match="not prepared data"):
        prepare(configure(corpus=corpus))
    inside = {**corpus, "path": tmp_path / "data" / "small" / "fetched.tsv"}
    with pytest.raises(UserError, match="lies in"):
        prepare(configure(corpus=inside))


def test_a_folder_that_is_a_link_stays_one(configure: Configure, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "small").symlink_to(tmp_path / "elsewhere")
    for change in ({}, {"filter": {"max_words": 5}}, {}):
        assert prepare(configure(**change), force=True).fresh
    assert (tmp_path / "data" / "small").is_symlink()
    assert {path.name for path in tmp_path.iterdir()} == {"corpus.tsv", "data", "elsewhere"}


def test_edited_data_of_the_version_before_is_known_by_its_size(configure: Configure, made: Path) -> None:
    as_format_2(made)
    EDITS["a line more"](made)
    with pytest.raises(UserError, match="not as nmt prepare wrote it"):
        prepare(configure())


def test_a_folder_with_other_files_is_not_replaced(configure: Configure, tmp_path: Path) -> None:
    prepare(configure())
    notes = tmp_path / "data" / "small" / "notes.txt"
    notes.write_text("mine", encoding="utf-8")
    with pytest.raises(UserError, match=r"notes\.txt.*data\.directory"):
        prepare(configure(), force=True)
    assert notes.read_text(encoding="utf-8") == "mine"


def test_a_file_in_the_place_of_the_folder(configure: Configure, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "small").write_text("", encoding="utf-8")
    with pytest.raises(UserError, match="is a file"):
        prepare(configure())


# --- zip and download ---------------------------------------------------------------------------------------


@pytest.fixture
def archive(corpus: Path) -> Path:
    path = corpus.parent / "served" / "corpus.zip"
    path.parent.mkdir()
    with zipfile.ZipFile(path, "w") as file:
        file.write(corpus, "pairs.txt")
        file.writestr("_about.txt", "About this corpus.")
    return path


def test_the_manifest_says_what_went_in(configure: Configure, archive: Path) -> None:
    [entry] = prepare(configure(corpus={"path": archive})).data.manifest.inputs
    assert (entry.role, entry.path, entry.member, entry.url) == ("corpus", str(archive), "pairs.txt", None)
    assert entry.size == archive.stat().st_size
    assert re.fullmatch("[0-9a-f]{64}", entry.sha256)


def test_a_missing_corpus_is_fetched(
    configure: Configure, archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(SimpleHTTPRequestHandler, "log_message", lambda *args: None)
    with ThreadingHTTPServer(
        ("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=str(archive.parent))
    ) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}/corpus.zip"
        fetched = tmp_path / "fetched" / "corpus.zip"
        config = configure(corpus={"path": fetched, "url": url, "allow_http": True})
        data = prepare(config).data
        server.shutdown()
    assert data.manifest.inputs[0].url == url
    assert (tmp_path / "fetched" / "corpus.zip").read_bytes() == archive.read_bytes()
    assert not prepare(config).fresh
    assert prepare(config, force=True).fresh  # the file is there, so the server is not needed


# --- parallel files -----------------------------------------------------------------------------------------


@pytest.fixture
def files(tmp_path: Path, pairs: list[tuple[str, str]]) -> dict[str, dict[str, object]]:
    """Given splits: two references for valid, one sentence of test that is in train, one that has no reference."""
    by_source: dict[str, list[str]] = {}
    for source, target in pairs:
        by_source.setdefault(source, []).append(target)
    known = list(by_source.items())

    def put(name: str, texts: Iterable[str]) -> Path:
        path = tmp_path / name
        content = "".join(f"{text}\n" for text in texts).encode()
        path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
        return path

    train, valid, test = (
        known[:200],
        known[200:220],
        [*known[220:230], (known[0][0].upper(), ["Autre."]), ("Alone.", [""])],
    )
    return {
        "train": {
            "source": put("train.en.gz", [source for source, _ in train]),
            "target": put("train.fr.gz", [targets[0] for _, targets in train]),
        },
        "valid": {
            "source": put("valid.en", [source for source, _ in valid]),
            "target": [
                put("valid.fr", [targets[0] for _, targets in valid]),
                put("valid.2.fr", [targets[1] if len(targets) > 1 else "" for _, targets in valid]),
            ],
        },
        "test": {
            "source": put("test.en", [source for source, _ in test]),
            "target": put("test.fr", [targets[0] for _, targets in test]),
        },
    }


def test_parallel_files_are_prepared_and_their_sizes_add_up(
    configure: Configure, files: dict[str, dict[str, object]]
) -> None:
    data = prepare(configure(parallel=files)).data
    manifest = data.manifest
    assert manifest.splits.train.pairs == 200
    assert manifest.splits.valid.sentences == 20
    assert manifest.splits.valid.pairs == 25
    assert manifest.splits.test.sentences == 11
    assert manifest.dropped["empty"] == 15 + 1
    assert manifest.splits.train.groups is None
    assert adds_up(data)
    assert sorted({len(references) for references in data.held_out("valid").references}) == [1, 2]
    assert is_current(configure(parallel=files))


def test_known_test_sentences_are_counted_not_removed(
    configure: Configure, files: dict[str, dict[str, object]]
) -> None:
    manifest = prepare(configure(parallel=files)).data.manifest
    assert (manifest.known.valid, manifest.known.test) == (0, 1)


def test_a_given_test_set_keeps_its_order_and_its_repeats(
    configure: Configure, files: dict[str, dict[str, object]], tmp_path: Path
) -> None:
    (tmp_path / "test.en").write_text("Zebra.\nApple.\nZebra.\n", encoding="utf-8")
    (tmp_path / "test.fr").write_text("Zèbre.\nPomme.\nZèbre.\n", encoding="utf-8")
    held = prepare(configure(parallel=files)).data.held_out("test")
    assert held == HeldOut(["Zebra.", "Apple.", "Zebra."], [["Zèbre."], ["Pomme."], ["Zèbre."]])


def test_several_training_targets_are_several_pairs(configure: Configure, files: dict[str, dict[str, object]]) -> None:
    data = prepare(configure(parallel={**files, "train": files["valid"], "valid": files["train"]},
                             tokenizer={"kind": "char"})).data  # fmt: skip
    assert data.manifest.splits.train.pairs == 25
    assert data.manifest.splits.train.sentences == 20


def test_unequal_parallel_files(configure: Configure, files: dict[str, dict[str, object]], tmp_path: Path) -> None:
    with (tmp_path / "test.fr").open("a", encoding="utf-8") as file:
        file.write("Une de trop.\n")
    with pytest.raises(InputError, match=r"test\.en has 12 lines but .*test\.fr has 13"):
        prepare(configure(parallel=files))
    assert not (tmp_path / "data").exists()


def test_a_changed_parallel_file_makes_it_stale(
    configure: Configure, files: dict[str, dict[str, object]], tmp_path: Path
) -> None:
    prepare(configure(parallel=files))
    (tmp_path / "test.fr").write_text("Autre chose.\n" * 12, encoding="utf-8")
    assert not is_current(configure(parallel=files))


def test_a_full_disk_is_one_line(configure: Configure, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where a folder is needed", encoding="utf-8")
    with pytest.raises(NmtError, match="cannot write"):
        prepare(configure())


# --- the real file ------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_real_corpus_is_split_without_a_leak(tmp_path: Path) -> None:
    """Sizes, sums, and no leak, on 142,787 real pairs."""
    if not REAL.is_file():
        pytest.skip("../shared/data/fra-eng.zip is not here")
    config = Config.model_validate({"data": {"directory": tmp_path / "fra-eng", "corpus": {"path": REAL}}})
    data = prepare(config).data
    assert data.manifest.pairs_read == 142_787
    assert data.manifest.inputs[0].member == "fra.txt"
    assert adds_up(data)
    assert sum(data.manifest.dropped.values()) < 500
    assert len(data.held_out("test")) == len(data.held_out("valid")) == 2000
    assert leaked(data) == set()
    # A fair sample of a file that is sorted by length: neither short nor long.
    splits = data.manifest.splits
    assert splits.test.source.mean_length == pytest.approx(splits.train.source.mean_length, rel=0.1)
    references = data.held_out("test").references
    assert sum(map(len, references)) / len(references) > 1.3
    decoded = data.tokenizer.decode(data.tokenizer.encode_target([texts[0] for texts in references[:50]]))
    assert decoded == [data.tokenizer.normaliser(texts[0]) for texts in references[:50]]


# --- what would be made, without making it -----------------------------------------------------------------------


def test_what_is_expected_is_what_is_made(configure: Configure, tmp_path: Path) -> None:
    expected = expected_data(configure())
    assert not (tmp_path / "data").exists()
    manifest = prepare(configure()).data.manifest
    assert expected.matches(manifest)
    assert expected.settings == manifest.settings


def _grow(corpus: Path) -> None:
    with corpus.open("a", encoding="utf-8") as file:
        file.write("A new one.\tUn nouveau.\n")


def _edit_in_place(corpus: Path) -> None:
    text = corpus.read_text(encoding="utf-8")
    corpus.write_text(text.replace("cook", "chef"), encoding="utf-8")


def _shrink(corpus: Path) -> None:
    corpus.write_text("".join(corpus.read_text(encoding="utf-8").splitlines(keepends=True)[:-1]), encoding="utf-8")


@pytest.mark.parametrize("change", [_grow, _edit_in_place, _shrink])
def test_a_changed_corpus_is_named_and_nothing_is_written(
    configure: Configure, corpus: Path, change: Callable[[Path], None]
) -> None:
    data = prepare(configure()).data
    before = {path: path.stat().st_mtime_ns for path in data.directory.rglob("*")}
    change(corpus)
    assert expected_data(configure()).differences(data.manifest) == [f"{corpus} has changed"]
    assert {path: path.stat().st_mtime_ns for path in data.directory.rglob("*")} == before


@pytest.mark.parametrize("change", [{"filter": {"max_words": 3}}, {"target_lang": "de"}, {"split": {"valid": 21}}])
def test_a_changed_configuration_is_expected_to_give_other_data(
    configure: Configure, change: dict[str, object]
) -> None:
    manifest = prepare(configure()).data.manifest
    assert not expected_data(configure(**change)).matches(manifest)


def test_data_made_of_other_kinds_of_files_does_not_match(
    configure: Configure, files: dict[str, dict[str, object]]
) -> None:
    manifest = prepare(configure()).data.manifest
    assert "it was made of other files" in expected_data(configure(parallel=files)).differences(manifest)


def as_format_2(directory: Path) -> Manifest:
    """Turn prepared data into what the version before wrote: no hashes of what was written, another number."""
    manifest = json.loads((directory / "manifest.json").read_text(encoding="utf-8"))
    for later in ("sha256", "html_entities", "notes"):
        del manifest[later]
    (directory / "manifest.json").write_text(json.dumps({**manifest, "format": 2}), encoding="utf-8")
    return Manifest.load(directory)


def test_data_of_the_version_before_can_be_read_but_is_made_anew(configure: Configure) -> None:
    directory = prepare(configure()).data.directory
    old = as_format_2(directory)
    assert Dataset.open(directory).manifest.same_data_as(old)
    assert len(Dataset.open(directory).held_out("test")) == 30
    assert not is_current(configure())
    assert expected_data(configure()).differences(old) == ["it was prepared by another version of nmt"]
    assert prepare(configure()).fresh
    assert is_current(configure())


@pytest.mark.parametrize("number", [0, 1, 99])
def test_data_of_a_version_too_old_or_too_new_is_said_to_be(configure: Configure, number: int) -> None:
    directory = prepare(configure()).data.directory
    manifest = json.loads((directory / "manifest.json").read_text(encoding="utf-8"))
    (directory / "manifest.json").write_text(json.dumps({**manifest, "format": number}), encoding="utf-8")
    with pytest.raises(InputError, match="another version of nmt; run nmt prepare --force"):
        Dataset.open(directory)
