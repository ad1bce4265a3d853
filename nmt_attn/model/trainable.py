"""A network whose weights have names: what a checkpoint holds, and how it is filled in again."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from nmt_attn.errors import InputError


class TrainableModel(nn.Module):
    """The base of the networks that are trained."""

    @property
    def device(self) -> torch.device:
        """The device of the weights."""
        return next(self.parameters()).device

    def weights(self) -> dict[str, Tensor]:
        """Return every weight once, by name, also where layers share it: the content of a checkpoint."""
        return dict(self.named_parameters())

    def load_weights(self, weights: Mapping[str, Tensor]) -> None:
        """Fill in weights that :meth:`weights` has returned.

        Raises:
            InputError: names or shapes are not this network's.
        """
        self.check_fit(weights)
        with torch.no_grad():
            for name, parameter in self.weights().items():
                parameter.copy_(weights[name])

    def replace_weights(self, weights: Mapping[str, Tensor]) -> None:
        """Put copies of the given weights, on their device, in the place of those of this network, which has none yet.

        Raises:
            InputError: names or shapes are not this network's.
        """
        self.check_fit(weights)
        # Layers that share a weight have one parameter, and are to share its successor.
        filled = {id(old): nn.Parameter(weights[name].to(old.dtype, copy=True)) for name, old in self.weights().items()}
        for module in self.modules():
            for name, old in list(module.named_parameters(recurse=False)):
                setattr(module, name, filled[id(old)])

    def check_fit(self, weights: Mapping[str, Tensor]) -> None:
        """Compare names and shapes with those of this network, which may be one without weights.

        Raises:
            InputError: they differ.
        """
        own = self.weights()
        for name in sorted(own.keys() ^ weights.keys()):
            raise InputError(f"the weights do not fit the configuration: {name} is on one side only")
        for name, parameter in own.items():
            if parameter.shape != weights[name].shape:
                found, wanted = tuple(weights[name].shape), tuple(parameter.shape)
                raise InputError(f"the weights do not fit the configuration: {name} is {found}, expected {wanted}")
