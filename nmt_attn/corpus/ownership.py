"""Ownership of the files in a folder that ``nmt prepare`` is about to replace: its own, or somebody's.

A folder is ours by its manifest, and a file in it if the manifest lists it. A text that is no longer as it was written
is the work of whoever edited it.
"""

from __future__ import annotations

import re
from pathlib import Path

from nmt_attn.config.schema import Config
from nmt_attn.corpus.inputs import input_paths, sha256_of
from nmt_attn.corpus.manifest import MANIFEST_FILE, Manifest
from nmt_attn.errors import InputError, UserError
from nmt_attn.files import disk_errors

_OURS = re.compile(
    r"manifest\.json|tokenizer/[^/]+|store/[^/]+|train\.(source|target)|(valid|test)\.(source|reference\.\d+)"
    r"|(train|valid|test)\.(text|label)"
)


def refuse_inputs_inside(config: Config) -> None:
    """Refuse to replace a folder that holds the files which its data is made of.

    Raises:
        UserError: an input file lies in the folder of the prepared data.
        ConfigError: the configuration names no input files.
    """
    directory = config.data_directory
    for path in input_paths(config).values():
        if path.resolve().is_relative_to(directory.resolve()):
            raise UserError(
                f"{path}: lies in {directory}, which nmt prepare writes anew as a whole; move it elsewhere, or set "
                "data.directory to another folder"
            )


def check_folder(directory: Path) -> list[Path]:
    """Say which texts in the folder of prepared data, or its manifest, are not as they were written.

    Raises:
        UserError: there is something in it, or in its place, that ``nmt prepare`` has not written.
    """
    if not directory.exists():
        return []
    if not directory.is_dir():
        raise UserError(
            f"{directory}: is a file, but the prepared data goes there; set data.directory to another place"
        )
    manifest_file = directory / MANIFEST_FILE
    try:
        manifest = Manifest.load(directory)
    except InputError:
        manifest = None
    foreign = _foreign(directory, manifest, by_name=manifest_file.exists())
    if foreign:
        shown = ", ".join(foreign[:3]) + (", …" if len(foreign) > 3 else "")
        why = "" if manifest_file.exists() else f" (no {MANIFEST_FILE} says otherwise)"
        raise UserError(
            f"{directory}: holds files that are not prepared data ({shown}) and would be lost{why}; "
            "move them, or set data.directory to another folder"
        )
    if manifest is not None:
        return edited_texts(directory, manifest)
    return [manifest_file] if manifest_file.exists() else []


def _foreign(directory: Path, manifest: Manifest | None, *, by_name: bool) -> list[str]:
    """Name what lies in a folder but not in its manifest, or has a foreign name where that is damaged (``by_name``)."""
    files = [path for path in sorted(directory.rglob("*")) if path.is_symlink() or not path.is_dir()]
    names = [path.relative_to(directory).as_posix() for path in files]
    if manifest is not None:
        return [name for name in names if name not in (MANIFEST_FILE, *manifest.files)]
    return [name for name in names if not (by_name and _OURS.fullmatch(name))]


def edited_texts(directory: Path, manifest: Manifest) -> list[Path]:
    """Return the texts, for people to read and other programs to use, that are not as they were written.

    A text that is missing has lost nobody's work. Neither have tokenizer and store, which are no texts: where they are
    damaged they are made anew.
    """
    texts = [name for name in manifest.files if "/" not in name]
    return [directory / name for name in texts if _is_edited(directory / name, name, manifest)]


def _is_edited(path: Path, name: str, manifest: Manifest) -> bool:
    if not path.exists():
        return False
    if path.stat().st_size != manifest.files[name]:
        return True
    recorded = manifest.sha256.get(name)  # none in format 2
    return recorded is not None and sha256_of(path) != recorded


def move_aside(directory: Path) -> Path:
    """Rename a folder to the first free ``<name>.old-N``; return its new path.

    Raises:
        NmtError: the folder around it is read-only or not permitted.
    """
    number = 1
    while (aside := directory.with_name(f"{directory.name}.old-{number}")).exists():
        number += 1
    with disk_errors(directory):
        return directory.rename(aside)
