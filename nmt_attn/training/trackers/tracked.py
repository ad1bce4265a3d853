"""The training that a tracker is told about, and what the tracker keeps about it in the run directory."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nmt_attn.config.loading import flat_values, plain_values
from nmt_attn.config.schema import Config
from nmt_attn.errors import NmtError
from nmt_attn.files import write_text
from nmt_attn.runs.directory import RunDirectory


@dataclass(frozen=True)
class Tracked:
    """A training, as a tracker is told of it."""

    config: Config
    run: RunDirectory
    step: int  # after which it goes on; 0: from the beginning
    notice: Callable[[str], None]  # says a line to people

    @property
    def parameters(self) -> dict[str, str | float | bool]:
        """Every key of the configuration with its value; lists are written as JSON."""
        return {
            key: value if isinstance(value, (str, int, float)) else json.dumps(value, ensure_ascii=False)
            for key, value in flat_values(plain_values(self.config))
        }

    def notes(self, tracker: str) -> Notes:
        """Return what a tracker has kept about this run."""
        return Notes.read(self.run.tracking / f"{tracker}.json")


@dataclass
class Notes:
    """What a tracker keeps about a run, so that a resumed training goes on in the same place."""

    path: Path
    values: dict[str, Any]

    @classmethod
    def read(cls, path: Path) -> Notes:
        """Read what was kept; nothing where the file is missing or damaged."""
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            values = {}
        return cls(path, values if isinstance(values, dict) else {})

    def keep(self, **values: Any) -> None:
        """Keep more of it.

        Raises:
            NmtError: the disk is full, read-only or not permitted.
        """
        self.values |= values
        try:
            self.path.parent.mkdir(exist_ok=True)
        except OSError as error:
            raise NmtError(f"{self.path.parent}: {error.strerror}") from None
        write_text(self.path, json.dumps(self.values) + "\n")

    def text(self, name: str) -> str | None:
        """Return a text that was kept, if it is one."""
        value = self.values.get(name)
        return value if isinstance(value, str) else None

    def number(self, name: str) -> int:
        """Return a number that was kept; -1 if there is none."""
        value = self.values.get(name)
        return value if isinstance(value, int) else -1
