"""The command ``nmt watch``."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from nmt_attn.cli.completion import complete_run
from nmt_attn.cli.options import expanded, refuse_idle
from nmt_attn.errors import UserError

_EVERY = 5.0  # seconds


def watch_command(
    run: Annotated[
        Path | None,
        typer.Argument(
            metavar="RUN",
            callback=expanded,
            autocompletion=complete_run,
            help="Run directory, or its name below runs/. Default: the run that is being trained, else the one trained "
            "last.",
            show_default=False,
        ),
    ] = None,
    every: Annotated[
        float | None,
        typer.Option(
            "--every", min=0.2, max=86400, help="Seconds between two drawings. Default: 5.", show_default=False
        ),
    ] = None,
    once: Annotated[
        bool, typer.Option("--once", help="Draw once, in plain text, as where standard output is no terminal.")
    ] = False,
) -> None:
    """Draw the curves of a training in the terminal, again and again until it ends or you press Ctrl-C.

    Loss of training and validation, the validation score, learning rate and speed. Needs the extra "watch".
    """
    from nmt_attn.runs.curves import WatchedRun, run_to_watch

    live = sys.stdout.isatty() and not once
    if not live:
        refuse_idle("beside --once" if once else "where standard output is no terminal", every=every)
    if find_spec("plotext") is None:
        raise UserError("nmt watch needs plotext; install it with: pip install 'nmt-attn[watch]'")
    watched = WatchedRun(run_to_watch(run))
    from nmt_attn.reporting.watching import draw_once, screen_of, watch

    if not live:
        for line in draw_once(watched):
            print(line)
        return
    try:
        watch(watched, screen_of(sys.stdout), every or _EVERY)
    except KeyboardInterrupt:  # that is how one leaves
        print()
