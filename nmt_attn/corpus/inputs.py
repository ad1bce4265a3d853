"""The files that prepared data is made of: which they are, whether they are there, what is in them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from glob import has_magic
from pathlib import Path

from nmt_attn.config.schema import Config, DataConfig
from nmt_attn.corpus.corpus_files import corpus_files, is_pattern, parallel_files
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
        roles = {
            f"{name}.source{f'.{index}' if len(given.source) > 1 else ''}": path
            for name, given in files.items()
            for index, path in enumerate(given.source)
        }
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
    found = [_fetch(role, path, config) for role, path in input_paths(config).items()]
    for files in (config.data.parallel.given() if config.data.parallel is not None else {}).values():
        parallel_files(files)
    return found


def _fetch(role: str, path: Path, config: Config) -> InputFile:
    fetched_from, corpus, labelled = None, config.data.corpus, config.task == "classification"
    if role == "corpus" and corpus.url is not None and not path.exists() and not is_pattern(path):
        note(f"fetching {corpus.url}")
        fetched_from = download(corpus.url, path, allow_http=corpus.allow_http).url
    several = not labelled and bool(path.is_dir() or is_pattern(path))
    key = (
        f"data.{role}.path"
        if role == "corpus"
        else f"data.{'labelled' if labelled else 'parallel'}.{role.split('.')[0]}"
    )
    if several and not corpus_files(path):
        what = "pairs" if role == "corpus" else "sentences"
        found = f"is a folder; expected a file, or files of {what} in it" if path.is_dir() else "no file matches it"
        raise InputError(f"{path}: {found} ({key})")
    if not several and not path.is_file() and not (labelled and path.is_dir()):
        kind = "is a folder; expected a file" if path.is_dir() else "no such file"
        advice = "; set data.corpus.url to have it fetched" if role == "corpus" and not path.exists() else ""
        raise InputError(f"{path}: {kind} ({key}){advice}")
    languages = Languages(config.data.source_lang, config.data.target_lang)
    members = members_of(path, languages) if role == "corpus" and not labelled and not several else None
    try:
        state = _State.of(path, labelled)
        sha256 = sha256_of(path, labelled=labelled)
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
    """The size and the age of a file, or of all that lies in a folder or matches a pattern."""

    size: int
    mtime_ns: int

    @classmethod
    def of(cls, path: Path, labelled: bool) -> _State:
        """Look at a file, a folder, or what a pattern matches.

        Raises:
            OSError: it is not there.
        """
        files = _files_of(path, labelled)
        found = [file.stat() for file in files]
        folder = [path.stat()] if path.is_dir() or not files else []
        dates = [status.st_mtime_ns for status in (*found, *folder)]
        return cls(sum(status.st_size for status in found), max(dates))


def is_unchanged(recorded: InputFile, path: Path, *, labelled: bool) -> bool:
    """Say whether ``path`` holds what was recorded. A file that is gone from the same place counts as unchanged.

    Args:
        recorded: the file, folder or pattern when data was prepared.
        path: where it is now.
        labelled: whether it holds labelled texts, which are looked for in folders of folders too.
    """
    try:
        state = _State.of(path, labelled)
    except OSError:
        return recorded.path == str(path)
    if state.size != recorded.size:
        return False
    if recorded.path == str(path) and state.mtime_ns == recorded.mtime_ns:
        return True  # no need to read it all
    try:
        return sha256_of(path, labelled=labelled) == recorded.sha256
    except OSError:
        return False


def _files_of(path: Path, labelled: bool) -> list[Path]:
    return describe_input(path) if labelled and path.is_dir() else corpus_files(path)


def sha256_of(path: Path, *, labelled: bool = False) -> str:
    """Hash the content of a file; of a folder or a pattern the names and contents of its files."""
    if path.is_dir() or is_pattern(path):
        files = _files_of(path, labelled)
        base = path if path.is_dir() else _above_pattern(path)
        listed = ("\0".join((file.relative_to(base).as_posix(), sha256_of(file))) for file in files)
        return hashlib.sha256("\n".join(listed).encode("utf-8", "surrogateescape")).hexdigest()
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _above_pattern(path: Path) -> Path:
    """Return the last folder of a pattern that is no pattern itself, so that the corpus can be moved as a whole."""
    return next(folder for folder in path.parents if not has_magic(str(folder)))
