"""Download of a corpus: resumed where it was cut off, checked, and never left half-done under its final name."""

from __future__ import annotations

import hashlib
import os
import time
import zipfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import urllib3
from urllib3.exceptions import HTTPError

from nmt_attn.corpus.http import (
    answer_of,
    checked_address,
    content_range,
    in_words,
    length_of,
    pool_for,
    reason_of,
    redirected,
    retry_after,
    validator_of,
)
from nmt_attn.corpus.markup import is_web_page
from nmt_attn.corpus.part_file import PartFile
from nmt_attn.errors import DownloadError, InputError, NmtError
from nmt_attn.progress import Progress, note
from nmt_attn.version import __version__

# Some servers (manythings.org) answer 406 to the names that Python's clients give themselves.
USER_AGENT = f"nmt-attn/{__version__}"

MAX_BYTES = 8 << 30
_ATTEMPTS = 5  # in a row without a byte gained
_MOST_ATTEMPTS = 100
_LONGEST_WAIT = 60.0
_REDIRECTS = 5
_CHUNK = 1 << 16
_TEMPORARY = (408, 425, 429, 500, 502, 503, 504)
_TIMEOUT = urllib3.Timeout(connect=15.0, read=60.0)
_SLOWEST = 100.0  # bytes a second, on average over an attempt that takes longer than _PATIENCE
_PATIENCE = 120.0


@dataclass(frozen=True)
class Download:
    """A fetched file."""

    path: Path
    url: str
    size: int
    sha256: str


def download(
    url: str, path: Path, *, allow_http: bool = False, sleep: Callable[[float], None] = time.sleep
) -> Download:
    """Fetch ``url`` to ``path``; resume what an earlier attempt left in ``<path>.part``.

    Args:
        url: an https address.
        path: where the file goes; its folder is made where it is missing.
        allow_http: take an http address too.
        sleep: waits between attempts.

    Raises:
        InputError: the address is wrong: malformed, not there, not secure, or not that of a file such as ``path``.
        DownloadError: the network or the server failed, again and again.
        NmtError: the file cannot be written.
    """
    if urlsplit(checked_address(url, url)).scheme == "http" and not allow_http:
        raise InputError(
            f"{url}: not a secure address, so anybody on the way could change the file; "
            "use https, or set data.corpus.allow_http: true"
        )
    part = PartFile(path)
    missing = [folder for folder in path.parents if not folder.exists()]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _Transfer(url, path, part, sleep).run()
        size, sha256 = part.size, _sha256(part.path)
        part.path.replace(path)
        part.forget()
    except OSError as error:
        raise NmtError(f"{path}: cannot write: {error.strerror or error}") from error
    finally:
        with suppress(OSError):
            for folder in missing:  # if nothing has been written there after all
                folder.rmdir()
    return Download(path, url, size, sha256)


class _Temporary(Exception):
    """Failure of one attempt, where the next may succeed. ``wait``: what the server asks for, in seconds."""

    def __init__(self, reason: str, wait: float | None = None) -> None:
        super().__init__(reason)
        self.wait = wait


