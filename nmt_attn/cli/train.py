"""The command ``nmt train``."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nmt_attn.cli.completion import complete_run
from nmt_attn.cli.configuration import load_given_or_usual
from nmt_attn.cli.options import ExperimentOption, SetOption, expanded, refuse_both
from nmt_attn.distributed.environment import Place, notes_of_main, place_here
from nmt_attn.distributed.launch import launch, processes_here
from nmt_attn.threads import let_threads_sleep

if TYPE_CHECKING:
    from nmt_attn.config.schema import Config

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


def _process_count(text: str) -> str:
    """Return the number of processes, or ``auto``, as it was given."""
    from nmt_attn.config.schema import known_process_count

    try:
        known_process_count(int(text) if text.isdecimal() else text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    return text


ProcessesOption = Annotated[
    str | None,
    typer.Option(
        "--processes",
        metavar="N",
        parser=_process_count,
        help="Number of processes that train together on this machine, or auto: one for each GPU (training.processes).",
        show_default=False,
    ),
]


def train_command(
    config: ExperimentOption = None,
    overrides: SetOption = None,
    origin: OriginOption = None,
    threads: ThreadsOption = None,
    processes: ProcessesOption = None,
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
    if processes is not None:
        refuse_both(overrides, "--processes", processes, "training.processes")
        sets.append(f"training.processes={processes}")
        typed += ["--processes", processes]
    place = place_here()
    with notes_of_main(place):
        loaded = load_given_or_usual(config, sets)  # what is wrong with it is said before torch is loaded
    if not place.launch and (count := processes_here(loaded)) > 1:
        raise typer.Exit(launch(sys.argv[1:], count))
    _train(loaded, place, typed, resume=resume, force=force)


def _train(config: Config, place: Place, typed: Sequence[str], *, resume: bool, force: bool) -> None:
    """Train in this process, alone or together with others, of which the main one speaks."""
    let_threads_sleep(watched=True)
    from nmt_attn.distributed.torch_group import joined
    from nmt_attn.reporting.tracked_pictures import draw
    from nmt_attn.reporting.training_display import TrainingDisplay
    from nmt_attn.training.train import train

    with joined(place, config.training.device, config.training.timeout) as group:
        outcome = train(
            config,
            resume=resume,
            force=force,
            typed=typed,
            command=["nmt", *sys.argv[1:]],
            reporter=TrainingDisplay() if group.is_main else None,
            draw=draw,
            group=group,
            place=place,
        )
    if group.is_main:
        print(outcome.summary())
    if outcome.signal is not None:
        if group.is_main:
            print(f"go on with: {shlex.join([*typed, '--resume'])}", file=sys.stderr)
        raise typer.Exit(128 + outcome.signal)
