import hashlib
from collections.abc import Callable
from email.utils import formatdate
from pathlib import Path

import pytest

from nmt_attn.corpus import download as module
from nmt_attn.corpus.download import download
from nmt_attn.errors import DownloadError, InputError, NmtError
from nmt_attn.version import __version__
from tests.corpus.server import FILE, Reply, Server


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def fetch(server: Server, tmp_path: Path, waits: list[float]) -> Callable[[], Path]:
    def run() -> Path:
        result = download(server.url, tmp_path / "data" / "corpus.zip", allow_http=True, sleep=waits.append)
        assert result.path.read_bytes() == FILE
        assert (result.size, result.sha256) == (len(FILE), hashlib.sha256(FILE).hexdigest())
        assert result.url == server.url
        assert [path.name for path in result.path.parent.iterdir()] == ["corpus.zip"]
        return result.path

    return run


def left_behind(tmp_path: Path) -> list[str]:
    folder = tmp_path / "data"
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def rest(etag: str | None = None) -> Callable[[dict[str, str]], Reply]:
    """Resume as a good server does."""

    def reply(headers: dict[str, str]) -> Reply:
        start = int(headers["range"].removeprefix("bytes=").removesuffix("-"))
        if etag is not None and headers.get("if-range") != etag:
            return Reply(headers={"ETag": etag})
        return Reply(206, FILE[start:], {"Content-Range": f"bytes {start}-{len(FILE) - 1}/{len(FILE)}"})

    return reply


def cut_off(at: int = 1000, **headers: str) -> Reply:
    return Reply(body=FILE[:at], headers=headers, announced=len(FILE))


def test_a_plain_download(server: Server, fetch: Callable[[], Path]) -> None:
    server.replies = [Reply()]
    fetch()
    assert server.asked[0]["user-agent"] == f"nmt-attn/{__version__}"


def test_a_server_that_does_not_say_how_long(server: Server, fetch: Callable[[], Path]) -> None:
    server.replies = [Reply(headers={"Content-Length": "", "Connection": "close"})]
    fetch()


def test_a_cut_off_transfer_goes_on_where_it_stopped(
    server: Server, fetch: Callable[[], Path], waits: list[float]
) -> None:
    server.replies = [cut_off(1000, ETag='"v1"'), rest('"v1"')]
    fetch()
    assert server.asked[1]["range"] == "bytes=1000-"
    assert server.asked[1]["if-range"] == '"v1"'
    assert len(waits) == 1


def test_an_earlier_part_is_resumed(server: Server, fetch: Callable[[], Path], tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "corpus.zip.part").write_bytes(FILE[:500])
    server.replies = [rest()]
    fetch()
    assert server.asked[0]["range"] == "bytes=500-"


def test_a_file_that_changed_meanwhile_is_fetched_anew(server: Server, fetch: Callable[[], Path]) -> None:
    server.replies = [cut_off(1000, ETag='"v1"'), rest('"v2"')]
    fetch()


def test_a_weak_etag_is_not_asked_for(server: Server, fetch: Callable[[], Path]) -> None:
    date = formatdate(0, usegmt=True)
    server.replies = [cut_off(1000, **{"ETag": 'W/"v1"', "Last-Modified": date}), rest()]
    fetch()
    assert server.asked[1]["if-range"] == date


def test_a_server_that_ignores_ranges(server: Server, fetch: Callable[[], Path]) -> None:
    server.replies = [cut_off(), Reply()]
    fetch()


def test_a_server_that_resumes_at_the_wrong_place(server: Server, fetch: Callable[[], Path]) -> None:
    wrong = Reply(206, FILE[10:], {"Content-Range": f"bytes 10-{len(FILE) - 1}/{len(FILE)}"})
    server.replies = [cut_off(), wrong, Reply()]
    fetch()
    assert "range" not in server.asked[2]


def test_a_part_that_is_whole_already(server: Server, fetch: Callable[[], Path], tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "corpus.zip.part").write_bytes(FILE)
    server.replies = [Reply(416, b"", {"Content-Range": f"bytes */{len(FILE)}"})]
    fetch()


def test_a_part_that_is_too_long(server: Server, fetch: Callable[[], Path], tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "corpus.zip.part").write_bytes(FILE + b"more")
    server.replies = [Reply(416, b"", {"Content-Range": f"bytes */{len(FILE)}"}), Reply()]
    fetch()
    assert "range" not in server.asked[1]


def test_a_part_of_another_address_is_not_resumed(
    server: Server, fetch: Callable[[], Path], tmp_path: Path, waits: list[float]
) -> None:
    server.replies = [cut_off(), Reply(404)]
    other = f"{server.url}?old"
    with pytest.raises(InputError):
        download(other, tmp_path / "data" / "corpus.zip", allow_http=True, sleep=waits.append)
    assert "corpus.zip.part" in left_behind(tmp_path)
    server.replies = [Reply()]
    fetch()
    assert "range" not in server.asked[-1]


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_server_in_trouble_is_asked_again(
    server: Server, fetch: Callable[[], Path], waits: list[float], status: int
) -> None:
    server.replies = [Reply(status, b""), Reply(status, b""), Reply()]
    fetch()
    assert waits == sorted(waits)
    assert len(waits) == 2
    assert waits[0] > 0


