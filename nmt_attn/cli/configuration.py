"""The configuration that a command goes by: that of ``--config``, else ``nmt.yaml`` in the working directory."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nmt_attn.errors import ConfigError

if TYPE_CHECKING:
    from nmt_attn.config.schema import Config

USUAL_FILE = Path("nmt.yaml")
"""Name of the configuration that is found without being given."""


def usual_file() -> Path | None:
    """Return :data:`USUAL_FILE` if there is one, or something that is called so."""
    return USUAL_FILE if USUAL_FILE.exists() or USUAL_FILE.is_symlink() else None


def load_given_or_usual(config: Path | None, overrides: Sequence[str]) -> Config:
    """Load the file that is given, else the usual one, else nothing but the overrides.

    Raises:
        ConfigError: something is wrong with it, or nothing at all says what to learn from.
    """
    from nmt_attn.config.loading import load_config
    from nmt_attn.corpus.inputs import input_paths

    path = config or usual_file()
    loaded = load_config(path, overrides)
    if config is None and path is not None:
        print(f"configuration: {path}", file=sys.stderr)
    if path is not None:
        return loaded
    try:
        input_paths(loaded)
    except ConfigError as error:
        ways = f"give a file with --config FILE, or have {USUAL_FILE} in this folder (nmt config init writes it)"
        raise ConfigError(f"{error}; or {ways}" if overrides else f"no configuration: {ways}") from None
    return loaded
