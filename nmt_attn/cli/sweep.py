"""The command ``nmt sweep``."""

from __future__ import annotations

import json
import shlex
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nmt_attn.cli.options import ExperimentOption, SetOption, expanded, refuse_idle

if TYPE_CHECKING:
    from nmt_attn.sweeping.record import SweepRecord

RangeOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set-range",
        metavar="KEY=RANGE",
        help="Range of one key of the configuration: log:1e-4..1e-2, 0.1..0.5, int:128..512:64 (in steps of 64), or "
        "a|b|c; can be repeated.",
    ),
]
TrialsOption = Annotated[
    int | None,
    typer.Option(
        "--trials",
        min=1,
        max=1_000_000,
        help="Number of trials in all, earlier ones of the sweep included. Default: 20.",
        show_default=False,
    ),
]
DirectoryOption = Annotated[
    Path | None,
    typer.Option(
        "--directory",
        callback=expanded,
        help="Folder of the sweep. Default: sweeps/NAME, with the name in the configuration.",
        show_default=False,
    ),
]
ShowOption = Annotated[
    Path | None,
    typer.Option(
        "--show",
        metavar="DIRECTORY",
        callback=expanded,
        help="Only show the trials so far of the sweep in this folder.",
        show_default=False,
    ),
]
DEFAULT_TRIALS = 20


def sweep_command(
    config: ExperimentOption = None,
    ranges: RangeOption = None,
    trials: TrialsOption = None,
    overrides: SetOption = None,
    directory: DirectoryOption = None,
    no_prune: Annotated[
        bool, typer.Option("--no-prune", help="Train every trial to its end, also one that is behind the others.")
    ] = False,
    show: ShowOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the record of the sweep as JSON.")] = False,
) -> None:
    """Search for good values of some keys: train many times, with values that Optuna chooses. Run it again to go on."""
    from nmt_attn.errors import UserError

    if show is not None:
        given = {"config": config, "set-range": ranges or None, "trials": trials, "set": overrides or None}
        refuse_idle("with --show", **given, directory=directory, **{"no-prune": no_prune or None})
        from nmt_attn.sweeping.record import SweepRecord

        _print(SweepRecord.load(show), as_json=as_json)
        return
    if not ranges:
        raise UserError(
            "nothing to search; give a range, such as --set-range training.learning_rate=log:1e-4..1e-2, or --show"
        )
    code = _sweep(config, ranges, trials or DEFAULT_TRIALS, overrides or [], directory, not no_prune, as_json)
    if code:
        raise typer.Exit(code)


def _sweep(
    config: Path | None,
    texts: list[str],
    trials: int,
    overrides: list[str],
    directory: Path | None,
    prune: bool,
    as_json: bool,
) -> int:
    """Run the sweep and print its trials; return the exit code."""
    from importlib.util import find_spec

    from nmt_attn.cli.configuration import load_given_or_usual, usual_file
    from nmt_attn.config.loading import set_keys
    from nmt_attn.errors import UserError
    from nmt_attn.sweeping.ranges import read_ranges
    from nmt_attn.threads import let_threads_sleep

    ranges = read_ranges(texts, set_keys(overrides))
    load_given_or_usual(config, overrides)  # what is wrong with it is said before torch is loaded
    if find_spec("optuna") is None:
        raise UserError("nmt sweep: optuna is not installed; pip install 'nmt-attn[sweep]'")
    let_threads_sleep(watched=True)
    from nmt_attn.reporting.sweep_display import TrialDisplay, notice
    from nmt_attn.reporting.tracked_pictures import draw
    from nmt_attn.sweeping.sweep import Search, Shown, Sweep

    search = Search(config or usual_file(), overrides, ranges, trials, directory, prune)
    swept = Sweep(search, Shown(notice, TrialDisplay, draw)).run()
    _print(swept.record, as_json=as_json)
    if swept.signal is not None:
        print(f"interrupted; the same command goes on: {shlex.join(['nmt', *sys.argv[1:]])}", file=sys.stderr)
        return 128 + swept.signal
    if swept.record.best is None:
        print("error: no trial has come to its end; the table says why", file=sys.stderr)
        return 1
    return 0


def _print(record: SweepRecord, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(asdict(record), ensure_ascii=False))
        return
    from rich.console import Console

    from nmt_attn.reporting.sweep_table import sweep_table, width

    Console(width=width(), highlight=False).print(sweep_table(record), soft_wrap=False)
