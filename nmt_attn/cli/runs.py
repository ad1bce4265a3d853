"""The command ``nmt runs``."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nmt_attn.cli.command import Command
from nmt_attn.cli.options import expanded, refuse_idle
from nmt_attn.errors import UserError

if TYPE_CHECKING:
    from nmt_attn.runs.deletion import Deletable


class RunsCommand(Command):
    """A command whose ``--delete`` takes all the names behind it."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the words behind the command; each name behind ``--delete`` is one to delete."""
        words: list[str] = []
        deleting = False
        for word in args:
            if deleting and not word.startswith("-"):
                words += ["--delete", word]
            elif word == "--delete":
                deleting = True
            else:
                words.append(word)
        if deleting and "--delete" not in words and "--help" not in words and "-h" not in words:
            raise UserError("--delete takes the names of runs, as in: nmt runs --delete NAME")
        return super().parse_args(ctx, words)


def runs_command(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", callback=expanded, help="The folder with the runs.")
    ] = Path("runs"),
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON array instead of the table.")] = False,
    delete: Annotated[
        list[str] | None,
        typer.Option(
            "--delete",
            metavar="NAME",
            help="Delete these runs, after a question; several names can follow. The folder comes before it.",
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Delete without asking.")] = False,
) -> None:
    """List the runs, the one written last first: state, steps, best score, size, and the command each came from.

    With --delete, delete runs. Never deleted: a run that is being trained, a folder that is no run, a link.
    """
    from nmt_attn.runs.summary import list_runs

    if delete:
        refuse_idle("beside --delete", json=as_json or None)
        _delete(folder, delete, sure=yes)
        return
    refuse_idle("without --delete", yes=yes or None)
    found = list_runs(folder)
    if as_json:
        print(json.dumps([run.values() for run in found], ensure_ascii=False, indent=2))
        return
    if not found:
        print(f"{folder}: no runs in it; one is trained with: nmt train --config FILE", file=sys.stderr)
        return
    from nmt_attn.reporting.runs_table import runs_table

    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    for line in runs_table(found, width):
        print(line)


def _delete(folder: Path, names: list[str], *, sure: bool) -> None:
    from nmt_attn.reporting.plain_table import size_text
    from nmt_attn.runs.deletion import delete_run, find_deletable

    found = find_deletable(folder, names)
    if not sure and not _agreed(found):
        print("nothing deleted", file=sys.stderr)
        return
    for run in found:
        delete_run(run)
        print(f"{run.path}: deleted, {size_text(run.bytes)} freed")
    if len(found) > 1:
        print(f"{len(found)} runs deleted, {size_text(sum(run.bytes for run in found))} freed")


def _agreed(found: list[Deletable]) -> bool:
    """Ask on the terminal.

    Raises:
        UserError: there is none.
    """
    from nmt_attn.reporting.plain_table import size_text

    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UserError("--delete asks before it deletes, and there is no terminal to ask on; --yes deletes at once")
    for run in found:
        print(f"{run.path} ({size_text(run.bytes)})", file=sys.stderr)
    sys.stderr.write(f"Delete {'this run' if len(found) == 1 else f'these {len(found)} runs'}? [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().casefold() in ("y", "yes")
