"""What the tests of a corpus need: a small one of our own, and a server to download from."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.corpus.server import Server
from tests.small_corpus import configure, corpus, pairs

__all__ = ["configure", "corpus", "pairs", "server"]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A server that answers what ``replies`` says."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with Server().running() as server:
        yield server
