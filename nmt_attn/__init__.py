"""Recurrent neural machine translation with attention: prepare, train, evaluate, translate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nmt_attn.version import __version__

if TYPE_CHECKING:
    from nmt_attn.decoding.translator import Translator

__all__ = ["Translator", "__version__"]


def __getattr__(name: str) -> Any:
    """Import :class:`Translator`, and torch with it, only when it is asked for."""
    if name == "Translator":
        from nmt_attn.decoding.translator import Translator

        return Translator
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
