"""The gated recurrent unit (Cho et al. 2014): one step, and a whole sequence with its own backward.

With x the input's part of the gate pre-activations and h the hidden state's, both with their biases:

    r = σ(x_r + h_r),  z = σ(x_z + h_z),  n = tanh(x_n + r · h_n),  h' = n + z (h - n)
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from nmt_attn.kernels.matmul import autocast_dtype, matmul


def gru_step(projected: Tensor, recurrent: Tensor, hidden: Tensor) -> Tensor:
    """Take one step by functions that autograd knows, from (B, 3H) twice and (B, H) to (B, H); gates are r, z, n."""
    x_r, x_z, x_n = projected.chunk(3, dim=-1)
    h_r, h_z, h_n = recurrent.chunk(3, dim=-1)
    reset = torch.sigmoid(x_r + h_r)
    update = torch.sigmoid(x_z + h_z)
    new = torch.tanh(torch.addcmul(x_n, reset, h_n))
    return torch.lerp(new, hidden, update)


def gru_sequence(projected: Tensor, initial: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Run over a whole sequence, each weight gradient made in one matrix product at the end.

    Args:
        projected: the input's part of the gate pre-activations, (T, B, 3H).
        initial: the state to start from, (B, H).
        weight: W_hh, (3H, H).
        bias: b_hh, (3H).

    Returns:
        The states of all steps, (T, B, H).
    """
    outputs: Tensor = _GruSequence.apply(  # type: ignore[no-untyped-call]
        projected, initial, weight, bias, autocast_dtype(projected)
    )
    return outputs


class _GruSequence(torch.autograd.Function):
    """The autograd function of :func:`gru_sequence`."""

    @staticmethod
    def forward(
        ctx: Any, projected: Tensor, initial: Tensor, weight: Tensor, bias: Tensor, matmul_dtype: torch.dtype
    ) -> Tensor:
        """Loop over the steps.

        Matrix products are made in ``matmul_dtype``; gates, states and their gradients stay in the weights' dtype.
        """
        steps, batch, _ = projected.shape
        size = initial.shape[1]
        ctx.dtypes = projected.dtype, initial.dtype
        projected, initial = projected.to(weight.dtype), initial.to(weight.dtype)
        cast_weight = weight.to(matmul_dtype)
        outputs = projected.new_empty(steps, batch, size)
        gates = projected.new_empty(steps, batch, 4 * size)  # r, z, n and h_n, kept for the backward
        cast_bias = bias.to(matmul_dtype)
        hidden = initial
        for step in range(steps):
            recurrent = matmul(hidden.to(matmul_dtype), cast_weight.t(), cast_bias).to(weight.dtype)
            hidden = gru_forward(projected[step], recurrent, hidden, gates[step], outputs[step])
        ctx.save_for_backward(gates, outputs, initial, cast_weight)
        return outputs

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """Compute the gradients of projected, initial, weight and bias from that of the outputs (T, B, H)."""
        (grad_outputs,) = gradients
        gates, outputs, initial, cast_weight = ctx.saved_tensors
        steps, batch, size = outputs.shape
        grad_projected = gates.new_empty(steps, batch, 3 * size)
        grad_recurrent = gates.new_empty(steps, batch, 3 * size)
        grad_hidden = torch.zeros_like(initial)
        for step in range(steps - 1, -1, -1):
            previous = outputs[step - 1] if step else initial
            grad_hidden += grad_outputs[step]
            passed_on = gru_backward(grad_hidden, previous, gates[step], grad_projected[step], grad_recurrent[step])
            back = matmul(grad_recurrent[step].to(cast_weight.dtype), cast_weight)
            grad_hidden = back.to(gates.dtype).add_(passed_on)
        previous_all = torch.cat([initial.unsqueeze(0), outputs[:-1]])
        flat = grad_recurrent.view(-1, 3 * size)
        left, right = flat.to(cast_weight.dtype), previous_all.view(-1, size).to(cast_weight.dtype)
        grad_weight = (left.t() @ right).to(gates.dtype)
        projected_dtype, initial_dtype = ctx.dtypes
        return grad_projected.to(projected_dtype), grad_hidden.to(initial_dtype), grad_weight, flat.sum(0), None


def gru_forward(inputs: Tensor, recurrent: Tensor, hidden: Tensor, gates: Tensor, out: Tensor) -> Tensor:
    """Take one step of a GRU; leave r, z, n and h_n in ``gates`` (B, 4H) and the new state in ``out`` (B, H)."""
    size = hidden.shape[1]
    reset_update = gates[:, : 2 * size]
    torch.add(inputs[:, : 2 * size], recurrent[:, : 2 * size], out=reset_update).sigmoid_()
    new, h_new = gates[:, 2 * size : 3 * size], gates[:, 3 * size :]
    h_new.copy_(recurrent[:, 2 * size :])
    torch.addcmul(inputs[:, 2 * size :], gates[:, :size], h_new, out=new)
    new.mul_(2).sigmoid_().mul_(2).sub_(1)  # tanh; torch's own takes six times as long on a CPU
    torch.lerp(new, hidden, gates[:, size : 2 * size], out=out)
    return out


def gru_backward(grad: Tensor, previous: Tensor, gates: Tensor, grad_inputs: Tensor, grad_recurrent: Tensor) -> Tensor:
    """Go back through one step; fill in the gradients of both parts of the gate pre-activations, (B, 3H) each.

    Returns:
        The gradient that reaches the previous state directly, (B, H); the rest reaches it through the recurrent gates.
    """
    size = grad.shape[1]
    reset, update, new, h_new = torch.split(gates, size, dim=1)
    d_new = grad_inputs[:, 2 * size :]
    torch.addcmul(grad, grad, update, value=-1, out=d_new)  # dh (1 - z)
    d_new.addcmul_(d_new, new * new, value=-1)  # … (1 - n²): the gradient at n before its tanh
    torch.mul(d_new, h_new, out=grad_inputs[:, :size])
    torch.mul(grad, previous - new, out=grad_inputs[:, size : 2 * size])
    reset_update = gates[:, : 2 * size]
    slope = torch.addcmul(reset_update, reset_update, reset_update, value=-1)
    grad_inputs[:, : 2 * size].mul_(slope)  # not *=, which would copy the slice onto itself
    grad_recurrent[:, : 2 * size] = grad_inputs[:, : 2 * size]
    torch.mul(d_new, reset, out=grad_recurrent[:, 2 * size :])
    return grad * update
