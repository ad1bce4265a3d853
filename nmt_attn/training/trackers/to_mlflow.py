"""MLflow: a run on the server or in the file that ``MLFLOW_TRACKING_URI`` names, by default ``mlflow.db`` here."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nmt_attn.config.loading import dump_config
from nmt_attn.runs.metrics import numbers
from nmt_attn.tasks.task import Sample
from nmt_attn.training.trackers.tracked import Tracked
from nmt_attn.training.tracking import Picture

NAME = "mlflow"
LONGEST = 6000  # characters of a parameter
PARAMETERS_AT_ONCE = 100
WRITE_SECONDS, MOST_WAITING = 10.0, 500  # points; MLflow takes at most 1,000 at once

QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",  # it would report to a server on the network
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    "MLFLOW_ALLOW_FILE_STORE": "true",  # for those who name a folder
}


def open_tracker(tracked: Tracked) -> MLflow:
    """Go on in the MLflow run of a resumed training, or begin one."""
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    return MLflow(tracked)


class MLflow:
    """A logger that writes to an MLflow run; the experiment is ``MLFLOW_EXPERIMENT_NAME``, by default ``nmt``."""

    def __init__(self, tracked: Tracked) -> None:
        from mlflow.tracking import MlflowClient

        self._client: Any = MlflowClient()
        self._notes, self._ended = tracked.notes(NAME), False
        self._waiting: list[Any] = []
        self._written = time.monotonic()
        self._run, found = self._open(tracked)
        self._known = {kind: self._last_step(f"{kind}/loss") for kind in ("train", "valid")} if found else {}
        self._log_parameters(tracked)

    def _open(self, tracked: Tracked) -> tuple[str, bool]:
        """Return the id of the run, and whether it was there."""
        from mlflow.exceptions import MlflowException

        known = self._notes.text("run")
        if known is not None:
            try:
                self._client.get_run(known)
            except MlflowException:  # another store, or deleted
                pass
            else:
                self._client.update_run(known, status="RUNNING")
                return known, True
        run = self._client.create_run(self._experiment(), run_name=tracked.config.name).info.run_id
        self._notes.values.clear()
        self._notes.keep(run=run)
        return str(run), False

    def _experiment(self) -> str:
        from mlflow.exceptions import MlflowException

        if identifier := os.environ.get("MLFLOW_EXPERIMENT_ID"):
            return identifier
        name = os.environ.get("MLFLOW_EXPERIMENT_NAME") or "nmt"
        for _ in range(2):
            if (found := self._client.get_experiment_by_name(name)) is not None:
                return str(found.experiment_id)
            try:
                return str(self._client.create_experiment(name))
            except MlflowException:  # another training was faster
                continue
        raise RuntimeError(f"no experiment {name!r}; a deleted one has this name, perhaps")

    def _last_step(self, metric: str) -> int:
        return max((point.step for point in self._client.get_metric_history(self._run, metric)), default=-1)

    def _log_parameters(self, tracked: Tracked) -> None:
        """Keep the configuration; MLflow refuses to change a parameter, so the whole is beside them as a file."""
        from mlflow.entities import Param

        there = self._client.get_run(self._run).data.params
        new = [Param(key, str(value)[:LONGEST]) for key, value in tracked.parameters.items() if key not in there]
        for start in range(0, len(new), PARAMETERS_AT_ONCE):
            self._client.log_batch(self._run, params=new[start : start + PARAMETERS_AT_ONCE])
        self._client.log_text(self._run, dump_config(tracked.config), "config.yaml")

    def log(self, kind: str, step: int, values: Mapping[str, Any]) -> None:
        """Add a point to the curve of each figure, but those that a resumed training logs again."""
        if step > self._known.get(kind, -1):
            self._points(kind, step, numbers(values))

    def _points(self, kind: str, step: int, values: Mapping[str, float]) -> None:
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        self._waiting += [Metric(f"{kind}/{name}", number, now, step) for name, number in values.items()]
        if time.monotonic() - self._written >= WRITE_SECONDS or len(self._waiting) >= MOST_WAITING:
            self.sync()

    def samples(self, step: int, samples: Sequence[Sample]) -> None:
        """Keep them as a file, a line empty between two."""
        if samples:
            text = "\n\n".join(f"{one.source}\n→ {one.output}\n( {one.reference} )" for one in samples)
            self._client.log_text(self._run, text + "\n", f"samples/step-{step:08d}.txt")

    def pictures(self, step: int, pictures: Sequence[Picture]) -> None:
        """Keep them as files."""
        with tempfile.TemporaryDirectory() as folder:
            for picture in pictures:
                if (png := picture.draw()) is not None:
                    file = Path(folder) / f"step-{step:08d}-{picture.number}.png"
                    file.write_bytes(png)
                    self._client.log_artifact(self._run, str(file), "attention")

    def finish(self, scores: Mapping[str, float], *, done: bool) -> None:
        """Keep the figures of the best checkpoint, each time that they have changed, and end the run."""
        best = int(scores.get("step", -1))
        if self._notes.number("best") != best:
            self._points("best", best, scores)
            self._notes.keep(best=best)
        self._end("FINISHED" if done else "KILLED")

    def sync(self) -> None:
        """Write what waits: each time takes MLflow long, so points are collected for some seconds."""
        if self._waiting:
            self._client.log_batch(self._run, metrics=self._waiting)
        self._waiting, self._written = [], time.monotonic()

    def close(self) -> None:
        """End the run, as failed if it was not finished."""
        if not self._ended:
            self._end("FAILED")

    def _end(self, status: str) -> None:
        self.sync()
        self._client.set_terminated(self._run, status)
        self._ended = True
