"""The real program, called in this process: for tests that need it more often than there is time to start it."""

from __future__ import annotations

import io
import os
import sys
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from nmt_attn.cli.app import main
from tests.snapshots import REFUSED, assert_unchanged, snapshot


@dataclass(frozen=True)
class Done:
    """How it ended."""

    code: int
    out: str
    err: str

    @property
    def error(self) -> str:
        """What the one error line says."""
        lines = self.err.split("\n")
        errors = [line for line in lines if line.startswith("error: ")]
        assert len(errors) == 1, self.err
        assert lines[-2:] == [errors[0], ""], self.err
        assert errors[0].isprintable()
        assert "Traceback" not in self.err
        return errors[0].removeprefix("error: ")


def nmt_here(folder: Path, *arguments: str, checked: bool = True) -> Done:
    """Run ``nmt`` with ``arguments`` in ``folder``, with nothing on standard input.

    Where it refuses (exit code 2) nothing in the folder may have changed; to see that, all of it is read, unless
    ``checked`` is false.
    """
    before = snapshot(folder) if checked else {}
    out, err = io.StringIO(), io.StringIO()
    environment = {key: value for key, value in os.environ.items() if key not in ("NMT_MODEL", "NMT_DEBUG")}
    code: object = None
    with (
        chdir(folder),
        patch.object(sys, "argv", ["nmt", *arguments]),
        patch.object(sys, "stdin", io.TextIOWrapper(io.BytesIO())),
        patch.dict(os.environ, environment, clear=True),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as left:
            code = left.code
    if checked and code == REFUSED:
        assert_unchanged(folder, before)
    return Done(code if isinstance(code, int) else 0, out.getvalue(), err.getvalue())
