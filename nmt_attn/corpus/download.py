"""Download of a corpus: resumed where it was cut off, checked, and never left half-done under its final name."""

from __future__ import annotations

import email.utils
import hashlib
import json
import os
import re
import time
import urllib.request
import zipfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import urllib3
from urllib3.exceptions import HTTPError

from nmt_attn.corpus.markup import is_web_page
from nmt_attn.corpus.progress import Progress, note
from nmt_attn.errors import DownloadError, InputError, NmtError
from nmt_attn.text.normalise import tidy
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
    if urlsplit(_checked(url, url)).scheme == "http" and not allow_http:
        raise InputError(
            f"{url}: not a secure address, so anybody on the way could change the file; "
            "use https, or set data.corpus.allow_http: true"
        )
    part = _Part(path)
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


class _Part:
    """The unfinished file, and beside it the address and the version (ETag or date) that it is a part of."""

    def __init__(self, path: Path) -> None:
        self.path = path.with_name(path.name + ".part")
        self._about = path.with_name(path.name + ".about.part")

    @property
    def size(self) -> int:
        return self.path.stat().st_size if self.path.exists() else 0

    def keep_if_from(self, url: str) -> None:
        """Throw away what was begun from another address."""
        if self._about.exists() and self._read("url") != url:
            self.forget()

    @property
    def validator(self) -> str | None:
        """Version that was begun, so that the rest of the same one can be asked for."""
        return self._read("validator")

    def _read(self, key: str) -> str | None:
        try:
            value = json.loads(self._about.read_text(encoding="utf-8"))[key]
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return value if isinstance(value, str) else None

    def begin(self, url: str, validator: str | None) -> None:
        self.path.write_bytes(b"")
        self._about.write_text(json.dumps({"url": url, "validator": validator}), encoding="utf-8")

    def forget(self) -> None:
        self.path.unlink(missing_ok=True)
        self._about.unlink(missing_ok=True)


class _Temporary(Exception):
    """Failure of one attempt, where the next may succeed. ``wait``: what the server asks for, in seconds."""

    def __init__(self, reason: str, wait: float | None = None) -> None:
        super().__init__(reason)
        self.wait = wait


class _Transfer:
    """Series of attempts until the part is whole."""

    def __init__(self, url: str, path: Path, part: _Part, sleep: Callable[[float], None]) -> None:
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
            raise DownloadError(f"{self._url}: no secure connection: {_reason(error)}; {self._by_hand[3:]}") from None
        except HTTPError as error:
            raise _Temporary(_in_words(error)) from None

    def _open(self, headers: dict[str, str]) -> urllib3.BaseHTTPResponse:
        """Send the request and follow redirects, but never from https to http."""
        url = self._url
        for _ in range(_REDIRECTS + 1):
            response = _pool(url).request(
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
            target = _redirected(url, location, self._url)
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
            raise _Temporary(_answer(response), _retry_after(response))
        if status == 416 and offset:
            if _content_range(response).total == offset:
                self._check_whole(offset)
                return  # everything had arrived, and only the renaming was missing
            self._part.forget()
            raise _Temporary("the server cannot resume", 0.0)
        if status == 206 and offset and _content_range(response).start != offset:
            self._part.forget()
            raise _Temporary("the server resumes at the wrong place", 0.0)
        if status not in (200, 206) or (status == 206 and not offset):
            raise InputError(f"{self._url}: {_answer(response)}; check data.corpus.url, {self._by_hand}")
        if status == 200:
            offset = 0
            self._part.begin(self._url, _validator(response))
        if response.headers.get("Content-Type", "").lower().startswith("text/html"):
            self._refuse_web_page()
        total = _content_range(response).total if status == 206 else _length(response)
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


@dataclass(frozen=True)
class _ContentRange:
    start: int | None
    total: int | None


def _content_range(response: urllib3.BaseHTTPResponse) -> _ContentRange:
    header = response.headers.get("Content-Range", "").strip()
    found = re.fullmatch(r"bytes\s+(?:(\d{1,18})-\d{1,18}|\*)/(\d{1,18}|\*)", header, re.ASCII)
    if found is None:
        return _ContentRange(None, None)
    start, total = found[1], found[2]
    return _ContentRange(int(start) if start else None, int(total) if total != "*" else None)


def _validator(response: urllib3.BaseHTTPResponse) -> str | None:
    """Return what If-Range accepts: a strong ETag, else the date of the last change."""
    etag = response.headers.get("ETag")
    found = etag if etag and not etag.startswith("W/") else response.headers.get("Last-Modified")
    return found if found and found.isascii() and found.isprintable() else None


def _length(response: urllib3.BaseHTTPResponse) -> int | None:
    if "Transfer-Encoding" in response.headers:
        return None  # which says itself where the end is
    text = response.headers.get("Content-Length", "")
    return int(text) if text.isdecimal() and len(text) < 19 else None


def _retry_after(response: urllib3.BaseHTTPResponse) -> float | None:
    """Return the seconds until the server wants to be asked again; it gives them, or a date."""
    text = response.headers.get("Retry-After", "").strip()
    if text.isdecimal():
        return float(text)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError, LookupError):
        return None


def _checked(url: str, asked: str) -> str:
    """Return ``url`` if it is an http or https address with a host, else refuse it."""
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        good = False
    if not good:
        leads = "" if url == asked else f" leads to {tidy(url)[:200]}, which"
        raise InputError(f"{asked}:{leads} is no http or https address; check data.corpus.url")
    return url


def _redirected(url: str, location: str, asked: str) -> str:
    """Return the address that ``location`` means as seen from ``url``."""
    try:
        target = urljoin(url, location)
    except ValueError:
        target = location
    return _checked(target, asked)


def _answer(response: urllib3.BaseHTTPResponse) -> str:
    """Return status and reason; the latter is whatever the server likes."""
    return f"the server answers {response.status} {tidy(response.reason or '')[:80]}".rstrip()


def _pool(url: str) -> urllib3.PoolManager:
    """Return a client for ``url``, through the proxy that the environment names, if any."""
    parts = urlsplit(url)
    proxy = urllib.request.getproxies().get(parts.scheme)
    if proxy and not urllib.request.proxy_bypass(parts.netloc):
        return urllib3.ProxyManager(proxy)
    return urllib3.PoolManager()


def _in_words(error: HTTPError) -> str:
    if isinstance(error, urllib3.exceptions.NameResolutionError):
        return "the name of the server is not known (is there a network?)"
    if isinstance(error, urllib3.exceptions.NewConnectionError):
        return "no connection to the server"
    if isinstance(error, urllib3.exceptions.TimeoutError):
        return "the server does not answer in time"
    if isinstance(error, urllib3.exceptions.ProtocolError):
        return "the connection was cut off"
    return _reason(error)


def _reason(error: HTTPError) -> str:
    return " ".join(str(error).split())[:200]


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
