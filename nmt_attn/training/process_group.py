"""The processes that train together. For now there is one; the code that uses a group does not know."""

from __future__ import annotations

from typing import Protocol


class ProcessGroup(Protocol):
    """Several processes that train one model, each on its part of every step."""

    @property
    def rank(self) -> int:
        """The number of this process, from 0."""
        ...

    @property
    def size(self) -> int:
        """The number of processes."""
        ...

    @property
    def is_main(self) -> bool:
        """Whether this is the process that writes files and speaks to people."""
        ...

    def sum(self, value: int) -> int:
        """Add up a number over all processes."""
        ...

    def barrier(self) -> None:
        """Wait until all processes have come here."""
        ...


class SingleProcess:
    """A group of one."""

    rank = 0
    size = 1
    is_main = True

    def sum(self, value: int) -> int:
        """Return the number: there is no other."""
        return value

    def barrier(self) -> None:
        """Wait for nobody."""
