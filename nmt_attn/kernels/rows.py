"""Rows of tensors, selected."""

from __future__ import annotations

from torch import Tensor


def select_rows(part: Tensor, rows: Tensor) -> Tensor:
    """Return ``part[rows]``, but faster.

    Indexing takes five times as long on a CPU; ``index_select`` takes three times as long if a row has gaps.
    """
    wide = part.stride(0) >= part[0].numel() and part[0].is_contiguous()
    if not wide:
        return part.index_select(0, rows)
    flat = part.as_strided((len(part), part[0].numel()), (part.stride(0), 1))
    return flat.index_select(0, rows).view(len(rows), *part.shape[1:])
