"""COMET (Rei et al. 2020): a learned metric, by its own package, where that and a model are on this machine.

Its models are no part of nmt: the package unpickles them, so they should come from where one trusts.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nmt_attn.errors import UserError

DEFAULT_MODEL = "Unbabel/wmt22-comet-da"
"""The model that COMET's authors recommend for translations with references."""

BATCH = 16
"""Sentences that COMET looks at together."""


@dataclass(frozen=True)
class CometScore:
    """The mean of COMET's scores of sentences, in percent."""

    score: float
    model: str

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {"score": round(self.score, 2), "signature": f"model:{self.model}"}

    def to_text(self) -> str:
        """Return it as a line for people to read."""
        return f"{'COMET':6} {self.score:6.2f}  {'':18} model:{self.model}"


class Comet:
    """A COMET model that lies on this machine.

    Args:
        model: its name, such as ``Unbabel/wmt22-comet-da``, or the path of its checkpoint.

    Raises:
        UserError: the package is not installed, or the model is not here; nothing is fetched.
    """

    def __init__(self, model: str) -> None:
        if importlib.util.find_spec("comet") is None:
            raise UserError("--metric comet: COMET is not installed; pip install unbabel-comet")
        from comet import download_model, load_from_checkpoint

        self.name = model
        try:
            path = model if Path(model).is_file() else download_model(model, local_files_only=True)
            self.model = load_from_checkpoint(path)
        except Exception as error:  # whatever its many packages raise
            reason = (" ".join(str(error).split()) or type(error).__name__)[:200]
            raise UserError(
                f"--metric comet: its model {model} is not on this machine or cannot be read ({reason}); fetch it once "
                f"with: python -c \"from comet import download_model; download_model('{model}')\""
            ) from None

    def score(
        self, sources: Sequence[str], hypotheses: Sequence[str], references: Sequence[Sequence[str]]
    ) -> CometScore:
        """Score hypotheses, each beside its source and the first of its references."""
        rows = [
            {"src": source, "mt": hypothesis, "ref": some[0]}
            for source, hypothesis, some in zip(sources, hypotheses, references, strict=True)
        ]
        found = self.model.predict(rows, batch_size=BATCH, gpus=0, progress_bar=False)
        return CometScore(100 * float(found.system_score), self.name)
