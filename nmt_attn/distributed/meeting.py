"""The meeting of the processes of one start: the store of torchrun's agent lives on where it starts them anew.

What those before have left in it must not be taken for the word of those who are there now. The number of the start
does not tell them apart: where a machine joins or leaves, all are started anew under the same one.
"""

from __future__ import annotations

import time
import uuid
from datetime import timedelta

from torch.distributed.distributed_c10d import PrefixStore, Store

from nmt_attn.distributed.environment import Place

LOOK = 0.05
"""Seconds between two looks at the store."""


def fresh_store(store: Store, place: Place, timeout: float) -> tuple[Store, int]:
    """Return a part of a store in which nobody has written yet, and the number of the meeting, from 1.

    Both are the same for all processes of this start.

    Each process greets with a word of its own, which the main one answers with the number of the meeting; a greeting of
    somebody who is gone is answered in vain. The meeting is complete when each has confirmed the number.

    Raises:
        RuntimeError: not all came within the time.
    """
    end = time.monotonic() + timeout
    if place.rank:
        word = uuid.uuid4().hex
        store.set(f"nmt/greeting/{place.rank}", word)
        store.wait([f"nmt/answer/{word}"], timedelta(seconds=timeout))
        number = store.get(f"nmt/answer/{word}").decode("ascii")
        store.set(f"nmt/there/{number}/{place.rank}", "")
    else:
        number = str(store.add("nmt/meetings", 1))
        missing = set(range(1, place.size))
        while missing:
            for rank in sorted(missing):
                if store.check([f"nmt/greeting/{rank}"]):
                    word = store.get(f"nmt/greeting/{rank}").decode("ascii")
                    store.set(f"nmt/answer/{word}", number)
                if store.check([f"nmt/there/{number}/{rank}"]):
                    missing.remove(rank)
            if missing and time.monotonic() > end:
                raise RuntimeError(f"{len(missing)} of the {place.size} processes have not come")
            time.sleep(LOOK if missing else 0.0)
    return PrefixStore(f"nmt/meeting/{number}", store), int(number)
