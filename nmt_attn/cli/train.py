"""``nmt train``."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from nmt_attn.cli.options import ConfigOption, SetOption


def train_command(
    config: ConfigOption = None,
    overrides: SetOption = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the latest checkpoint.")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Train anew where the run exists; the old one is moved aside.")
    ] = False,
) -> None:
    """Train a model; the corpus is prepared first where that has not been done."""
    from nmt_attn.config_file import load_config
    from nmt_attn.training.train import train

    outcome = train(load_config(config, overrides or ()), resume=resume, force=force)
    print(outcome.summary())
    if outcome.signal is not None:
        print("go on with: nmt train --resume and the same configuration", file=sys.stderr)
        raise typer.Exit(128 + outcome.signal)
