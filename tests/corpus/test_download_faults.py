"""What a user sees of each fault on the way from a server to prepared data: one clear line, and nothing half-done."""

from __future__ import annotations

import io
import re
import shutil
import socket
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import urllib3

from nmt_attn.corpus import download
from nmt_attn.text import unpacking
from tests.corpus.server import FILE, Reply, Server
from tests.in_process import Done, nmt_here
from tests.snapshots import REFUSED, snapshot

BY_HAND = "download it by hand to got/corpus.zip"


@pytest.fixture(autouse=True)
def _quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seconds become tenths, gigabytes megabytes."""
    monkeypatch.setattr(download, "_LONGEST_WAIT", 0.0)
    monkeypatch.setattr(download, "_TIMEOUT", urllib3.Timeout(connect=0.2, read=0.2))
    monkeypatch.setattr(download, "_PATIENCE", 0.3)
    monkeypatch.setattr(download, "_SLOWEST", 5000.0)
    monkeypatch.setattr(download, "MAX_BYTES", 1 << 30)
    monkeypatch.setattr(unpacking, "_SUSPECT_BYTES", 1 << 20)


def _besides_the_file(folder: Path) -> dict[str, str]:
    fetched = ("got", "got/corpus.zip") if (folder / "got" / "corpus.zip").exists() else ()
    return {name: content for name, content in snapshot(folder).items() if name not in fetched}


def prepare(folder: Path, url: str, *sets: str) -> Done:
    keys = ["name=fetched", "data.corpus.path=got/corpus.zip", f"data.corpus.url={url}", *sets]
    before = _besides_the_file(folder)
    done = nmt_here(folder, "prepare", *[part for key in keys for part in ("--set", key)], checked=False)
    if done.code == REFUSED:  # what has been fetched whole stays, so that it can be looked at
        assert _besides_the_file(folder) == before
    assert not (folder / "data").exists()
    return done


def left_behind(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "got").iterdir()) if (folder / "got").exists() else []


# --- on the way ---------------------------------------------------------------------------------------------


def short_range(headers: dict[str, str]) -> Reply:
    """A thousand bytes of what is asked for, and never the rest."""
    start = int(headers.get("range", "bytes=0-").removeprefix("bytes=").removesuffix("-"))
    if start == 0:
        return Reply(body=FILE[:1000], announced=len(FILE))
    stop = min(start + 1000, 3000)
    return Reply(206, FILE[start:stop], {"Content-Range": f"bytes {start}-{stop - 1}/{len(FILE)}"})


def raw(text: str, body: bytes = b"") -> Reply:
    return Reply(raw=text.replace("\n", "\r\n").encode("latin-1") + body)


ONLINE: dict[str, tuple[Reply | Callable[[dict[str, str]], Reply], int, str]] = {
    "slow to begin": (Reply(raw=b"", pause=0), 1, "the connection was cut off; try again later"),
    "slow to go on": (Reply(pause=0.5), 1, "the server does not answer in time; try again later"),
    "slow all the way": (Reply(pause=0.04), 1, r"the server is too slow: [\d,]+ bytes in 0 s; try again later"),
    "cut off": (Reply(body=FILE[:9999], announced=len(FILE)), 1, "the connection was cut off; try again later"),
    "cut off in chunks": (
        raw("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n", b"800\r\nabc"), 1, "the connection was cut off",
    ),
    "cut off without a word": (
        Reply(body=FILE[:9999], headers={"Content-Length": "", "Connection": "close"}), 2,
        "9,999 bytes that are no zip archive, or a part of one",
    ),
    "announced too short": (Reply(announced=9999), 2, "9,999 bytes that are no zip archive, or a part of one"),
    "only ever a part": (short_range, 1, r"the transfer was cut off after 3,000 of [\d,]+ bytes"),
    "empty": (Reply(body=b""), 1, "the server sent an empty file"),
    "not found": (Reply(404), 2, "the server answers 404 Not Found; check data.corpus.url"),
    "not acceptable": (Reply(406), 2, "the server answers 406 Not Acceptable; check data.corpus.url"),
    "gone": (Reply(410), 2, "the server answers 410 Gone; check data.corpus.url"),
    "no content": (Reply(204, b""), 2, "the server answers 204 No Content; check data.corpus.url"),
    "too many requests": (Reply(429), 1, "the server answers 429 Too Many Requests; try again later"),
    "server error": (Reply(500), 1, "the server answers 500 Internal Server Error; try again later"),
    "a web page": (Reply(body=b"<!DOCTYPE html><p>Moved"), 2, "the server sent a web page instead of the file"),
    "a web page in another guise": (Reply(body=b"\n<?xml version='1.0'?><html>"), 2, "a web page instead of the file"),
    "something else": (Reply(body=b'{"error": "quota"}'), 2, "18 bytes that are no zip archive, or a part of one"),
    "packed once more": (Reply(body=b"\x1f\x8b\x08", headers={"Content-Encoding": "gzip"}), 2, "no zip archive"),
    "round and round": (Reply(302, b"", {"Location": "/again"}), 2, "redirected more than 5 times"),
    "to another protocol": (Reply(302, b"", {"Location": "ftp://x/y"}), 2, "leads to ftp://x/y, which is no http"),
    "to nowhere": (Reply(302, b"", {"Location": "http://["}), 2, r"leads to http://\[, which is no http or https"),
    "to no host": (Reply(302, b"", {"Location": "http://a b/"}), 2, "is no http or https address"),
    "too large": (Reply(announced=2 << 30), 2, "larger than 1 GiB; refused"),
    "no HTTP at all": (Reply(raw=b"220 ftp.example.org ready\r\n"), 1, "the connection was cut off; try again later"),
    "a reason that clears the screen": (raw("HTTP/1.1 404 \x1b[2JGone\n\n"), 2, r"answers 404 \[2JGone; check"),
    "a header in two lines": (
        Reply(404, headers={"ETag": '"a\r\n b"', "Retry-After": "9" * 5000}), 2, "the server answers 404",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ONLINE)
def test_what_goes_wrong_on_the_way(server: Server, tmp_path: Path, name: str) -> None:
    reply, code, says = ONLINE[name]
    server.replies = [reply]
    done = prepare(tmp_path, server.url, "data.corpus.allow_http=true")
    assert re.search(says, done.error), done.error
    assert done.error.startswith(server.url)
    assert BY_HAND in done.error or "check data.corpus.url" in done.error
    assert done.code == code
    assert "corpus.zip" not in left_behind(tmp_path)  # but perhaps corpus.zip.part, to go on from
    assert len(server.asked) <= 10


def test_a_server_that_cannot_be_reached_is_one_line_and_leaves_nothing(server: Server, tmp_path: Path) -> None:
    server.server_close()
    done = prepare(tmp_path, server.url, "data.corpus.allow_http=true")
    assert "no connection to the server; try again later" in done.error
    assert done.code == 1
    assert left_behind(tmp_path) == []


def test_a_server_that_does_not_answer_is_one_line(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    accepted: list[tuple[socket.socket, object]] = []
    monkeypatch.setattr(server, "process_request", lambda *request: accepted.append(request))
    done = prepare(tmp_path, server.url, "data.corpus.allow_http=true")
    for connection, _ in accepted:
        connection.close()
    assert "the server does not answer in time; try again later" in done.error
    assert done.code == 1


def test_a_length_of_too_many_digits_is_not_believed(server: Server, tmp_path: Path) -> None:
    server.replies = [Reply(headers={"Content-Length": "9" * 5000, "Connection": "close"})]
    prepare_all(tmp_path, server.url)


def test_a_strange_etag_is_not_sent_back(server: Server, tmp_path: Path) -> None:
    server.replies = [
        raw('HTTP/1.1 200 OK\nContent-Length: 99999\nETag: "\x01"\n\n', FILE[:1000]),
        lambda headers: Reply(404) if "if-range" in headers else Reply(),
    ]
    prepare_all(tmp_path, server.url)
    assert len(server.asked) == 2


def prepare_all(folder: Path, url: str) -> None:
    """Prepare what is fetched, to the end."""
    keys = ["name=fetched", "data.corpus.path=got/corpus.zip", f"data.corpus.url={url}", "data.corpus.allow_http=true",
            "data.split.valid=10", "data.split.test=10", "data.tokenizer.kind=char"]  # fmt: skip
    done = nmt_here(folder, "prepare", *[part for key in keys for part in ("--set", key)])
    assert done.code == 0, done.err
    assert (folder / "got" / "corpus.zip").read_bytes() == FILE
    assert left_behind(folder) == ["corpus.zip"]


# --- security -----------------------------------------------------------------------------------------------


def test_plain_http_has_to_be_asked_for(server: Server, tmp_path: Path) -> None:
    server.replies = [Reply()]
    done = prepare(tmp_path, server.url)
    assert re.search(r"not a secure address.*use https, or set data\.corpus\.allow_http: true", done.error)
    assert done.code == 2
    assert server.asked == []


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate of this machine's own, with its key."""
    if shutil.which("openssl") is None:
        pytest.skip("makes a certificate with openssl, which is not there")
    path = tmp_path / "server.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "key.pem", "-out", "cert.pem"],
        cwd=tmp_path, check=True, capture_output=True,
    )  # fmt: skip
    path.write_bytes((tmp_path / "cert.pem").read_bytes() + (tmp_path / "key.pem").read_bytes())
    return path


