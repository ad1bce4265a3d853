"""Addresses, answers and failures of a server, as a download has to understand them."""

from __future__ import annotations

import email.utils
import re
import time
import urllib.request
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

import urllib3
from urllib3.exceptions import HTTPError

from nmt_attn.errors import InputError
from nmt_attn.text.normalise import tidy


@dataclass(frozen=True)
class ContentRange:
    """Place of what was sent in the whole file, in bytes, as far as the server says it."""

    start: int | None
    total: int | None


def content_range(response: urllib3.BaseHTTPResponse) -> ContentRange:
    """Read the header ``Content-Range``."""
    header = response.headers.get("Content-Range", "").strip()
    found = re.fullmatch(r"bytes\s+(?:(\d{1,18})-\d{1,18}|\*)/(\d{1,18}|\*)", header, re.ASCII)
    if found is None:
        return ContentRange(None, None)
    start, total = found[1], found[2]
    return ContentRange(int(start) if start else None, int(total) if total != "*" else None)


def validator_of(response: urllib3.BaseHTTPResponse) -> str | None:
    """Return what If-Range accepts: a strong ETag, else the date of the last change."""
    etag = response.headers.get("ETag")
    found = etag if etag and not etag.startswith("W/") else response.headers.get("Last-Modified")
    return found if found and found.isascii() and found.isprintable() else None


def length_of(response: urllib3.BaseHTTPResponse) -> int | None:
    """Return the size of the body in bytes, if the server says it."""
    if "Transfer-Encoding" in response.headers:
        return None  # which says itself where the end is
    text = response.headers.get("Content-Length", "")
    return int(text) if text.isdecimal() and len(text) < 19 else None


def retry_after(response: urllib3.BaseHTTPResponse) -> float | None:
    """Return the seconds until the server wants to be asked again; it gives them, or a date."""
    text = response.headers.get("Retry-After", "").strip()
    if text.isdecimal():
        return float(text)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError, LookupError):
        return None


def checked_address(url: str, asked: str) -> str:
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


def redirected(url: str, location: str, asked: str) -> str:
    """Return the address that ``location`` means as seen from ``url``."""
    try:
        target = urljoin(url, location)
    except ValueError:
        target = location
    return checked_address(target, asked)


def answer_of(response: urllib3.BaseHTTPResponse) -> str:
    """Return status and reason; the latter is whatever the server likes."""
    return f"the server answers {response.status} {tidy(response.reason or '')[:80]}".rstrip()


def pool_for(url: str) -> urllib3.PoolManager:
    """Return a client for ``url``, through the proxy that the environment names, if any."""
    parts = urlsplit(url)
    proxy = urllib.request.getproxies().get(parts.scheme)
    if proxy and not urllib.request.proxy_bypass(parts.netloc):
        return urllib3.ProxyManager(proxy)
    return urllib3.PoolManager()


def in_words(error: HTTPError) -> str:
    """Say in plain words why a connection failed."""
    if isinstance(error, urllib3.exceptions.NameResolutionError):
        return "the name of the server is not known (is there a network?)"
    if isinstance(error, urllib3.exceptions.NewConnectionError):
        return "no connection to the server"
    if isinstance(error, urllib3.exceptions.TimeoutError):
        return "the server does not answer in time"
    if isinstance(error, urllib3.exceptions.ProtocolError):
        return "the connection was cut off"
    return reason_of(error)


def reason_of(error: HTTPError) -> str:
    """Return the text of an error on one line."""
    return " ".join(str(error).split())[:200]
