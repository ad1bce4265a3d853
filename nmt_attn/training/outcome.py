"""The end of a training."""

from __future__ import annotations

from dataclasses import dataclass

from nmt_attn.runs.directory import RunDirectory
from nmt_attn.training.state import TrainingState


@dataclass(frozen=True)
class Outcome:
    """The end of a training: why, and what is left of it."""

    run: RunDirectory
    reason: str
    signal: int | None  # that interrupted it
    state: TrainingState
    unit: str  # of what was learned from
    memory: dict[str, int]  # the most that was held, bytes, by kind; see peak_memory

    @property
    def interrupted(self) -> bool:
        """True if somebody wanted it to end before it was done."""
        return self.signal is not None

    def summary(self) -> str:
        """Say it in a line for people."""
        state = self.state
        speed = state.target_tokens / max(state.seconds, 1e-9)
        memory = "".join(f"; peak {kind} memory {size / 2**30:.2f} GiB" for kind, size in self.memory.items())
        begun = ", with which it began" if state.step and self.run.pointed("best") == self.run.checkpoint(0) else ""
        return (
            f"{self.run.path}: {self.reason} after {state.step:,} steps, {state.epochs:.1f} epochs and "
            f"{state.seconds / 60:.1f} min ({speed:,.0f} {self.unit}/s, validation included); "
            f"best checkpoint: step {state.best_step}{begun}{memory}"
        )
