"""A classifier made ready to read texts on a CPU: the same function, without padding and with less to multiply.

The network itself, :class:`~nmt_attn.model.classifier.ClassificationModel`, is the reference that tests compare with.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from nmt_attn.device import Compute
from nmt_attn.inference.encoder import InferenceEncoder
from nmt_attn.model.classifier import ClassificationModel, Classified


def freeze_classifier(model: ClassificationModel, compute: Compute) -> Callable[[Tensor, Tensor], Classified]:
    """Prepare a classifier to be used, in the precision of ``compute``; its weights must not change after.

    Args:
        model: in evaluation mode.
        compute: device and precision.

    Returns:
        A function of ids (B, S) and lengths (B). A network that has no faster form here is run as it is: on a GPU, with
        layer normalisation, or an LSTM, of which torch's own layer is faster than a loop over steps, but for int8.
    """
    loops = model.config.cell == "gru" or compute.precision == "int8"
    if compute.device.type == "cpu" and not model.config.layer_norm and loops:
        return FrozenClassifier(model, compute)

    precise = compute if compute.precision != "int8" else Compute(compute.device, "fp32")  # for want of an int8 form

    def run(source: Tensor, lengths: Tensor) -> Classified:
        with precise.autocast():
            found: Classified = model(source, lengths)
        return found

    return run


class FrozenClassifier:
    """A frozen classifier, see :func:`freeze_classifier`."""

    def __init__(self, model: ClassificationModel, compute: Compute) -> None:
        self.model = model
        self.encoder = InferenceEncoder(model.encoder, compute)

    def __call__(self, source: Tensor, lengths: Tensor) -> Classified:
        """Classify texts: ids (B, S), padded at the end, with their lengths (B)."""
        packed = self.encoder(source, lengths)
        mask = torch.arange(source.shape[1]) < lengths.unsqueeze(1)  # (B, S)
        # One query a text: little to compute, so it is in fp32.
        pooled = self.model.pool(packed.padded(packed.states), packed.last, mask)
        return Classified(self.model.logits(pooled.context), pooled.weights)
