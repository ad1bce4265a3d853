"""Runs the real program without the seconds that loading torch takes: a process that has done so forks for each run.

What a run does is its own: working directory, environment, command line, streams, exit code. How Python starts is not
tested by it; see tests/end_to_end/test_start.py and test_pipes.py for that.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
SECONDS = 300
"""After which a run is killed."""


def run_forked(
    folder: Path, arguments: tuple[str, ...], environment: Mapping[str, str], stdin: bytes | None
) -> subprocess.CompletedProcess[bytes]:
    """Run ``nmt`` with ``arguments`` in ``folder``; ``stdin`` None: the standard input of the tests."""
    with tempfile.TemporaryDirectory() as place:
        given, out, err = (Path(place) / name for name in ("in", "out", "err"))
        if stdin is not None:
            given.write_bytes(stdin)
        streams = [str(given) if stdin is not None else os.devnull, str(out), str(err)]
        request = {"folder": str(folder), "arguments": arguments, "environment": dict(environment), "streams": streams}
        status = _ask(request)
        code = os.waitstatus_to_exitcode(status)
        return subprocess.CompletedProcess(["nmt", *arguments], code, out.read_bytes(), err.read_bytes())


def _ask(request: dict[str, Any]) -> int:
    server = _server()
    assert server.stdin is not None
    assert server.stdout is not None
    server.stdin.write(json.dumps(request) + "\n")
    server.stdin.flush()
    return int(json.loads(server.stdout.readline()))


@cache
def _server() -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.forked"],
        cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    atexit.register(server.communicate)
    return server


# --- on the other side ------------------------------------------------------------------------------------------


def serve() -> None:
    """Fork a run for each request on standard input, and say with which status it ended."""
    import nmt_attn.cli.app
    import nmt_attn.evaluation.run
    import nmt_attn.training.train  # noqa: F401

    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            _run(json.loads(line))
        print(os.waitpid(pid, 0)[1], flush=True)


def _run(request: dict[str, Any]) -> None:
    """Be the program, in a process of its own."""
    from nmt_attn.cli.app import main

    signal.alarm(SECONDS)
    os.chdir(request["folder"])
    given, *written = request["streams"]
    opened = [_pipe_from(Path(given)), *(os.open(path, os.O_WRONLY | os.O_CREAT) for path in written)]
    for number, descriptor in enumerate(opened):
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.environ.clear()
    os.environ.update(request["environment"])
    sys.stdin, sys.stdout, sys.stderr = os.fdopen(0), os.fdopen(1, "w"), os.fdopen(2, "w", buffering=1)
    sys.argv = ["nmt", *request["arguments"]]
    code: object = 1
    try:
        main()
    except SystemExit as left:
        code = left.code
    except BaseException:
        traceback.print_exc()
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(code if isinstance(code, int) else int(code is not None))


def _pipe_from(path: Path) -> int:
    """The end of a pipe through which a file comes, as from another program."""
    read, write = os.pipe()
    if os.fork() == 0:
        os.close(read)
        with contextlib.suppress(BrokenPipeError), path.open("rb") as file, os.fdopen(write, "wb") as pipe:
            shutil.copyfileobj(file, pipe)
        os._exit(0)
    os.close(write)
    return read


if __name__ == "__main__":
    serve()
