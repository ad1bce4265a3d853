"""The training loop: what happens, in the order in which it happens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nmt_attn.training.consensus import Consensus

if TYPE_CHECKING:
    from nmt_attn.training.trainer import Trainer

INTERRUPTED = "interrupted"


def run(trainer: Trainer, interruption: Consensus) -> str:
    """Train until there is a reason to stop, and return it.

    That is asked first: a run may go on that was at its end already.
    """
    for batches in trainer.batches():  # of one step each, epoch after epoch
        if interruption.is_set():
            return INTERRUPTED
        if trainer.stopping.stands_still():
            return trainer.stopping.reason()
        progress = trainer.progress()
        if progress >= 1.0:
            break
        rate, forcing = trainer.learning_rate(progress), trainer.teacher_forcing(progress)
        step = trainer.step(batches, learning_rate=rate, teacher_forcing=forcing)  # loss, gradient, update
        trainer.count(step)
        if trainer.report_is_due():
            trainer.report()
        if trainer.validation_is_due():
            trainer.validate()
        elif trainer.checkpoint_is_due():
            trainer.save()
    return "the budget is used up"
