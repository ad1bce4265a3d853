"""The command ``nmt inspect``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from nmt_attn.cli.completion import complete_run_or_path
from nmt_attn.cli.options import expanded


def inspect_command(
    path: Annotated[
        Path,
        typer.Argument(
            metavar="PATH",
            callback=expanded,
            autocompletion=complete_run_or_path,
            help="A run, a checkpoint, prepared data, a tokenizer, an exported model, metrics.jsonl, a file of "
            "weights, or a configuration.",
            show_default=False,
        ),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Say what a folder or a file is, and what matters about it. No weights are loaded for that."""
    from nmt_attn.reporting.inspected import inspect_path
    from nmt_attn.reporting.inspected_text import inspected_lines

    found = inspect_path(path)
    if as_json:
        print(json.dumps(found.to_json(), ensure_ascii=False, indent=2))
        return
    for line in inspected_lines(found):
        print(line)
