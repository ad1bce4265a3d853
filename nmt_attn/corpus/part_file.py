"""The unfinished file of a download, which a later attempt goes on with."""

from __future__ import annotations

import json
from pathlib import Path


class PartFile:
    """The unfinished file, and beside it the address and the version (ETag or date) that it is a part of."""

    def __init__(self, path: Path) -> None:
        self.path = path.with_name(path.name + ".part")
        self._about = path.with_name(path.name + ".about.part")

    @property
    def size(self) -> int:
        """Bytes that have been fetched."""
        return self.path.stat().st_size if self.path.exists() else 0

    def keep_if_from(self, url: str) -> None:
        """Throw away what was begun from another address."""
        if self._about.exists() and self._read("url") != url:
            self.forget()

    @property
    def validator(self) -> str | None:
        """Version that was begun, so that the rest of the same one can be asked for."""
        return self._read("validator")

    def _read(self, key: str) -> str | None:
        try:
            value = json.loads(self._about.read_text(encoding="utf-8"))[key]
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return value if isinstance(value, str) else None

    def begin(self, url: str, validator: str | None) -> None:
        """Begin an empty one: a part of this version of what lies at ``url``."""
        self.path.write_bytes(b"")
        self._about.write_text(json.dumps({"url": url, "validator": validator}), encoding="utf-8")

    def forget(self) -> None:
        """Throw it away."""
        self.path.unlink(missing_ok=True)
        self._about.unlink(missing_ok=True)
