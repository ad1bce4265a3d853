"""TensorBoard: event files in the run directory."""

from __future__ import annotations

import hashlib
import html
from collections.abc import Mapping, Sequence
from typing import Any

from tensorboard.compat.proto.summary_pb2 import Summary
from torch.utils.tensorboard import SummaryWriter
from torch.utils.tensorboard.summary import hparams

from nmt_attn.runs.metrics import numbers
from nmt_attn.tasks.task import Sample
from nmt_attn.training.trackers.tracked import Tracked
from nmt_attn.training.tracking import Picture

NAME = "tensorboard"


def open_tracker(tracked: Tracked) -> TensorBoard:
    """Go on in the folder of the run, or begin it."""
    return TensorBoard(tracked)


class TensorBoard:
    """A logger that writes event files to ``RUN/tensorboard``.

    A reader drops curves and pictures of the steps after the one from which a training was resumed, which are done
    again. Text it would keep, so that is not written twice.
    """

    def __init__(self, tracked: Tracked) -> None:
        self._notes, resumed = tracked.notes(NAME), tracked.run.tensorboard.exists()
        purged = tracked.step + 1 if resumed else None
        make: Any = SummaryWriter
        self._writer = make(str(tracked.run.tensorboard), purge_step=purged, flush_secs=10)
        if self._notes.number("best") > tracked.step:  # which a reader drops
            self._notes.keep(best=-1)
        _, self._start, self._end = hparams(tracked.parameters, {})
        if not resumed:  # of several, TensorBoard would show the first
            self._writer.file_writer.add_summary(self._start)
        rows = "".join(f"| {key} | {_cell(str(value))} |\n" for key, value in tracked.parameters.items())
        table = f"| key | value |\n|---|---|\n{rows}"
        digest = hashlib.sha256(table.encode()).hexdigest()
        if self._notes.text("configuration") != digest:
            self._writer.add_text("configuration", table, tracked.step)
            self._notes.keep(configuration=digest)
        self._writer.flush()

    def log(self, kind: str, step: int, values: Mapping[str, Any]) -> None:
        """Add a point to the curve of each figure."""
        for name, number in numbers(values).items():
            self._writer.add_scalar(f"{kind}/{name}", number, step)

    def samples(self, step: int, samples: Sequence[Sample]) -> None:
        """Add a table."""
        if samples and step > self._notes.number("samples"):
            rows = "".join(
                f"| {' | '.join(_cell(text) for text in (one.source, one.output, one.reference))} |\n"
                for one in samples
            )
            self._writer.add_text("samples", f"| source | output | reference |\n|---|---|---|\n{rows}", step)
            self._notes.keep(samples=step)

    def pictures(self, step: int, pictures: Sequence[Picture]) -> None:
        """Add the pictures."""
        for picture in pictures:
            if (png := picture.draw()) is not None:
                image = Summary.Image(encoded_image_string=png, colorspace=4, **_size(png))
                value = Summary.Value(tag=f"attention/{picture.number}", image=image)
                self._writer.file_writer.add_summary(Summary(value=[value]), step)

    def finish(self, scores: Mapping[str, float], *, done: bool) -> None:
        """Add the figures of the best checkpoint, each time that they have changed."""
        best = int(scores.get("step", -1))
        if self._notes.number("best") != best:
            self._notes.keep(best=best)
            for name, number in scores.items():
                self._writer.add_scalar(f"best/{name}", number, best)
        if done:
            self._writer.file_writer.add_summary(self._end)

    def sync(self) -> None:
        """Hand the figures to the operating system."""
        self._writer.flush()

    def close(self) -> None:
        """Write the last ones."""
        self._writer.close()


def _cell(text: str) -> str:
    """Make a text fit for a cell of a table in Markdown."""
    escaped = html.escape(" ".join(text.split()), quote=False)
    return "".join(f"\\{letter}" if letter in "\\`*_{}[]()#+-!|~" else letter for letter in escaped)


def _size(png: bytes) -> dict[str, int]:
    """Read the size of a picture from its head."""
    return {"width": int.from_bytes(png[16:20], "big"), "height": int.from_bytes(png[20:24], "big")}
