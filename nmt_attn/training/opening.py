"""The facts that a training opens with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nmt_attn.training.tracking import Opening

if TYPE_CHECKING:
    from nmt_attn.training.trainer import Trainer


def opening_of(trainer: Trainer) -> Opening:
    """Collect what a training is about to do."""
    return Opening(
        resumed_step=trainer.state.step,
        weights=sum(parameter.numel() for parameter in trainer.model.parameters()),
        examples=f"{len(trainer.source):,} {trainer.task.examples}",
        place=_place(trainer),
        precision=trainer.compute.precision,
        run=trainer.run.path,
        batch_tokens=trainer.source.batch_tokens,
        learning_rate=trainer.highest_rate,
        configured_rate=trainer.settings.learning_rate,
        notes=_notes(trainer),
    )


def _place(trainer: Trainer) -> str:
    """Name the device; of a CPU also the number of threads, and how many processes there are if there are several."""
    threads, device, group = trainer.state.threads, trainer.compute.device, trainer.group
    threaded = f"{threads} thread{'' if threads == 1 else 's'}"
    if device.type == "cpu":
        return f"{device} ({threaded})" if group.size == 1 else f"{device} ({group.size} processes, {threaded} each)"
    return str(device) if group.size == 1 else f"{device.type} ({group.size} processes, one GPU each)"


def _notes(trainer: Trainer) -> list[str]:
    """Say what is validated, and by what the best checkpoint is chosen."""
    if trainer.evaluator is None:
        return ["no validation sentences: the latest checkpoint counts as the best"]
    return trainer.evaluator.notes
