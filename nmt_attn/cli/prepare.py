"""The command ``nmt prepare``."""

from __future__ import annotations

from typing import Annotated

import typer

from nmt_attn.cli.configuration import load_given_or_usual
from nmt_attn.cli.options import ExperimentOption, SetOption, refuse_both

_WIDEST = 10_000  # characters; no table comes near it


def prepare_command(
    config: ExperimentOption = None,
    overrides: SetOption = None,
    force: Annotated[
        bool,
        typer.Option(
            "--force", help="Prepare again even if nothing has changed. Data that you have edited is moved aside."
        ),
    ] = False,
    processes: Annotated[
        int | None,
        typer.Option(
            "--processes",
            min=1,
            max=256,
            help="Number of processes that share the work; the data does not depend on it. Default: that of the "
            "configuration, else one for each usable processor.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Download, read, clean, split, tokenise and store a corpus."""
    from nmt_attn.threads import leave_numpy_alone

    leave_numpy_alone()
    from rich.console import Console

    from nmt_attn.corpus.prepare import prepare
    from nmt_attn.reporting.preparation import summary

    refuse_both(overrides, "--processes", processes, "data.processes")
    sets = [*(overrides or ()), *([] if processes is None else [f"data.processes={processes}"])]
    preparation = prepare(load_given_or_usual(config, sets), force=force)
    directory = preparation.data.directory
    if not preparation.fresh:
        print(f"{directory} is up to date; nothing to do (--force does it again)")
        return
    # As wide as the tables are: a pipe and a narrow terminal get whole lines, not columns that are cut.
    Console(width=_WIDEST).print(summary(preparation.data))
