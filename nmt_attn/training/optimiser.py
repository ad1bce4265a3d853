"""The optimisers Adam and AdamW, and their state by parameter name, which can be stored without a pickle."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from nmt_attn.config.schema import TrainingConfig
from nmt_attn.errors import InputError

_KINDS: dict[str, type[torch.optim.Adam]] = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}


def make_optimiser(model: nn.Module, config: TrainingConfig) -> torch.optim.Adam:
    """Make a fused Adam (Kingma and Ba 2015) or AdamW (Loshchilov and Hutter 2019) over all weights."""
    decay = config.weight_decay if config.optimiser == "adamw" else 0.0
    return _KINDS[config.optimiser](
        model.parameters(), lr=config.learning_rate, betas=config.betas, weight_decay=decay, fused=True
    )


def optimiser_tensors(optimiser: torch.optim.Optimizer, model: nn.Module) -> dict[str, Tensor]:
    """Return the optimiser's state as ``moment.parameter-name`` → tensor."""
    return {
        f"{moment}.{name}": value
        for name, parameter in model.named_parameters()
        for moment, value in optimiser.state.get(parameter, {}).items()
    }


def restore_optimiser(optimiser: torch.optim.Optimizer, model: nn.Module, tensors: Mapping[str, Tensor]) -> None:
    """Restore the state that :func:`optimiser_tensors` returned.

    Raises:
        InputError: the state does not fit the model.
    """
    for name, parameter in model.named_parameters():
        state = {}
        for moment in ("step", "exp_avg", "exp_avg_sq"):
            value = tensors.get(f"{moment}.{name}")
            if value is None or (moment != "step" and value.shape != parameter.shape):
                raise InputError(f"the checkpoint's optimiser state does not fit the model: {moment} of {name}")
            state[moment] = value.to(parameter.device)
        optimiser.state[parameter] = state


def set_learning_rate(optimiser: torch.optim.Optimizer, rate: float) -> None:
    """Set the learning rate of the next step to ``rate``."""
    for group in optimiser.param_groups:
        group["lr"] = rate