@pytest.mark.parametrize("allowed", ["false", "true"])
def test_a_redirect_from_https_to_http(
    server: Server, certificate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, allowed: str
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    server.replies = [Reply()]
    with Server(certificate).running() as secure:
        secure.replies = [Reply(301, b"", {"Location": server.url})]
        done = prepare(tmp_path, secure.url, f"data.corpus.allow_http={allowed}")
    assert "redirected from https to http, which is refused" in done.error
    assert done.code == 2
    assert server.asked == []
    assert left_behind(tmp_path) == []


def test_a_certificate_that_nobody_vouches_for(certificate: Path, tmp_path: Path) -> None:
    with Server(certificate).running() as secure:
        secure.replies = [Reply()]
        done = prepare(tmp_path, secure.url)
    assert re.search(f"no secure connection: .*certificate.*; {BY_HAND}", done.error)
    assert done.code == 1
    assert secure.asked == []


# --- in the archive -----------------------------------------------------------------------------------------

PAIRS = "".join(f"word {number}\tmot {number * 7919}\n" for number in range(2000))


def packed(name: str = "pairs.txt", text: str = PAIRS) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, text)
        archive.writestr("_about.txt", "made for this test")
    return buffer.getvalue()


def encrypted() -> bytes:
    """The flag alone, in the header of the file and in the directory."""
    content = bytearray(packed())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + offset] |= 1
    return bytes(content)


