"""Weights & Biases: a run on its server, or in files below ``wandb/`` that can be sent later."""

from __future__ import annotations

import io
import netrc
import os
import secrets
import string
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import wandb

from nmt_attn.config.loading import plain_values
from nmt_attn.runs.metrics import numbers
from nmt_attn.tasks.task import Sample
from nmt_attn.training.trackers.tracked import Tracked
from nmt_attn.training.tracking import Picture

NAME = "wandb"
CREDENTIALS = ("WANDB_API_KEY", "WANDB_IDENTITY_TOKEN_FILE")
PROJECT = "nmt"  # where WANDB_PROJECT names none


def open_tracker(tracked: Tracked) -> WandB:
    """Go on in the W&B run of a resumed training, or begin one; offline where nobody has logged in.

    Nothing is asked on the terminal.
    """
    settings = wandb.setup().settings
    mode = settings.mode
    if mode == "online" and not _logged_in(settings.base_url):
        mode = "offline"
    if mode != "online":
        os.environ.setdefault("WANDB_ERROR_REPORTING", "false")  # which would go over the network
    return WandB(tracked, mode, asked=os.environ.get("WANDB_MODE") is not None)


class WandB:
    """A logger that writes to a W&B run.

    Args:
        tracked: the training.
        mode: online, offline or disabled.
        asked: the user has asked for that mode.
    """

    def __init__(self, tracked: Tracked, mode: str, *, asked: bool) -> None:
        self._notes, self._ended = tracked.notes(NAME), False
        known = self._notes.text("run")
        if known is None and mode != "disabled":
            known = "".join(secrets.choice(string.ascii_lowercase + string.digits) for _ in range(8))
            self._notes.keep(run=known)
        init: Any = wandb.init
        self._run = init(
            project=os.environ.get("WANDB_PROJECT") or PROJECT,
            name=os.environ.get("WANDB_NAME") or tracked.config.name,
            id=known,
            resume="allow",
            mode=mode,
            config=plain_values(tracked.config),
            allow_val_change=True,
            settings=wandb.Settings(console="off", silent=True),
        )
        if mode == "offline" and not asked:
            folder = Path(self._run.dir).parent
            tracked.notice(f"wandb: nobody is logged in, so it stays offline; send it later: wandb sync {folder}")
        elif mode == "online":
            tracked.notice(f"wandb: {self._run.url}")

    def log(self, kind: str, step: int, values: Mapping[str, Any]) -> None:
        """Add a point to the curve of each figure."""
        self._log(kind, step, {f"{kind}/{name}": number for name, number in numbers(values).items()})

    def samples(self, step: int, samples: Sequence[Sample]) -> None:
        """Add a table."""
        if samples:
            rows = [[one.source, one.output, one.reference] for one in samples]
            self._log("samples", step, {"samples": wandb.Table(["source", "output", "reference"], rows)})

    def pictures(self, step: int, pictures: Sequence[Picture]) -> None:
        """Add the pictures."""
        from PIL import Image

        drawn = {picture.number: picture.draw() for picture in pictures}
        images = {
            f"attention/{number}": wandb.Image(Image.open(io.BytesIO(png)))
            for number, png in drawn.items()
            if png is not None
        }
        self._log("pictures", step, images)

    def _log(self, what: str, step: int, values: dict[str, Any]) -> None:
        """Log values, but those that a resumed training logs again: W&B can take nothing back."""
        if not self._ended and values and step > self._notes.number(what):
            self._run.log(values, step=step)
            self._notes.keep(**{what: step})

    def finish(self, scores: Mapping[str, float], *, done: bool) -> None:
        """Keep the figures of the best checkpoint in the summary, and end the run."""
        self._run.summary.update({f"best/{name}": number for name, number in scores.items()})
        self._end(0 if done else 130)

    def sync(self) -> None:
        """Do nothing: W&B writes by itself."""

    def close(self) -> None:
        """End the run, as failed if it was not finished."""
        if not self._ended:
            self._end(1)

    def _end(self, code: int) -> None:
        self._ended = True
        self._run.finish(exit_code=code)


def _logged_in(server: str) -> bool:
    """Say whether there is a key for a server, in the environment or where ``wandb login`` leaves it."""
    if any(os.environ.get(name) for name in CREDENTIALS):
        return True
    named = os.environ.get("NETRC")
    candidates = [Path(named)] if named else [Path.home() / ".netrc", Path.home() / "_netrc"]
    host = urlsplit(server).netloc
    for file in (path.expanduser() for path in candidates):
        try:
            found = netrc.netrc(str(file)).authenticators(host)
        except (OSError, netrc.NetrcParseError):
            continue
        if found is not None and found[2]:
            return True
    return False
