"""Processes that are started anew meet each other, and not those who were there before them."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from torch.distributed import HashStore

from nmt_attn.distributed.environment import Place
from nmt_attn.distributed.meeting import fresh_store


def test_each_start_has_a_store_of_its_own():
    store = HashStore()
    for start in ("first", "second"):
        with ThreadPoolExecutor(3) as pool:
            met, numbers = zip(*pool.map(lambda rank: fresh_store(store, Place(rank, 3), 10), range(3)), strict=True)
        assert set(numbers) == {1 if start == "first" else 2}
        assert not any(one.check(["word"]) for one in met)
        met[0].set("word", start)
        assert {one.get("word") for one in met} == {start.encode()}


def test_a_greeting_of_somebody_who_is_gone_is_not_taken_for_one_who_is_there():
    store = HashStore()
    store.set("nmt/greeting/1", "gone")
    with pytest.raises(RuntimeError, match="1 of the 2 processes have not come"):
        fresh_store(store, Place(0, 2), 0.3)
    with ThreadPoolExecutor(2) as pool:
        met, _ = zip(*pool.map(lambda rank: fresh_store(store, Place(rank, 2), 10), range(2)), strict=True)
    met[0].set("word", "new")
    assert met[1].get("word") == b"new"