class _Transfer:
    """Series of attempts until the part is whole."""

    def __init__(self, url: str, path: Path, part: PartFile, sleep: Callable[[float], None]) -> None:
        self._url, self._path, self._part, self._sleep = url, path, part, sleep
        self._by_hand = f"or download it by hand to {path}"

    def run(self) -> None:
        self._part.keep_if_from(self._url)
        failures, reason = 0, ""
        for _ in range(_MOST_ATTEMPTS):
            before = self._part.size
            try:
                self._attempt()
                return
            except _Temporary as problem:
                failures = 1 if self._part.size > before else failures + 1
                reason = str(problem)
                if failures >= _ATTEMPTS:
                    break
                wait = min(_LONGEST_WAIT, problem.wait if problem.wait is not None else 2.0 ** (failures - 1))
                note(f"{self._url}: {reason}; trying again in {wait:.0f} s")
                self._sleep(wait)
        raise DownloadError(f"{self._url}: {reason}; try again later (it goes on where it stopped), {self._by_hand}")

    def _attempt(self) -> None:
        validator, offset = self._part.validator, self._part.size
        headers = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity"}
        if offset:
            headers["Range"] = f"bytes={offset}-"
            if validator is not None:
                headers["If-Range"] = validator
        try:
            response = self._open(headers)
            try:
                self._receive(response, offset)
            finally:
                response.close()
        except urllib3.exceptions.LocationValueError:
            raise InputError(f"{self._url}: is no http or https address; check data.corpus.url") from None
        except urllib3.exceptions.SSLError as error:
            raise DownloadError(f"{self._url}: no secure connection: {reason_of(error)}; {self._by_hand[3:]}") from None
        except HTTPError as error:
            raise _Temporary(in_words(error)) from None

    def _open(self, headers: dict[str, str]) -> urllib3.BaseHTTPResponse:
        """Send the request and follow redirects, but never from https to http."""
        url = self._url
        for _ in range(_REDIRECTS + 1):
            response = pool_for(url).request(
                "GET",
                url,
                headers=headers,
                timeout=_TIMEOUT,
                retries=False,
                redirect=False,
                preload_content=False,
            )
            location = response.headers.get("Location")
            if response.status not in (301, 302, 303, 307, 308) or location is None:
                return response
            response.close()
            target = redirected(url, location, self._url)
            if urlsplit(url).scheme == "https" and urlsplit(target).scheme == "http":
                raise InputError(
                    f"{self._url}: redirected from https to http, which is refused; "
                    f"check data.corpus.url, {self._by_hand}"
                )
            url = target
        raise InputError(
            f"{self._url}: redirected more than {_REDIRECTS} times; check data.corpus.url, {self._by_hand}"
        )

    def _receive(self, response: urllib3.BaseHTTPResponse, offset: int) -> None:
        """Append the body to the part, or begin it anew where the server does not resume."""
        status = response.status
        if status in _TEMPORARY:
            raise _Temporary(answer_of(response), retry_after(response))
        if status == 416 and offset:
            if content_range(response).total == offset:
                self._check_whole(offset)
                return  # everything had arrived, and only the renaming was missing
            self._part.forget()
            raise _Temporary("the server cannot resume", 0.0)
        if status == 206 and offset and content_range(response).start != offset:
            self._part.forget()
            raise _Temporary("the server resumes at the wrong place", 0.0)
        if status not in (200, 206) or (status == 206 and not offset):
            raise InputError(f"{self._url}: {answer_of(response)}; check data.corpus.url, {self._by_hand}")
        if status == 200:
            offset = 0
            self._part.begin(self._url, validator_of(response))
        if response.headers.get("Content-Type", "").lower().startswith("text/html"):
            self._refuse_web_page()
        total = content_range(response).total if status == 206 else length_of(response)
        self._copy(response, offset, total)
        self._check_whole(total)

    def _copy(self, response: urllib3.BaseHTTPResponse, size: int, total: int | None) -> None:
        """Append what comes, from ``size`` bytes on; ``total``: what there should be in the end, if that is known."""
        if total is not None and total > MAX_BYTES:
            self._refuse_size()
        label, began, before = f"fetching {self._path.name}", time.monotonic(), size
        with Progress(label, total, "B", size) as progress, self._part.path.open("ab") as file:
            while chunk := response.read1(_CHUNK, decode_content=False):  # what there is, without waiting for more
                size += len(chunk)
                if size > MAX_BYTES:
                    self._refuse_size()
                file.write(chunk)
                progress.update(len(chunk))
                seconds = time.monotonic() - began
                if seconds > _PATIENCE and size - before < _SLOWEST * seconds:
                    raise _Temporary(f"the server is too slow: {size - before:,} bytes in {seconds:.0f} s")
            file.flush()
            os.fsync(file.fileno())

    def _check_whole(self, total: int | None) -> None:
        """Refuse what is not the file, or not all of it."""
        size = self._part.size
        if total is not None and size < total:
            raise _Temporary(f"the transfer was cut off after {size:,} of {total:,} bytes")
        if total is not None and size > total:
            self._part.forget()
            raise _Temporary(f"the server sent {size:,} bytes of a file that has {total:,}", 0.0)
        if size == 0:
            raise _Temporary("the server sent an empty file")
        with self._part.path.open("rb") as file:
            if is_web_page(file.read(512)):
                self._refuse_web_page()
        if self._path.suffix.lower() == ".zip" and not zipfile.is_zipfile(self._part.path):
            self._part.forget()
            raise InputError(
                f"{self._url}: the server sent {size:,} bytes that are no zip archive, or a part of one; "
                f"check data.corpus.url, {self._by_hand}"
            )

    def _refuse_web_page(self) -> None:
        self._part.forget()
        raise InputError(
            f"{self._url}: the server sent a web page instead of the file; check data.corpus.url, {self._by_hand}"
        )

    def _refuse_size(self) -> None:
        self._part.forget()
        raise InputError(
            f"{self._url}: larger than {MAX_BYTES >> 30} GiB; refused: check data.corpus.url, {self._by_hand}"
        )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
