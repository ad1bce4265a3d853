"""The files that prepared data is made of: which they are, whether they are there, what is in them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from nmt_attn.config.schema import Config, DataConfig
from nmt_attn.corpus.download import download
from nmt_attn.corpus.labelled_folder import describe_input
from nmt_attn.corpus.languages import Languages
from nmt_attn.corpus.manifest import InputFile
from nmt_attn.corpus.read import members_of
from nmt_attn.errors import ConfigError, InputError
from nmt_attn.progress import note


def input_paths(config: Config) -> dict[str, Path]:
    """Return the files that the configuration names, by role; none for pairs that are made up.

    Raises:
        ConfigError: it names none.
    """
    data = config.data
    if config.task == "classification":
        return labelled_paths(data)
    if data.parallel is not None:
        files = data.parallel.given()
        roles = {f"{name}.source": given.source for name, given in files.items()}
        for name, given in files.items():
            roles.update({f"{name}.target.{index}": path for index, path in enumerate(given.target)})
        return roles
    if data.synthetic is not None:
        return {}
    if data.corpus.path is None:
        raise ConfigError(
            "nothing to learn from: set data.corpus.path to a file of pairs, data.parallel to your own files, or "
            "data.synthetic to a kind of made-up pairs"
        )
    return {"corpus": data.corpus.path}


def labelled_paths(data: DataConfig) -> dict[str, Path]:
    """Return the files of labelled texts, or folders of them, by role: their part, or ``corpus`` for all in one.

    Raises:
        ConfigError: the configuration names none.
    """
    if data.labelled is not None:
        return data.labelled.given()
    if data.corpus.path is None:
        raise ConfigError(
            "nothing to learn from: set data.corpus.path to a file of labelled texts, or data.labelled to your own "
            "files"
        )
    return {"corpus": data.corpus.path}


def fetch_inputs(config: Config) -> list[InputFile]:
    """Download what is missing and has an address, and describe every file.

    Raises:
        ConfigError: the configuration names no files.
        InputError: a file is missing or unreadable, or the address is wrong.
        DownloadError: the download failed.
    """
    return [_fetch(role, path, config) for role, path in input_paths(config).items()]


def _fetch(role: str, path: Path, config: Config) -> InputFile:
    fetched_from, corpus, labelled = None, config.data.corpus, config.task == "classification"
    if role == "corpus" and corpus.url is not None and not path.exists():
        note(f"fetching {corpus.url}")
        fetched_from = download(corpus.url, path, allow_http=corpus.allow_http).url
    if not path.is_file() and not (labelled and path.is_dir()):
        kind = "is a folder; expected a file" if path.is_dir() else "no such file"
        key = (
            f"data.{role}.path"
            if role == "corpus"
            else f"data.{'labelled' if labelled else 'parallel'}.{role.split('.')[0]}"
        )
        advice = "; set data.corpus.url to have it fetched" if role == "corpus" and not path.exists() else ""
        raise InputError(f"{path}: {kind} ({key}){advice}")
    languages = Languages(config.data.source_lang, config.data.target_lang)
    members = members_of(path, languages) if role == "corpus" and not labelled else None
    try:
        state = _State.of(path)
        sha256 = sha256_of(path)
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from None
    if role == "corpus" and corpus.sha256 not in (None, sha256):
        advice = "put the right file there, or delete it to have it fetched anew"
        if fetched_from is not None:
            path.unlink()
            advice = "so it is not kept; the server may have another version of it"
        raise InputError(
            f"{path}: not the file that is expected: its SHA-256 is {sha256[:12]}… and not "
            f"{str(corpus.sha256)[:12]}… (data.corpus.sha256); {advice}"
        )
    member = str(members) if members is not None else None
    return InputFile(
        role=role,
        path=str(path),
        member=member,
        url=fetched_from,
        size=state.size,
        mtime_ns=state.mtime_ns,
        sha256=sha256,
    )


@dataclass(frozen=True)
class _State:
    """The size and the age of a file, or of all that lies in a folder."""

    size: int
    mtime_ns: int

    @classmethod
    def of(cls, path: Path) -> _State:
        """Look at a file or a folder.

        Raises:
            OSError: it is not there.
        """
        files = [path, *describe_input(path)] if path.is_dir() else [path]
        found = [file.stat() for file in files]
        sizes = found[1:] if path.is_dir() else found
        return cls(sum(status.st_size for status in sizes), max(status.st_mtime_ns for status in found))


def is_unchanged(recorded: InputFile, path: Path) -> bool:
    """Say whether ``path`` holds what was recorded. A file that is gone from the same place counts as unchanged."""
    try:
        state = _State.of(path)
    except OSError:
        return recorded.path == str(path)
    if state.size != recorded.size:
        return False
    if recorded.path == str(path) and state.mtime_ns == recorded.mtime_ns:
        return True  # no need to read it all
    try:
        return sha256_of(path) == recorded.sha256
    except OSError:
        return False


def sha256_of(path: Path) -> str:
    """Hash the content of a file; of a folder the names and contents of its files."""
    if path.is_dir():
        listed = ("\0".join((file.relative_to(path).as_posix(), sha256_of(file))) for file in describe_input(path))
        return hashlib.sha256("\n".join(listed).encode("utf-8", "surrogateescape")).hexdigest()
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
