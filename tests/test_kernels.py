"""How many kernels oneDNN keeps."""

from __future__ import annotations

import pytest

from nmt_attn.kernels import CHOICES, KEPT, keep_few_kernels


def test_few_are_kept() -> None:
    environment: dict[str, str] = {}
    keep_few_kernels(environment)
    assert environment == {"ONEDNN_PRIMITIVE_CACHE_CAPACITY": str(KEPT)}


@pytest.mark.parametrize("name", CHOICES)
def test_as_many_as_the_user_says(name: str) -> None:
    environment = {name: "7"}
    keep_few_kernels(environment)
    assert environment == {name: "7"}
