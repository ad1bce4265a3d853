"""Recurrent neural machine translation with attention: prepare, train, evaluate, translate.

The examples in the docstrings use a small run, trained on sentences of a made-up language:

>>> from nmt_attn import Translator
>>> Translator.load("runs/tiny").translate(["Big dog.", "Red cat."])
['Granda hundo.', 'Rugha kato.']
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nmt_attn.version import __version__

if TYPE_CHECKING:
    from nmt_attn.classification.classifier import Classifier
    from nmt_attn.decoding.translator import Translator

__all__ = ["Classifier", "Translator", "__version__"]


def __getattr__(name: str) -> Any:
    """Import :class:`Translator` or :class:`Classifier`, and torch with it, only when it is asked for."""
    if name == "Translator":
        from nmt_attn.decoding.translator import Translator

        return Translator
    if name == "Classifier":
        from nmt_attn.classification.classifier import Classifier

        return Classifier
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
