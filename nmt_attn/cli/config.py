"""The commands ``nmt config init``, ``check``, ``show``, ``explain`` and ``schema``."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated

import typer

from nmt_attn.cli.command import Command
from nmt_attn.cli.completion import complete_configuration, complete_key, complete_run, complete_shipped
from nmt_attn.cli.configuration import USUAL_FILE, usual_file
from nmt_attn.cli.options import SetOption, expanded
from nmt_attn.errors import ConfigError, UserError, printable
from nmt_attn.text.streams import STANDARD

config_app = typer.Typer(
    name="config",
    help="Write, check and explain configurations.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)

FilesArgument = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="FILE",
        callback=expanded,
        autocompletion=complete_configuration,
        help="Configuration files. Default: nmt.yaml in the working directory.",
        show_default=False,
    ),
]
FromOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--from",
        metavar="FILE_OR_FOLDER",
        callback=expanded,
        help="Data to write a configuration for: a file of pairs, parallel files (repeat the option, the source "
        "first), labelled texts, or a folder of these. Default: the working directory.",
        show_default=False,
    ),
]
LikeOption = Annotated[
    str | None,
    typer.Option(
        "--like",
        metavar="NAME",
        autocompletion=complete_shipped,
        help="Copy a shipped configuration, such as tiny, with the small corpus that it uses.",
        show_default=False,
    ),
]


@config_app.command("init", cls=Command)
def init_command(
    origins: FromOption = None,
    like: LikeOption = None,
    output: Annotated[
        Path, typer.Option("--output", "-o", callback=expanded, help="File to write; -: standard output.")
    ] = USUAL_FILE,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
) -> None:
    """Write a first configuration with comments, for your data or like a shipped one."""
    from nmt_attn.corpus import initialisation

    if origins and like is not None:
        raise UserError("--from and --like are both given; keep one of them")
    printed = output == STANDARD
    if printed and force:
        raise UserError("--force has no effect on standard output; leave it out")
    if not printed:
        initialisation.check_target(output, origins or (), force=force)
    corpora: dict[Path, Path] = {}
    if like is not None:
        copy = initialisation.config_like(like)
        config, corpora = copy.config, copy.corpora
    else:
        try:
            config = initialisation.config_for_data(origins or (), _typed(origins or ()))
        except UserError:
            if not origins:
                print(f"shipped configurations, for --like:\n{initialisation.choices()}", file=sys.stderr)
            raise
    _say(config.notes)
    if printed:
        print(config.text, end="")
        _say(f"{path}: not copied; without --output - it is, unless it is there" for path in corpora)
        return
    _say(initialisation.write_configuration(output, config, corpora, force=force))
    given = "" if output == USUAL_FILE else f" --config {shlex.quote(str(output))}"
    print(f"{output}: written; go on with: nmt train{given}")


def _say(lines: Iterable[str]) -> None:
    """Print notes, which may quote names of files and sentences, so nothing in them may control the terminal."""
    for line in lines:
        print(printable(line), file=sys.stderr)


def _typed(origins: Sequence[Path]) -> str:
    return " ".join(f"--from {shlex.quote(str(path))}" for path in origins)


@config_app.command("check", cls=Command)
def check_command(files: FilesArgument = None, overrides: SetOption = None) -> None:
    """Load files as nmt train would, and say what they do, or all that is wrong with them, with its lines."""
    from nmt_attn.corpus.configuration_check import check_configuration

    paths = files or [_usual("name a file")]
    checks = [check_configuration(path, overrides or ()) for path in paths]
    for check in checks:
        print("\n".join(check.lines()))
    wrong = [check for check in checks if check.errors]
    if wrong:
        count = sum(len(check.errors) for check in wrong)
        names = ", ".join(str(check.path) for check in wrong[:3]) + (", …" if len(wrong) > 3 else "")
        raise ConfigError(f"{count} error{'s' * (count != 1)} in {names}")


@config_app.command("schema", cls=Command)
def schema_command() -> None:
    """Print the JSON schema of a configuration, by which an editor completes and checks one."""
    from nmt_attn.config.json_schema import schema_text

    print(schema_text(), end="")


@config_app.command("show", cls=Command)
def show_command(
    file: Annotated[
        Path | None,
        typer.Argument(
            callback=expanded,
            autocompletion=complete_configuration,
            help="Configuration file. Default: nmt.yaml in the working directory; where there is none, the defaults.",
            show_default=False,
        ),
    ] = None,
    overrides: SetOption = None,
    run: Annotated[
        Path | None,
        typer.Option(
            "--run",
            callback=expanded,
            autocompletion=complete_run,
            help="Show the configuration of this run or checkpoint instead of a file.",
            show_default=False,
        ),
    ] = None,
    changed: Annotated[bool, typer.Option("--changed", help="Only keys that do not have their defaults.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    key: Annotated[
        str | None,
        typer.Option(
            "--key",
            autocompletion=complete_key,
            help="Explain this one key, such as training.learning_rate, and show its value.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Print a configuration with all its keys; behind a value that is not the default stands the default."""
    from nmt_attn.config.loading import load_config, plain_values
    from nmt_attn.config.reference import key_reference
    from nmt_attn.config.showing import changed_values, inline, shown_config, value_of

    reference = key_reference(key) if key is not None else None
    if reference is not None and (changed or as_json):
        raise UserError(f"--key shows one key; leave out {'--changed' if changed else '--json'}")
    config = load_config(_file_of(file, run), overrides or ())
    if reference is not None:
        print("\n".join([*reference.lines(), f"  value: {inline(value_of(config, reference.name))}"]))
    elif as_json:
        values = changed_values(config) if changed else plain_values(config)
        print(json.dumps(values, ensure_ascii=False, indent=2))
    else:
        print(shown_config(config, changed_only=changed), end="")


@config_app.command("explain", cls=Command)
def explain_command(
    keys: Annotated[
        list[str],
        typer.Argument(
            metavar="KEY", autocompletion=complete_key, help="Keys or sections, such as training.learning_rate."
        ),
    ],
) -> None:
    """Explain keys: what each is, its values and its default."""
    from nmt_attn.config.reference import key_reference

    for reference in [key_reference(key) for key in keys]:
        print("\n".join(reference.lines()))


def _file_of(file: Path | None, run: Path | None) -> Path | None:
    """Return the configuration to show."""
    if run is None:
        return file or usual_file()
    if file is not None:
        raise UserError(f"{file} and --run are both given; keep one of them")
    from nmt_attn.runs.directory import find_run

    return find_run(run).config_file


def _usual(advice: str) -> Path:
    path = usual_file()
    if path is None:
        raise UserError(f"there is no {USUAL_FILE} in the working directory; {advice}")
    return path
