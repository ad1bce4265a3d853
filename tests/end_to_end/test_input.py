"""One way in for text: each command reads the same files, and says the same of those that it cannot read."""

import bz2
import gzip
import io
import json
import lzma
import os
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from nmt_attn.text.reading import TextLines
from nmt_attn.text.streams import Bytes
from tests.conftest import ROOT, run_nmt, toy_corpus
from tests.in_process import Done, nmt_here

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

SOURCES, TARGETS = "Big dog.\nRed house.\n", "Granda hundo.\nRugha domo.\n"
PACK: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress, "bzip2": bz2.compress, "xz": lzma.compress, "zstd": zstd.compress,
}  # fmt: skip
WAYS: dict[str, Callable[[str], bytes]] = {
    **{kind: lambda text, pack=pack: pack(text.encode()) for kind, pack in PACK.items()},  # type: ignore[misc]
    "UTF-16": lambda text: text.encode("utf-16"),
    "UTF-8 with a mark": lambda text: text.encode("utf-8-sig"),
    "CRLF": lambda text: text.replace("\n", "\r\n").encode(),
    "CR": lambda text: text.replace("\n", "\r").encode(),
    "packed UTF-16 with CRLF": lambda text: gzip.compress(text.replace("\n", "\r\n").encode("utf-16")),
}


@pytest.fixture
def folder(trained: Path, tmp_path: Path) -> Path:
    """A folder with the trained run in it, to write into."""
    (tmp_path / "runs").symlink_to(trained / "runs")
    (tmp_path / "plain").write_text(SOURCES, encoding="utf-8")
    (tmp_path / "target").write_text(TARGETS, encoding="utf-8")
    return tmp_path


def done(folder: Path, *arguments: str) -> Done:
    finished = nmt_here(folder, *arguments)
    assert finished.code == 0, finished.err
    return finished


@pytest.mark.parametrize("way", WAYS)
def test_translate_score_and_eval_read_it(folder: Path, way: str) -> None:
    (folder / "in").write_bytes(WAYS[way](SOURCES))
    (folder / "ref").write_bytes(WAYS[way](TARGETS))
    assert done(folder, "translate", "--input", "in").out == TARGETS
    files = ["--source", "in", "--target", "ref"]
    assert done(folder, "score", *files).out == done(folder, "score", "--source", "plain", "--target", "target").out
    scores = json.loads(done(folder, "eval", "--json", "--source", "in", "--reference", "ref").out)
    assert (scores["sentences"], scores["exact"]["score"]) == (2, 100.0)


@pytest.mark.parametrize("way", ["gzip", "zstd", "UTF-16", "CR"])
def test_translate_reads_every_encoding_and_compression_from_a_pipe(trained: Path, way: str) -> None:
    arguments = ["--input", "-", "--output", "-"] if way == "gzip" else []
    finished = run_nmt(trained, "translate", *arguments, stdin=WAYS[way](SOURCES))
    assert (finished.returncode, finished.stdout, finished.stderr) == (0, TARGETS, "")


def test_pairs_come_packed_through_a_pipe_too(trained: Path) -> None:
    pairs = zip(SOURCES.splitlines(), TARGETS.splitlines(), strict=True)
    lines = "".join(f"{one}\t{other}\n" for one, other in pairs)
    assert run_nmt(trained, "score", stdin=bz2.compress(lines.encode())).stdout.count("\n") == 2


def test_a_line_that_is_shorter_than_what_tells_packing_is_answered_at_once(trained: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "nmt_attn", "translate"], cwd=trained, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
    ) as process:  # fmt: skip
        for line in (b"\n", b"B\n", b"\x1f\n", b"PK\n"):
            process.stdin.write(line)
            process.stdin.flush()
            began = time.monotonic()
            assert process.stdout.readline().endswith(b"\n")
        assert time.monotonic() - began < 5
        process.stdin.close()
        assert process.wait(30) == 0


COMMANDS = {
    "translate": ["translate", "--input", "FILE"],
    "score, source": ["score", "--source", "FILE", "--target", "target"],
    "score, target": ["score", "--source", "plain", "--target", "FILE"],
    "eval, source": ["eval", "--source", "FILE", "--reference", "target"],
    "eval, reference": ["eval", "--source", "plain", "--reference", "FILE"],
    "prepare": ["prepare", "--set", "data.corpus.path=FILE"],
}


def fail(folder: Path, command: str, file: str) -> str:
    finished = nmt_here(folder, *[part.replace("FILE", file) for part in COMMANDS[command]])
    assert (finished.code, finished.out) == (2, "")
    return finished.error


