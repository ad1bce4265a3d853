"""``nmt config init``: a first configuration, the schema for editors beside it, and a shipped corpus that it uses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nmt_attn.config.json_schema import schema_text
from nmt_attn.config.loading import load_config
from nmt_attn.config.shipped import (
    SCHEMA_LINE,
    about,
    shipped_configuration,
    shipped_file,
    shipped_names,
    without_schema_line,
)
from nmt_attn.corpus.configuration_check import missing_files
from nmt_attn.corpus.found_data import find_data
from nmt_attn.corpus.starting_config import SCHEMA_NAME, StartingConfig, starting_config
from nmt_attn.errors import InputError, UserError
from nmt_attn.files import disk_errors, write_text


def choices() -> str:
    """List the shipped configurations, a line each."""
    widest = max(map(len, shipped_names()), default=0)
    files = {name: shipped_configuration(name).read_text(encoding="utf-8") for name in shipped_names()}
    return "\n".join(f"  {name:{widest}}  {about(text)}" for name, text in files.items())


def config_for_data(paths: Sequence[Path], given: str) -> StartingConfig:
    """Write a configuration for files or folders; for the working directory where none are given.

    Raises:
        UserError: nothing in them can be learned from; the message says what else can be done.
    """
    try:
        return starting_config(find_data(paths), given)
    except InputError as error:
        if paths:
            raise
        raise UserError(f"{error}; give your data with --from, or a shipped configuration with --like") from None


@dataclass(frozen=True)
class ShippedCopy:
    """A shipped configuration made fit for another folder, and the corpora that it uses."""

    config: StartingConfig
    corpora: dict[Path, Path]
    """Shipped files by the path that the configuration has for them, relative to the working directory."""


def config_like(name: str) -> ShippedCopy:
    """Copy a shipped configuration.

    Raises:
        UserError: there is none of this name.
    """
    file = shipped_configuration(name)
    text = without_schema_line(file.read_text(encoding="utf-8"))
    text = f"{SCHEMA_LINE}{SCHEMA_NAME}\n{text}".replace("docs/configuration.md", "nmt config explain KEY")
    config = load_config(file)
    path = config.data.corpus.path
    corpora = {path: shipped_file(str(path))} if path is not None and shipped_file(str(path)).is_file() else {}
    notes = [f"the shipped configuration {name}: {about(text)}"]
    notes += [line for line in missing_files(config) if not any(str(known) in line for known in corpora)]
    return ShippedCopy(StartingConfig(text, tuple(notes)), corpora)


def check_target(output: Path, inputs: Sequence[Path], *, force: bool) -> None:
    """Make sure that a configuration may be written to a place.

    Raises:
        UserError: it may not.
    """
    if output.suffix.lower() not in (".yaml", ".yml"):
        raise UserError(f"{output}: a configuration has a name that ends in .yaml")
    if output.is_dir():
        raise UserError(f"{output}: is a folder; name a file in it")
    if not output.parent.is_dir():
        raise UserError(f"{output}: there is no folder {output.parent}")
    if any(path.exists() and output.exists() and path.samefile(output) for path in inputs):
        raise UserError(f"{output}: is what --from reads; give another --output")
    if not force and (output.exists() or output.is_symlink()):
        raise UserError(f"{output}: is there already; --force writes over it, --output names another file")


def write_configuration(output: Path, config: StartingConfig, corpora: dict[Path, Path], *, force: bool) -> list[str]:
    """Write a configuration, with the corpora and the schema; return what was done beside it, a line each.

    A corpus that is there is never written over, and a schema only with ``force``.

    Raises:
        NmtError: the disk is full, read-only or not permitted; a configuration is then not written.
    """
    done = [_copied(path, shipped) for path, shipped in corpora.items()]
    schema = output.parent / SCHEMA_NAME
    if force or not schema.exists():
        write_text(schema, schema_text())
        done.append(f"{schema}: the schema, by which an editor completes and checks {output.name}")
    elif schema.read_bytes() != schema_text().encode("utf-8"):
        done.append(f"{schema}: of another version, and kept; nmt config schema > {schema} writes it anew")
    write_text(output, config.text)
    return done


def _copied(path: Path, shipped: Path) -> str:
    """Copy a corpus to where the configuration looks for it, unless something is there."""
    content = shipped.read_bytes()
    if path.exists() or path.is_symlink():
        if path.is_file() and path.read_bytes() == content:
            return f"{path}: there already"
        return f"{path}: there already, and another one than the shipped corpus; it is kept"
    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, content.decode("utf-8"))
    return f"{path}: the bundled corpus"
