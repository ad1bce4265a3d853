"""The beams within a beam: their sizes, and which continuation goes into which place.

A wider beam alone does not find better hypotheses: what a narrower one keeps may be crowded out. So a beam holds the
narrower ones within it. Its first place belongs to greedy search; next to it, of a beam of 2K, come the places of the
beam of K, which chooses among its own hypotheses exactly as it does alone. The places behind them are for what is among
the 2K best of all and has no place yet. Whatever a narrower search finds is found by the wider one too.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


def nested_sizes(beam_size: int) -> tuple[int, ...]:
    """List the beam sizes within a beam, itself the last: 1, and its halves as long as they are whole numbers."""
    sizes = [beam_size]
    while sizes[0] % 2 == 0:
        sizes.insert(0, sizes[0] // 2)
    return tuple(sizes) if sizes[0] == 1 else (1, *sizes)


def choose_continuations(
    totals: Tensor, alive: Tensor, sizes: Sequence[int], places: Sequence[int]
) -> tuple[Tensor, Tensor]:
    """Choose the continuations that go on.

    Args:
        totals: (b, P, W), the log-probabilities of W continuations of the hypotheses in P places, -inf for none.
        alive: (b, L), which of the beams within each other have hypotheses that run.
        sizes: the sizes of these L beams.
        places: the places of each, those of narrower beams included; the last is P.

    Returns:
        For each place one of them, as its place in (b, P·W), and whether the place is to be empty, since a narrower
        beam has it already or is done: both (b, P).
    """
    words, flat = totals.shape[2], totals.flatten(1)
    chosen = torch.zeros(len(totals), 1, dtype=torch.long, device=totals.device)  # greedy: the first one's best word
    empty = ~alive[:, :1]
    for level, (size, width) in enumerate(zip(sizes, places, strict=True)):
        if level == 0:
            continue
        best = flat[:, : width * words].topk(size, dim=1).indices
        known = chosen.masked_fill(empty, -1)
        again = (best.unsqueeze(2) == known.unsqueeze(1)).any(2)
        chosen = torch.cat([chosen, best], dim=1)
        empty = torch.cat([empty, again | ~alive[:, level, None]], dim=1)
    return chosen, empty
