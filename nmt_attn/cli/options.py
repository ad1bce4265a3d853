"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from nmt_attn.cli.completion import complete_configuration, complete_run, complete_run_setting, complete_setting
from nmt_attn.errors import UserError
from nmt_attn.files import expand_user


def expanded(value: Any) -> Any:
    """Expand ``~`` in one or several path options as the home folder: shells keep it in ``--input=~/text``."""
    if isinstance(value, list | tuple):
        return [expanded(path) for path in value]
    return expand_user(value) if isinstance(value, Path) else value


ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-c",
        callback=expanded,
        autocompletion=complete_configuration,
        help="Configuration file (YAML) to score by. Default: that of the run; of files of translations alone, the "
        "default of every key.",
        show_default=False,
    ),
]
ExperimentOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-c",
        callback=expanded,
        autocompletion=complete_configuration,
        help="Configuration file (YAML). Default: nmt.yaml in the working directory, if there is one.",
        show_default=False,
    ),
]
SetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        autocompletion=complete_setting,
        help="Change one key of the configuration, such as training.max_epochs=10; can be repeated.",
    ),
]
RunSetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        autocompletion=complete_run_setting,
        help="Change one key of the run's configuration, such as decoding.length_penalty=0.5; can be repeated.",
    ),
]
ModelOption = Annotated[
    Path | None,
    typer.Option(
        "--model",
        "-m",
        callback=expanded,
        autocompletion=complete_run,
        help="Run directory, or a checkpoint in one. Default: $NMT_MODEL, else the run trained last.",
        show_default=False,
    ),
]
ModelsOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--model",
        "-m",
        callback=expanded,
        autocompletion=complete_run,
        help="Run directory, or a checkpoint in one; repeat it to average the probabilities of several models. "
        "Default: $NMT_MODEL, else the run trained last.",
        show_default=False,
    ),
]
PrecisionOption = Annotated[
    str | None,
    typer.Option(
        "--precision",
        help="Precision of the search: fp32, bf16, int8 or auto. Default: that of the run.",
        show_default=False,
    ),
]
DEVICES = "Device: auto, cpu, cuda, or cuda:N for GPU number N."
DeviceOption = Annotated[str, typer.Option("--device", help=DEVICES)]
ThreadsOption = Annotated[
    int | None,
    typer.Option(
        "--threads",
        min=1,
        max=1024,
        help="Number of CPU threads of all processes together. Default: that of the run, else one for each usable "
        "processor.",
        show_default=False,
    ),
]
OutputOption = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        callback=expanded,
        help="Write the results to this file, compressed if its name ends in .gz, .bz2, .xz or .zst.",
        show_default=False,
    ),
]
BeamOption = Annotated[
    int | None,
    typer.Option(
        "--beam", min=1, max=1000, help="Beam size; 1 is greedy search. Default: that of the run.", show_default=False
    ),
]


def with_options(overrides: list[str] | None, **options: object) -> list[str]:
    """Add options that stand for a key of ``decoding`` to the overrides of ``--set``.

    Args:
        overrides: those given by ``--set``.
        options: values by the name that option and key share, such as ``precision``; None means not given.

    Raises:
        UserError: an option and a ``--set`` give the same key.
    """
    given = {name: value for name, value in options.items() if value is not None}
    for name, value in given.items():
        refuse_both(overrides, f"--{name}", value, f"decoding.{name}")
    return [*(overrides or ()), *(f"decoding.{name}={value}" for name, value in given.items())]


def refuse_both(overrides: list[str] | None, option: str, value: object, key: str) -> None:
    """Refuse an option beside a ``--set`` of the key that it stands for, which would have no effect.

    Raises:
        UserError: both are given.
    """
    from nmt_attn.config.loading import set_keys

    if value is not None and key in set_keys(overrides or ()):
        raise UserError(f"{option} and --set {key} say the same thing; keep one of them")


def refuse_idle(reason: str, **options: object) -> None:
    """Refuse options that would have no effect.

    Args:
        reason: the words that follow "has no effect" in the message.
        options: values by name (``_`` for ``-``; a ``set`` with the key that follows it); None means not given.

    Raises:
        UserError: one is given.
    """
    names = {name: name if name.startswith("set ") else name.replace("_", "-") for name in options}
    given = [f"--{names[name]}" for name, value in options.items() if value is not None]
    if given:
        has = "has" if len(given) == 1 else "have"
        raise UserError(f"{' and '.join(given)} {has} no effect {reason}; leave {'it' if has == 'has' else 'them'} out")


def as_text(argument: str) -> str:
    """Return a command-line word as text. Bytes that are not UTF-8 become replacement characters, as in a pipe."""
    return argument.encode("utf-8", "surrogateescape").decode("utf-8", "replace").removeprefix("\ufeff")


def prepare_for_torch(model: Path | Sequence[Path] | None, task: str | None = "translation") -> None:
    """Do what must precede the import of torch, which takes seconds: a wrong name of a model is reported at once.

    Args:
        model: the path or paths that the user has given; None means the default model.
        task: what the model has to be trained for; None: anything.

    Raises:
        InputError: there is no such run, or nothing in it can be read.
        UserError: it is of another task.
    """
    from nmt_attn.config.loading import load_config
    from nmt_attn.runs.directory import find_model
    from nmt_attn.runs.task import refuse_other_task
    from nmt_attn.threads import leave_numpy_alone, let_threads_sleep

    let_threads_sleep()
    leave_numpy_alone()
    for path in [model] if model is None or isinstance(model, Path) else model:
        found = find_model(path)
        if task is not None:
            refuse_other_task(found, load_config(found.run.config_file), task)
