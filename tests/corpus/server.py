"""A server on this machine that answers downloads as it is told to."""

from __future__ import annotations

import io
import ssl
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import cast


def archive() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr("pairs.txt", "".join(f"{number}\tnombre {number}\n" for number in range(20_000)))
    return buffer.getvalue()


FILE = archive()


@dataclass
class Reply:
    """What the server does with one request."""

    status: int = 200
    body: bytes = FILE
    headers: dict[str, str] = field(default_factory=dict)
    announced: int | None = None
    """Content-Length, where it is not that of the body (the connection is then cut off after the body)."""
    pause: float = 0.0
    """Seconds before each 100 bytes of the body."""
    raw: bytes | None = None
    """Sent instead of all of it: status line, headers and body."""


class Server(ThreadingHTTPServer):
    """Plays a list of replies, one a request, and notes what it was asked; the last reply is for all that follow."""

    def __init__(self, certificate: Path | None = None) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.replies: list[Reply | Callable[[dict[str, str]], Reply]] = []
        self.asked: list[dict[str, str]] = []
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.socket = context.wrap_socket(self.socket, server_side=True)
        scheme = "http" if certificate is None else "https"
        self.url = f"{scheme}://127.0.0.1:{self.server_address[1]}/corpus.zip"

    @contextmanager
    def running(self) -> Iterator[Server]:
        thread = threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self.shutdown()
            thread.join()
            self.server_close()

    def handle_error(self, request: object, client_address: object) -> None:
        """Nothing: a client that does not wait for the end is what some tests want."""


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        server = cast(Server, self.server)
        headers = {name.lower(): value for name, value in self.headers.items()}
        server.asked.append({**headers, "path": self.path})
        reply = server.replies.pop(0) if len(server.replies) > 1 else server.replies[0]
        if not isinstance(reply, Reply):
            reply = reply(headers)
        if reply.raw is not None:
            self.wfile.write(reply.raw)
            return
        self.send_response(reply.status)
        length = len(reply.body) if reply.announced is None else reply.announced
        for name, value in {"Content-Length": str(length), **reply.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self._send(reply)

    def _send(self, reply: Reply) -> None:
        if not reply.pause:
            self.wfile.write(reply.body)
            return
        for start in range(0, len(reply.body), 100):
            time.sleep(reply.pause)
            self.wfile.write(reply.body[start : start + 100])

    def log_message(self, format: str, *args: object) -> None:
        pass