@pytest.mark.parametrize("command", COMMANDS)
def test_what_cannot_be_read_is_said_in_the_same_words_everywhere(folder: Path, command: str) -> None:
    (folder / "cut").write_bytes(gzip.compress(SOURCES.encode())[:-4])
    (folder / "picture").write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00")
    (folder / "binary").write_bytes(bytes(range(256)) * 9)
    (folder / "folder").mkdir()
    (folder / "archive").write_bytes(b"7z\xbc\xaf\x27\x1c\x00")
    assert fail(folder, command, "nowhere").startswith("nowhere: no such file")
    assert fail(folder, command, "folder").startswith("folder: is a folder; expected a file")
    assert fail(folder, command, "cut").startswith("cut: damaged or cut off (gzip)")
    assert fail(folder, command, "picture").startswith("picture: this is no text but a picture")
    assert fail(folder, command, "binary").startswith("binary: this is no text, it has NUL bytes")
    assert fail(folder, command, "archive").startswith("archive: this is no text but a 7z archive")


def test_an_empty_file_has_no_lines_to_translate_and_nothing_to_learn_from(folder: Path) -> None:
    (folder / "empty").write_bytes(gzip.compress(b""))
    assert done(folder, "translate", "--input", "empty").out == ""
    assert done(folder, "score", "--source", "empty", "--target", "empty").out == ""
    for command in ("eval, source", "prepare"):
        assert fail(folder, command, "empty").startswith("empty: the file is empty")


SGML = {
    "segments": '<refset setid="x" srclang="any" trglang="fr">\n<doc docid="a">\n<seg id="1">Big dog.</seg>\n',
    "segments alone": '<seg id="1">Big dog.</seg>\n<seg id="2">Red house.</seg>\n',
    "XML": "<?xml version='1.0'?>\n<dataset>\n<doc>\n",
    "documents": "<doc>\nBig dog.\n</doc>\n",
}


@pytest.mark.parametrize("name", SGML)
@pytest.mark.parametrize("command", ["eval, source", "eval, reference", "prepare"])
def test_markup_is_not_taken_for_sentences(folder: Path, name: str, command: str) -> None:
    (folder / "test.txt").write_text(SGML[name], encoding="utf-8")
    message = fail(folder, command, "test.txt")
    assert message.startswith("test.txt: this is ")
    assert "take the sentences out of their tags" in message


def test_parallel_files_of_markup(folder: Path) -> None:
    (folder / "x.sgm").write_text(SGML["segments"], encoding="utf-8")
    files = "{source: x.sgm, target: x.sgm}"
    sets = [f"--set=data.parallel.{name}={files}" for name in ("train", "valid", "test")]
    assert nmt_here(folder, "prepare", *sets).error.startswith("x.sgm: this is SGML or XML")


# --- lines that are not UTF-8 -------------------------------------------------------------------------------------


def test_lines_that_are_not_utf8_are_counted(folder: Path) -> None:
    (folder / "in").write_bytes(b"Big dog.\nRed \xff house.\n\xfe\n")
    (folder / "ref").write_text(TARGETS + "Ho.\n", encoding="utf-8")
    said = "warning: in: 2 lines were not UTF-8 (the first is line 2)"
    assert said in done(folder, "translate", "--input", "in").err
    assert said in done(folder, "score", "--source", "in", "--target", "ref").err
    assert said in done(folder, "eval", "--source", "in", "--reference", "ref").err
    assert done(folder, "translate", "--input", "plain").err == ""
    assert nmt_here(folder, "translate", "--input", "in", "--on-error", "fail").error.startswith(
        "in, line 2: not UTF-8"
    )
    assert nmt_here(folder, "eval", "--source", "plain", "--reference", "in").error.startswith("in, line 2: not UTF-8")


# --- standard input and output by name ------------------------------------------------------------------------------


def test_standard_input_can_be_one_side(trained: Path, tmp_path: Path) -> None:
    (tmp_path / "target").write_text(TARGETS, encoding="utf-8")
    target = str(tmp_path / "target")
    assert run_nmt(trained, "score", "--source", "-", "--target", target, stdin=SOURCES).stdout.count("\n") == 2
    scores = run_nmt(
        trained, "eval", "--json", "--source", "-", "--reference", target, stdin=gzip.compress(SOURCES.encode())
    )
    assert json.loads(scores.stdout)["exact"]["score"] == 100.0


@pytest.mark.parametrize(
    "arguments",
    [["score", "--source", "-", "--target", "-"], ["eval", "--source", "-", "--reference", "-"],
     ["eval", "--source", "plain", "--reference", "-", "--reference", "-"]],
)  # fmt: skip
def test_standard_input_is_read_once(folder: Path, arguments: list[str]) -> None:
    assert "standard input (-) can be read only once" in nmt_here(folder, *arguments).error


def test_scores_and_translations_do_not_both_go_to_standard_output(folder: Path) -> None:
    assert nmt_here(folder, "eval", "--output", "-").error.startswith("--output -: standard output is for the scores")


