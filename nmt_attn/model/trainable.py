"""A network whose weights have names: what a checkpoint holds, and how it is filled in again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

import torch
from torch import Tensor, nn

from nmt_attn.config.schema import ModelConfig
from nmt_attn.device import Undrawn
from nmt_attn.errors import InputError


class TrainableModel(nn.Module):
    """The base of the networks that are trained.

    One that is made of a configuration and the sizes of its vocabularies can also be made of weights.
    """

    @classmethod
    def without_weights(cls, config: ModelConfig, source_size: int, target_size: int) -> Self:
        """Make a network of names and shapes alone; nothing is drawn, so it takes no time.

        Args:
            config: sizes and kinds.
            source_size: source vocabulary.
            target_size: target vocabulary, or number of labels.
        """
        with torch.device("meta"), Undrawn():
            return cls(config, source_size, target_size)

    @classmethod
    def of_weights(cls, config: ModelConfig, source_size: int, target_size: int, weights: Mapping[str, Tensor]) -> Self:
        """Make a network with copies of the given weights, on their device, without drawing random ones first.

        Raises:
            InputError: names or shapes are not this network's.
        """
        model = cls.without_weights(config, source_size, target_size)
        model.check_fit(weights)
        # Layers that share a weight have one parameter, and are to share its successor.
        filled = {
            id(old): nn.Parameter(weights[name].to(old.dtype, copy=True)) for name, old in model.weights().items()
        }
        for module in model.modules():
            for name, old in list(module.named_parameters(recurse=False)):
                setattr(module, name, filled[id(old)])
        return model

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
