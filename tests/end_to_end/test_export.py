"""``nmt export`` as a user types it, and what it has written where there is neither torch nor nmt."""

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT, run_nmt

LINES = "Big dog.\n\nNot red cat sees one tree.\r\n猫 “?”\nBig dog. Red cat.\n\xa0\nOne"

# What is set to None here cannot be imported.
ALONE = "import sys; sys.modules.update(torch=None, nmt_attn=None, pydantic=None); sys.path.insert(0, sys.argv[1]); "


@pytest.fixture(scope="module")
def exported(trained, tmp_path_factory) -> Path:
    """The toy model, exported and then moved away."""
    done = run_nmt(trained, "export", "--model", "runs/toy", "--format", "onnx", "--output", "out/exported")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert done.stdout.startswith("out/exported: runs/toy/checkpoints/")
    assert float(re.search(r"differs from the network by (\S+) at most", done.stdout)[1]) < 1e-4
    folder = tmp_path_factory.mktemp("elsewhere") / "exported"
    shutil.move(trained / "out" / "exported", folder)
    assert not list((trained / "out").iterdir())
    return folder


def alone(code: str, *arguments: str, stdin: bytes = b"", folder: Path) -> "subprocess.CompletedProcess[bytes]":
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    command = [sys.executable, "-c", ALONE + code, str(folder / "exported"), *arguments]
    return subprocess.run(command, cwd=folder, input=stdin, capture_output=True, env=environment, check=False)


def test_an_export_holds_exactly_the_promised_files(exported):
    names = {path.relative_to(exported).as_posix() for path in exported.rglob("*") if path.is_file()}
    assert names == {
        "encoder.onnx", "decoder.onnx", "model.json", "config.yaml", "tokenizer/tokenizer.json",
        "tokenizer/source.model", "tokenizer/target.model", "translate.py", "program.py", "normalise.py",
        "line_division.py", "sentence_splitting.py",
    }  # fmt: skip


@pytest.mark.parametrize("options", [(), ("--batch", "2", "--threads", "1")])
def test_it_translates_without_torch_what_nmt_translates(trained, exported, options):
    lines = LINES.encode() + b"\n" + (trained / "data" / "toy" / "test.source").read_bytes()
    expected = run_nmt(trained, "translate", "--model", "runs/toy", "--beam", "1", stdin=lines)
    assert expected.returncode == 0, expected.stderr
    code = "import runpy; del sys.argv[1]; runpy.run_path('exported/translate.py', run_name='__main__')"
    done = alone(code, *options, stdin=lines, folder=exported.parent)
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout.decode() == expected.stdout
    assert expected.stdout.count("\n") == 47


def program(exported: Path, *arguments: str, **options: object) -> "subprocess.Popen[bytes]":
    command = [sys.executable, str(exported / "translate.py"), "--threads", "1", *arguments]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(command, **{**pipes, **options})


def test_the_program_ends_in_one_line_or_none(exported):
    with program(exported, "--batch", "1") as process:  # a reader that leaves
        process.stdin.write(b"Big dog.\n")
        process.stdin.flush()
        assert process.stdout.readline() == b"Granda hundo.\n"
        process.stdout.close()
        process.stdin.write(b"Big dog.\n" * 10)
        process.stdin.close()
        assert (process.wait(60), process.stderr.read()) == (0, b"")
    default = {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)}
    with program(exported, "--batch", "1", **default) as process:  # Ctrl-C
        process.stdin.write(b"Big dog.\n")
        process.stdin.flush()
        assert process.stdout.readline() == b"Granda hundo.\n"
        process.send_signal(signal.SIGINT)
        assert (process.wait(60), process.stderr.read()) == (130, b"interrupted\n")
    with Path("/dev/full").open("wb") as full, program(exported, stdout=full) as process:
        assert process.communicate(b"Big dog.\n")[1] == b"error: No space left on device\n"
        assert process.returncode == 1
    with program(exported, "--model", "nowhere") as process:
        assert process.communicate()[1] == b"error: nowhere/model.json: No such file or directory\n"
        assert process.returncode == 1


def test_the_example_in_the_documents_runs(trained, exported):
    page = (ROOT / "docs" / "export.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"(?:^    .*\n|^\n)*^    import onnxruntime\n(?:^    .*\n|^\n)+", page, flags=re.MULTILINE)
    code = "\n".join(line.removeprefix("    ") for line in example.splitlines())
    assert '"I am hungry."' in code
    (exported.parent / "example.py").write_text(code.replace("I am hungry.", "Not big dog."), encoding="utf-8")
    done = alone("import runpy; runpy.run_path('example.py')", folder=exported.parent)
    assert done.returncode == 0, done.stderr.decode()
    assert (
        done.stdout.decode()
        == run_nmt(trained, "translate", "--model", "runs/toy", "--beam", "1", "Not big dog.").stdout
    )


def test_what_is_in_the_way_is_kept_unless_it_is_an_export(trained, exported, tmp_path):
    model = ("--model", "runs/toy")
    taken = shutil.copytree(exported, tmp_path / "taken")
    (taken / "sentence_splitting.py").unlink()
    again = run_nmt(trained, "export", *model, "--output", str(taken))
    assert (again.returncode, again.stdout) == (2, "")
    assert again.stderr == f"error: {taken} is not empty; --force replaces it\n"
    assert not (taken / "sentence_splitting.py").exists()
    assert run_nmt(trained, "export", *model, "--output", str(taken), "--force").returncode == 0
    assert (taken / "sentence_splitting.py").exists()
    refused = run_nmt(trained, "export", *model, "--output", "runs/toy", "--force")
    assert refused.returncode == 2
    assert refused.stderr == "error: runs/toy is not empty and no export of nmt; give another --output\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--output", "x", "--format", "tensorrt"), "--format tensorrt: expected onnx"),
        (("--output", "toy.yaml"), "toy.yaml is not a folder"),
        (("--output", "x", "--model", "runs/nowhere"), "runs/nowhere: no such run"),
        ((), "--output"),
        (("--output", "toy.yaml/x"), "toy.yaml/x: cannot write: "),
    ],
)
def test_what_is_wrong_is_said_in_one_line(trained, arguments, message):
    done = run_nmt(trained, "export", *arguments)
    assert done.returncode in (1, 2)
    assert done.stdout == ""
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    assert message in done.stderr
    assert not (trained / "x").exists()
