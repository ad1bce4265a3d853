"""Text to standard output, to plain files and to packed ones."""

import bz2
import gzip
import lzma
import os
import stat
import subprocess
from pathlib import Path

import pytest

from nmt_attn.text.reading import TextLines
from nmt_attn.text.streams import Bytes
from nmt_attn.text.writing import writing

PACKED = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
NAMES = ["out.gz", "out.bz2", "out.xz", "out.zst", "out.txt.GZ"]


class Stopped(BaseException):
    """Something that ends the work."""


def write_some(path: Path, *texts: str, fail: bool = False) -> None:
    with writing(path) as write:
        for text in texts:
            write(text)
        if fail:
            raise Stopped


@pytest.mark.parametrize("name", [*NAMES, "out", "out.txt"])
def test_what_is_written_can_be_read(tmp_path: Path, name: str) -> None:
    write_some(tmp_path / name, "Héllo.\n", "", "猫\n")
    assert list(TextLines(Bytes.of(tmp_path / name))) == ["Héllo.", "猫"]
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert ((tmp_path / name).read_bytes() == "Héllo.\n猫\n".encode()) == ("." not in name or name == "out.txt")


@pytest.mark.parametrize("suffix", PACKED)
def test_other_programs_can_read_it(tmp_path: Path, suffix: str) -> None:
    write_some(tmp_path / f"out{suffix}", "a\n", "b\n")
    with PACKED[suffix](tmp_path / f"out{suffix}", "rt") as file:
        assert file.read() == "a\nb\n"


def test_the_same_text_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one.gz", "two.gz"):
        write_some(tmp_path / name, "a\n")
    assert (tmp_path / "one.gz").read_bytes() == (tmp_path / "two.gz").read_bytes()


@pytest.mark.parametrize("name", [*NAMES, "out"])
def test_of_nothing_comes_an_empty_text(tmp_path: Path, name: str) -> None:
    write_some(tmp_path / name)
    assert list(TextLines(Bytes.of(tmp_path / name))) == []


@pytest.mark.parametrize("name", [*NAMES, "out"])
def test_what_fails_before_its_first_line_has_changed_nothing(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("old", encoding="utf-8")
    with pytest.raises(Stopped):
        write_some(tmp_path / name, fail=True)
    assert (tmp_path / name).read_text(encoding="utf-8") == "old"
    with pytest.raises(Stopped):
        write_some(tmp_path / f"new.{name}", fail=True)
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", NAMES)
def test_packed_it_has_its_name_when_it_is_whole_and_nothing_is_lost(
    tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / name).write_text("old", encoding="utf-8")
    for kept in (f"{name}.part", f"{name}.part-1"):
        with pytest.raises(Stopped):
            write_some(tmp_path / name, "a\n", "b\n", fail=True)
        assert (tmp_path / name).read_text(encoding="utf-8") == "old"
        assert list(TextLines(Bytes.of(tmp_path / kept))) == ["a", "b"]
        assert capsys.readouterr().err == f"what was written until then is in {tmp_path / kept}\n"


def test_a_plain_file_gets_each_line_at_once(tmp_path: Path) -> None:
    with writing(tmp_path / "out") as write:
        for number in range(3):
            write(f"{number}\n")
            assert (tmp_path / "out").read_text(encoding="utf-8").endswith(f"{number}\n")


def test_a_link_and_its_permissions_stay(tmp_path: Path) -> None:
    (tmp_path / "real.gz").write_bytes(b"")
    (tmp_path / "real.gz").chmod(0o640)
    (tmp_path / "link.gz").symlink_to("real.gz")
    write_some(tmp_path / "link.gz", "a\n")
    assert (tmp_path / "link.gz").is_symlink()
    assert gzip.decompress((tmp_path / "real.gz").read_bytes()) == b"a\n"
    assert stat.S_IMODE((tmp_path / "real.gz").stat().st_mode) == 0o640


def test_a_pipe_that_is_called_like_a_packed_file_is_written_to(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.gz")
    with subprocess.Popen(["cat", tmp_path / "pipe.gz"], stdout=subprocess.PIPE) as reader:
        write_some(tmp_path / "pipe.gz", "a\n")
        assert reader.communicate(timeout=20)[0] == b"a\n"
