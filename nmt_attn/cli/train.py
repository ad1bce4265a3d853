"""The command ``nmt train``."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from nmt_attn.cli.completion import complete_run
from nmt_attn.cli.configuration import load_given_or_usual
from nmt_attn.cli.options import ExperimentOption, SetOption, expanded, refuse_both
from nmt_attn.threads import let_threads_sleep

OriginOption = Annotated[
    Path | None,
    typer.Option(
        "--from",
        metavar="RUN",
        callback=expanded,
        autocompletion=complete_run,
        help="Begin with the weights and the tokenizer of this run or checkpoint, on new data (training.from).",
        show_default=False,
    ),
]
ThreadsOption = Annotated[
    int | None,
    typer.Option(
        "--threads",
        min=1,
        max=1024,
        help="Number of CPU threads. Default: as many as make it faster.",
        show_default=False,
    ),
]


def train_command(
    config: ExperimentOption = None,
    overrides: SetOption = None,
    origin: OriginOption = None,
    threads: ThreadsOption = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the latest checkpoint of the run.")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Train from the start even if the run exists; the old run is moved aside.")
    ] = False,
) -> None:
    """Train a model. The corpus is prepared first if that has not been done."""
    sets = [*(overrides or ()), *([] if origin is None else [f"training.from={json.dumps(str(origin))}"])]
    typed = ["nmt", "train", *([] if config is None else ["--config", str(config)])]
    typed += [word for one in overrides or () for word in ("--set", one)]
    if threads is not None:
        refuse_both(overrides, "--threads", threads, "training.threads")
        sets.append(f"training.threads={threads}")
        typed += ["--threads", str(threads)]
    loaded = load_given_or_usual(config, sets)  # what is wrong with it is said before torch is loaded
    let_threads_sleep(watched=True)
    from nmt_attn.reporting.tracked_pictures import draw
    from nmt_attn.reporting.training_display import TrainingDisplay
    from nmt_attn.training.train import train

    command = ["nmt", *sys.argv[1:]]
    outcome = train(
        loaded, resume=resume, force=force, typed=typed, command=command, reporter=TrainingDisplay(), draw=draw
    )
    print(outcome.summary())
    if outcome.signal is not None:
        print(f"go on with: {shlex.join([*typed, '--resume'])}", file=sys.stderr)
        raise typer.Exit(128 + outcome.signal)
