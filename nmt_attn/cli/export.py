"""The command ``nmt export``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nmt_attn.cli.options import ModelOption, RunSetOption, expanded


def export_command(
    output: Annotated[
        Path, typer.Option("--output", "-o", callback=expanded, help="Folder to write to, such as exported.")
    ],
    model: ModelOption = None,
    file_format: Annotated[str, typer.Option("--format", help="Format to write; there is only onnx.")] = "onnx",
    force: Annotated[bool, typer.Option("--force", help="Replace an earlier export.")] = False,
    overrides: RunSetOption = None,
) -> None:
    """Write a run as ONNX, with a program that translates, or classifies, with it without torch."""
    from nmt_attn.errors import UserError

    if file_format != "onnx":
        raise UserError(f"--format {file_format}: expected onnx")
    from nmt_attn.runs.directory import find_model

    found = find_model(model)
    from nmt_attn.export.directory import export_run

    exported = export_run(found, output, overrides=overrides or (), force=force)
    print(
        f"{exported.path}: {found.checkpoint} as {' and '.join(exported.models)}, {exported.bytes / 1e6:.1f} MB; "
        f"differs from the network by {exported.difference:.1g} at most"
    )
