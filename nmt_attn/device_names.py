"""Names of devices, checked without torch."""

from __future__ import annotations

import re

_DEVICE = re.compile("auto|cpu|cuda(:(0|[1-9][0-9]{0,2}))?")


def known_device(value: str) -> str:
    """Return the name of a device unchanged if it is a valid one.

    Raises:
        ValueError: there is no device of this name; the message lists the valid names.
    """
    if not _DEVICE.fullmatch(value):
        raise ValueError(
            f"no device is called {value[:40]!r}; there are auto, cpu, cuda, and cuda:0, cuda:1, … by number"
        )
    return value