def test_the_file_that_a_shell_reads_from_is_not_written_over(folder: Path) -> None:
    with (folder / "plain").open("rb") as opened:
        finished = subprocess.run(
            [sys.executable, "-m", "nmt_attn", "translate", "--output", "plain"], cwd=folder, stdin=opened,
            capture_output=True, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
    assert finished.returncode == 2
    assert b"that is the file to be read, which would be lost" in finished.stderr
    assert (folder / "plain").read_text(encoding="utf-8") == SOURCES


# --- output ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["out.gz", "out.bz2", "out.xz", "out.zst", "out"])
def test_output_is_packed_as_its_name_says(folder: Path, name: str) -> None:
    done(folder, "translate", "--input", "plain", "--output", name)
    assert list(TextLines(Bytes.of(folder / name))) == TARGETS.splitlines()
    assert ((folder / name).read_bytes() == TARGETS.encode()) == (name == "out")
    done(folder, "eval", "--source", "plain", "--reference", "target", "--output", f"eval.{name}")
    assert list(TextLines(Bytes.of(folder / f"eval.{name}"))) == TARGETS.splitlines()


@pytest.mark.parametrize("name", ["out", "out.gz"])
def test_a_refused_translation_leaves_the_file_that_was_there(folder: Path, name: str) -> None:
    (folder / name).write_text("old", encoding="utf-8")
    (folder / "cut").write_bytes(gzip.compress(SOURCES.encode())[:12])
    for arguments in (["--input", "nowhere"], ["--input", "cut"], ["--input", "plain", "--mbr", "9", "--nbest", "2"]):
        assert nmt_here(folder, "translate", *arguments, "--output", name).code == 2
        assert (folder / name).read_text(encoding="utf-8") == "old"
    assert not [path for path in folder.iterdir() if path.name.startswith(".out")]


def test_an_archive_cannot_be_written(folder: Path) -> None:
    assert "archives are not written" in nmt_here(folder, "translate", "--input", "plain", "--output", "out.zip").error


# --- the home folder ------------------------------------------------------------------------------------------------


@pytest.fixture
def home(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(folder))
    return folder


def test_a_tilde_is_the_home_folder_in_every_path(home: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    run = "--model=~/runs/toy"
    assert done(elsewhere, "translate", run, "--input=~/plain", "--output=~/out").out == ""
    assert (home / "out").read_text(encoding="utf-8") == TARGETS
    assert done(elsewhere, "score", run, "--source=~/plain", "--target=~/target").out
    done(elsewhere, "eval", run, "--source=~/plain", "--reference=~/target", "--output=~/eval.gz")
    done(elsewhere, "attend", run, "Big dog.", "--output=~/map.json")
    assert {path.name for path in home.iterdir()} >= {"eval.gz", "map.json"}
    assert list(elsewhere.iterdir()) == []


def test_a_tilde_in_the_configuration(home: Path, toy: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    sets = ["--set", "data.corpus.path=~/toy.tsv", "--set", "data.directory=~/made"]
    done(elsewhere, "prepare", "--config=~/toy.yaml", *sets)
    assert (home / "made" / "manifest.json").is_file()
    assert list(elsewhere.iterdir()) == []


def test_a_tilde_that_is_no_user_is_a_name(folder: Path) -> None:
    (folder / "~no-such-user").write_text(SOURCES, encoding="utf-8")
    assert done(folder, "translate", "--input", "~no-such-user").out == TARGETS


def test_a_model_in_the_environment_may_begin_with_a_tilde(
    home: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    finished = subprocess.run(
        [sys.executable, "-m", "nmt_attn", "translate", "Big dog."], cwd=tmp_path_factory.mktemp("elsewhere"),
        capture_output=True, check=False, text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "NMT_MODEL": "~/runs/toy"},
    )  # fmt: skip
    assert finished.stdout == "Granda hundo.\n", finished.stderr


# --- prepare --------------------------------------------------------------------------------------------------------


def as_zip(members: dict[str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def corpora() -> dict[str, tuple[str, bytes, list[str]]]:
    """The same pairs in each format: name, content, keys."""
    pairs = toy_corpus(300)
    table = "".join(f"{one}\t{other}\n" for one, other in pairs)
    numbered = "".join(f"{number}\t{one}\t{number}\t{other}\n" for number, (one, other) in enumerate(pairs))
    units = "".join(
        f'<tu><tuv xml:lang="EN-us"><seg>{one}</seg></tuv><tuv xml:lang="eo"><seg>{other}</seg></tuv></tu>\n'
        for one, other in pairs
    )
    tmx = f'<?xml version="1.0"?>\n<tmx version="1.4"><header/><body>\n{units}</body></tmx>\n'
    sides = {
        "T.en-eo.en": "".join(f"{one}\n" for one, _ in pairs),
        "T.en-eo.eo": "".join(f"{other}\n" for _, other in pairs),
    }
    return {
        "tabs": ("c.tsv", table.encode(), []),
        "zstd": ("c.tsv.zst", zstd.compress(table.encode()), []),
        "CR": ("c.txt", table.replace("\n", "\r").encode(), []),
        "UTF-16": ("c.txt", table.encode("utf-16"), []),
        "CSV": ("c.csv", ("en,eo\n" + "".join(f'"{one}","{other}"\n' for one, other in pairs)).encode(), []),
        "columns": ("c.tsv", numbered.encode(), ["data.corpus.columns=[2, 4]"]),
        "TMX": ("c.tmx", tmx.encode(), []),
        "packed TMX": ("c.tmx.gz", gzip.compress(tmx.encode()), []),
        "an archive of two files": ("c.zip", as_zip({**sides, "README": "x"}), []),
    }


@pytest.mark.parametrize("name", corpora())
def test_the_same_pairs_in_every_format_give_the_same_data(tmp_path: Path, name: str) -> None:
    def prepared(folder: Path, which: str) -> dict[str, bytes]:
        file, content, keys = corpora()[which]
        folder.mkdir()
        (folder / file).write_bytes(content)
        keys = [*keys, f"data.corpus.path={file}", "data.target_lang=epo", "data.tokenizer.vocab_size=60",
                "data.split.valid=20", "data.split.test=20", "data.directory=made"]  # fmt: skip
        done(folder, "prepare", *[f"--set={key}" for key in keys])
        return {path.name: path.read_bytes() for path in (folder / "made").iterdir() if path.suffix == ".source"}

    assert prepared(tmp_path / "one", name) == prepared(tmp_path / "other", "tabs")


@pytest.mark.parametrize("columns", ["20", "40", "80", None])
def test_tables_are_not_cut_by_the_width_of_a_pipe(toy: Path, columns: str | None) -> None:
    environment = {key: value for key, value in os.environ.items() if key != "COLUMNS"}
    finished = subprocess.run(
        [sys.executable, "-m", "nmt_attn", "prepare", "--config", "toy.yaml"], cwd=toy, capture_output=True, check=True,
        text=True, env={**environment, "PYTHONPATH": str(ROOT), **({"COLUMNS": columns} if columns else {})},
    )  # fmt: skip
    lines = [" ".join(line.split()) for line in finished.stdout.splitlines()]
    assert "…" not in finished.stdout
    assert "lengths too different (data.filter.max_length_ratio) 0 0.0%" in lines
    assert "split sentences pairs groups en tokens mean max fr tokens mean max" in lines
    assert any(line.startswith("train 820 820 ") for line in lines)


def test_raw_files_that_are_called_like_prepared_data_stay(toy: Path) -> None:
    """Five lines that became three."""
    raw = toy / "data" / "toy"
    raw.mkdir(parents=True)
    for name in ("train.source", "train.target"):
        (raw / name).write_text("one\ntwo\nthree\nfour\nfive\n", encoding="utf-8")
    for arguments in (["prepare"], ["prepare", "--force"], ["train"]):
        error = nmt_here(toy, *arguments, "--config", "toy.yaml").error
        assert "holds files that are not prepared data (train.source, train.target) and would be lost" in error
    files = "{source: data/toy/train.source, target: data/toy/train.target}"
    sets = [f"--set=data.parallel.{name}={files}" for name in ("train", "valid", "test")]
    error = nmt_here(toy, "prepare", "--config", "toy.yaml", "--set=data.corpus.path=null", *sets).error
    assert error.startswith("data/toy/train.source: lies in data/toy, which nmt prepare writes anew")
    assert (raw / "train.source").read_text(encoding="utf-8").count("\n") == 5


def test_a_very_long_pair_is_dropped_and_counted(toy: Path) -> None:
    with (toy / "toy.tsv").open("a", encoding="utf-8") as file:
        file.write(f"{'字' * 20_000}\t{'漢' * 20_000}\tmade up\n")
    assert "too long (data.filter.max_characters) -1" in " ".join(
        done(toy, "prepare", "--config", "toy.yaml").out.split()
    )


@pytest.mark.parametrize("kind", ["unigram", "word"])
def test_whoever_wants_very_long_pairs_gets_them(toy: Path, kind: str) -> None:
    with (toy / "toy.tsv").open("a", encoding="utf-8") as file:
        file.write(f"{'字' * 30_000}\t{'漢' * 30_000}\tmade up\n")
    sets = ["--set=data.filter.max_characters=1000000", f"--set=data.tokenizer.kind={kind}"]
    assert "too long (data.filter.max_characters) 0" in " ".join(
        done(toy, "prepare", "--config", "toy.yaml", *sets).out.split()
    )
