"""The Dockerfile, as far as it can be checked without Docker: it copies and installs what is there."""

import re
import tomllib
from pathlib import Path

from tests.conftest import ROOT


def instructions(name: str) -> list[str]:
    """The arguments of one kind of instruction, lines that go on put together."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    return re.findall(rf"^{name} (.+)$", text, re.MULTILINE)


def copied() -> set[str]:
    return {source for line in instructions("COPY") for source in line.split()[:-1]}


def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_every_path_that_is_copied_exists_and_is_not_ignored():
    ignore = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert "*" in ignore
    assert {line.removeprefix("!") for line in ignore if line.startswith("!")} == copied()
    for source in copied():
        assert (ROOT / source).exists(), source


def test_everything_that_building_the_package_reads_is_copied():
    about = project()
    read = [about["project"]["readme"], *about["project"]["license-files"], about["tool"]["hatch"]["version"]["path"]]
    wheel = about["tool"]["hatch"]["build"]["targets"]["wheel"]
    read += ["pyproject.toml", *wheel["packages"], *wheel["force-include"]]
    for path in read:
        assert copied() & {path, *map(str, Path(path).parents)}, path


def test_it_installs_with_the_constraints_of_the_scripts():
    script = (ROOT / "scripts" / "environment.sh").read_text(encoding="utf-8")
    (theirs,) = re.findall(r'PIP_CONSTRAINT="\$PWD/([^"]+)"', script)
    (run,) = instructions("RUN")
    (folder,) = [line for line in instructions("WORKDIR") if line != "/work"]
    assert f"PIP_CONSTRAINT={folder}/{theirs} pip install" in run
    assert theirs in copied()


def test_it_starts_a_program_of_the_package():
    (entry,) = instructions("ENTRYPOINT")
    assert entry == '["nmt"]'
    assert "nmt" in project()["project"]["scripts"]


def test_the_extra_that_it_installs_and_the_arguments_that_the_readme_gives_exist():
    (run,) = instructions("RUN")
    (extras,) = re.findall(r"'\.\[([\w,]+)\]'", run)
    assert set(extras.split(",")) <= set(project()["project"]["optional-dependencies"])
    arguments = {line.partition("=")[0] for line in instructions("ARG")}
    named = re.findall(r"--build-arg (\w+)", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert named
    assert set(named) <= arguments
