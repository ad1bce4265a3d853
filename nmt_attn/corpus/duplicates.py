"""Rows that are equal to an earlier one, found in bounded memory."""

from __future__ import annotations

import numpy as np

from nmt_attn.corpus.digests import PAIR_HIGH, PAIR_LOW
from nmt_attn.corpus.shards import Rows, Shards


def without_duplicates(shards: Shards) -> Rows:
    """Return the rows whose pair does not occur earlier."""
    repeated = np.zeros(len(shards), dtype=bool)
    for digests, places in shards.by_value((PAIR_HIGH, PAIR_LOW)):
        order = np.lexsort((digests[:, 1], digests[:, 0]))  # stable: of equal ones the earliest stays first
        ordered = digests[order]
        repeated[places[order[1:][(ordered[1:] == ordered[:-1]).all(axis=1)]]] = True
    return np.flatnonzero(~repeated)


def first_with_same(shards: Shards, column: int, rows: Rows) -> Rows:
    """Return for each of ``rows`` the place in them of the first one with the same digest: often its own."""
    first = np.arange(len(rows), dtype=np.int64)
    for digests, places in shards.by_value((column,), rows):
        values = digests[:, 0]
        if not len(values):
            continue
        order = np.argsort(values, kind="stable")
        ordered = values[order]
        new = np.concatenate([[True], ordered[1:] != ordered[:-1]])
        first_of_run = places[order[np.flatnonzero(new)]]
        first[places[order]] = first_of_run[np.cumsum(new) - 1]
    return first


def count_distinct(shards: Shards, column: int, rows: Rows) -> int:
    """Return how many different digests ``rows`` have."""
    return sum(len(np.unique(digests)) for digests, _ in shards.by_value((column,), rows))
