"""How many compiled kernels oneDNN keeps, which torch brings along. Nothing here imports torch."""

from __future__ import annotations

import os
from collections.abc import MutableMapping

CAPACITY = "ONEDNN_PRIMITIVE_CACHE_CAPACITY"
CHOICES = (CAPACITY, "DNNL_PRIMITIVE_CACHE_CAPACITY")
"""Variables by which users say it themselves; the second is the older name."""

KEPT = 256
"""Kernels. oneDNN's own number is 1,024: of 60 to 200 kB each, one for each product with each number of rows."""


def keep_few_kernels(environment: MutableMapping[str, str] = os.environ) -> None:
    """Let oneDNN forget kernels that have not been used for long, unless the user has said how many it keeps.

    A training meets more numbers of rows than can be kept, so it compiles kernels at each step in any case. oneDNN
    reads the environment when it is loaded, so this has to come before torch is imported.
    """
    if not any(name in environment for name in CHOICES):
        environment[CAPACITY] = str(KEPT)