def with_a_flipped_bit() -> bytes:
    content = bytearray(packed())
    content[len(content) // 2] ^= 4
    return bytes(content)


ARCHIVES = {
    "bomb": (packed(text="a\tb\n" * 1_000_000), r"pairs\.txt in got/corpus\.zip: unpacks to more than \d+ MiB from"),
    "above": (packed("../../pairs.txt"), r"got/corpus\.zip: \.\./\.\./pairs\.txt has a name that leads out"),
    "above, with the other slash": (packed("..\\pairs.txt"), "has a name that leads out of the archive"),
    "absolute": (packed("/etc/pairs.txt"), r"/etc/pairs\.txt has a name that leads out of the archive"),
    "on a drive": (packed("C:\\pairs.txt"), "has a name that leads out of the archive"),
    "encrypted": (encrypted(), r"pairs\.txt is encrypted; unpack it"),
    "damaged": (with_a_flipped_bit(), r"got/corpus\.zip: damaged or cut off.*; fetch it again"),
    "no pairs": (packed("picture.png"), r"no \.txt or \.tsv file with pairs in it \(it holds picture\.png"),
    "no tab": (packed(text="no tab\n"), r"pairs\.txt in got/corpus\.zip, line 1: no tab"),
}  # fmt: skip


@pytest.mark.parametrize("name", ARCHIVES)
def test_what_is_wrong_in_the_archive(server: Server, tmp_path: Path, name: str) -> None:
    body, says = ARCHIVES[name]
    server.replies = [Reply(body=body)]
    done = prepare(tmp_path, server.url, "data.corpus.allow_http=true")
    assert re.search(says, done.error), done.error
    assert done.code == 2
    assert left_behind(tmp_path) == ["corpus.zip"]  # whole, as the server has it; nothing is ever unpacked
