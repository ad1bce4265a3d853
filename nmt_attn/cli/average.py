"""The command ``nmt average``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nmt_attn.cli.options import ModelOption, expanded


def average_command(
    output: Annotated[
        Path, typer.Option("--output", "-o", callback=expanded, help="Directory of the new run, such as runs/averaged.")
    ],
    model: ModelOption = None,
    last: Annotated[
        int | None,
        typer.Option("--last", min=1, help="Average this many checkpoints, the latest ones.", show_default=False),
    ] = None,
    best: Annotated[
        int | None,
        typer.Option(
            "--best",
            min=1,
            help="Average this many checkpoints, the best ones by the score of the training "
            "(training.early_stopping.metric).",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Make a run with the mean weights of several checkpoints: all of them, unless --last or --best gives a number."""
    from nmt_attn.errors import UserError
    from nmt_attn.runs.directory import find_model

    if last is not None and best is not None:
        raise UserError("--last and --best are both given; keep one of them")
    run = find_model(model).run
    from nmt_attn.training.average import average_run, best_checkpoints, last_checkpoints

    if best is not None:
        chosen = best_checkpoints(run, best)
    else:
        chosen = last_checkpoints(run, last or len(run.all_checkpoints()))
    averaged = average_run(run, chosen, output)
    print(f"{averaged.path}: the mean of {', '.join(checkpoint.name for checkpoint in chosen)} of {run.path}")