@pytest.mark.parametrize(("asked", "waited"), [("7", 7.0), ("100000", 60.0), (formatdate(0, usegmt=True), 0.0)])
def test_the_server_says_how_long_to_wait(
    server: Server, fetch: Callable[[], Path], waits: list[float], asked: str, waited: float
) -> None:
    server.replies = [Reply(503, b"", {"Retry-After": asked}), Reply()]
    fetch()
    assert waits == [waited]


def test_a_server_that_stays_in_trouble(server: Server, fetch: Callable[[], Path], tmp_path: Path) -> None:
    server.replies = [Reply(503, b"")] * 50
    with pytest.raises(DownloadError, match=r"503 Service Unavailable; try again later .*download it by hand to .*zip"):
        fetch()
    assert len(server.asked) < 10
    assert left_behind(tmp_path) == []


def test_a_transfer_that_is_always_cut_off_keeps_what_it_has(
    server: Server, fetch: Callable[[], Path], tmp_path: Path
) -> None:
    server.replies = [cut_off(1000), *[Reply(503, b"")] * 50]
    with pytest.raises(DownloadError):
        fetch()
    assert (tmp_path / "data" / "corpus.zip.part").stat().st_size == 1000
    assert "corpus.zip" not in left_behind(tmp_path)


@pytest.mark.parametrize("status", [401, 403, 404, 406, 410])
def test_a_wrong_address_is_not_asked_again(
    server: Server, fetch: Callable[[], Path], waits: list[float], status: int
) -> None:
    server.replies = [Reply(status, b"<html>no</html>")]
    with pytest.raises(InputError, match=rf"{status} .*check data\.corpus\.url"):
        fetch()
    assert waits == []


@pytest.mark.parametrize(
    "reply",
    [
        Reply(body=b"<p>Moved", headers={"Content-Type": "text/html; charset=utf-8"}),
        Reply(body=b"\n<!DOCTYPE html><p>Moved", headers={"Content-Type": "application/zip"}),
        Reply(body=b"<html><p>Moved"),
    ],
)
def test_a_web_page_is_refused_and_leaves_nothing(
    server: Server, fetch: Callable[[], Path], tmp_path: Path, reply: Reply
) -> None:
    server.replies = [reply]
    with pytest.raises(InputError, match="web page"):
        fetch()
    assert left_behind(tmp_path) == []


def test_redirects_are_followed(server: Server, fetch: Callable[[], Path]) -> None:
    server.replies = [Reply(302, b"", {"Location": "/elsewhere.zip"}), Reply()]
    fetch()
    assert server.asked[1]["path"] == "/elsewhere.zip"


def test_redirects_that_never_end(server: Server, fetch: Callable[[], Path]) -> None:
    server.replies = [Reply(302, b"", {"Location": "/again"})] * 20
    with pytest.raises(InputError, match="redirected more than"):
        fetch()


@pytest.mark.parametrize("location", ["ftp://127.0.0.1/x.zip", "file:///etc/passwd"])
def test_a_redirect_to_something_else(server: Server, fetch: Callable[[], Path], location: str) -> None:
    server.replies = [Reply(302, b"", {"Location": location})]
    with pytest.raises(InputError, match="no http or https address"):
        fetch()


def test_a_redirect_from_https_to_http_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Redirecting:
        status = 302
        headers = {"Location": "http://example.org/x.zip"}  # noqa: RUF012

        def request(self, *args: object, **options: object) -> "Redirecting":
            return self

        def close(self) -> None:
            pass

    monkeypatch.setattr(module, "pool_for", lambda url: Redirecting())
    with pytest.raises(InputError, match="from https to http"):
        download("https://example.org/x.zip", tmp_path / "data" / "x.zip")
    assert left_behind(tmp_path) == []


@pytest.mark.parametrize(
    "url", ["ftp://example.org/a.zip", "file:///a.zip", "a.zip", "", "http://", "http://[", "http://a:x/"]
)
def test_what_is_no_address(tmp_path: Path, url: str) -> None:
    with pytest.raises(InputError, match="no http or https address"):
        download(url, tmp_path / "data" / "a.zip")
    assert left_behind(tmp_path) == []


def test_too_large_a_file(
    server: Server, fetch: Callable[[], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_BYTES", 5000)
    for reply in (Reply(), Reply(headers={"Content-Length": "", "Connection": "close"})):
        server.replies = [reply]
        with pytest.raises(InputError, match="larger than"):
            fetch()
        assert left_behind(tmp_path) == []


def test_a_server_that_cannot_be_reached_is_tried_several_times(
    server: Server, tmp_path: Path, waits: list[float]
) -> None:
    server.server_close()
    with pytest.raises(DownloadError, match="no connection to the server; try again later"):
        download(server.url, tmp_path / "data" / "a.zip", allow_http=True, sleep=waits.append)
    assert len(waits) > 2


def test_a_place_that_cannot_be_written(server: Server, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where a folder is needed", encoding="utf-8")
    with pytest.raises(NmtError, match="cannot write"):
        download(server.url, tmp_path / "data" / "a.zip", allow_http=True)


def test_nothing_is_shown_on_standard_output(
    server: Server, fetch: Callable[[], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    server.replies = [Reply(503, b""), Reply()]
    fetch()
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "503" in shown.err
    assert "\r" not in shown.err
