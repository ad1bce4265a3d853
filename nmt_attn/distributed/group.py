"""The processes that work together, as the rest of the program sees them. Nothing here imports torch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from torch import Tensor

Value = TypeVar("Value")


class ProcessGroup(Protocol):
    """Several processes that work together. All of them call each method but the properties, in the same order."""

    @property
    def rank(self) -> int:
        """The number of this process, from 0."""
        ...

    @property
    def size(self) -> int:
        """The number of processes."""
        ...

    @property
    def local_rank(self) -> int:
        """The number of this process among those of its machine, from 0: also that of its GPU."""
        ...

    @property
    def local_size(self) -> int:
        """The number of processes on this machine."""
        ...

    @property
    def restarts(self) -> int:
        """How often the group was started anew after a failure.

        torchrun's own count may be less: where a machine has come or gone it does not count.
        """
        ...

    @property
    def is_main(self) -> bool:
        """Whether this is the process that writes files and speaks to people."""
        ...

    def add_up(self, tensor: Tensor) -> None:
        """Replace a tensor by the sum of those of all processes."""
        ...

    def highest(self, values: Sequence[float]) -> list[float]:
        """Return, of each value, the highest among all processes."""
        ...

    def gather(self, value: Value) -> list[Value]:
        """Return the values of all processes, by rank."""
        ...

    def from_main(self, value: Value) -> Value:
        """Return the value of the main process."""
        ...

    def copy_from_main(self, tensors: Iterable[Tensor]) -> None:
        """Replace tensors by those of the main process."""
        ...

    def barrier(self) -> None:
        """Wait until all processes have come here."""
        ...

    def wait_for_main(self) -> None:
        """Wait until the main process has come here, however long that takes."""
        ...


class SingleProcess:
    """A group of one."""

    rank = local_rank = restarts = 0
    size = local_size = 1
    is_main = True

    def add_up(self, tensor: Tensor) -> None:
        """Leave the tensor: there is no other."""

    def highest(self, values: Sequence[float]) -> list[float]:
        """Return the values."""
        return list(values)

    def gather(self, value: Value) -> list[Value]:
        """Return the value alone."""
        return [value]

    def from_main(self, value: Value) -> Value:
        """Return the value."""
        return value

    def copy_from_main(self, tensors: Iterable[Tensor]) -> None:
        """Leave the tensors."""

    def barrier(self) -> None:
        """Wait for nobody."""

    def wait_for_main(self) -> None:
        """Wait for nobody."""


ALONE = SingleProcess()


def own_part(items: Sequence[Value], group: ProcessGroup) -> Sequence[Value]:
    """Return what of some items this process is to work on: each ``size``-th one."""
    return items[group.rank :: group.size]


def in_order(parts: Sequence[Sequence[Value]]) -> list[Value]:
    """Put together again what :func:`own_part` has taken apart.

    Args:
        parts: the results of each process, by rank.
    """
    count = sum(map(len, parts))
    return [parts[place % len(parts)][place // len(parts)] for place in range(count)]
