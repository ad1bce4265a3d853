"""Bahdanau's teacher-forced decoder of one GRU layer with additive attention, as one function."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from nmt_attn.kernels.additive_attention import AdditiveAttentionBackward, AdditiveAttentionSteps
from nmt_attn.kernels.attention_gru import AttendedSource, one_before, padded_bias, product_over_steps
from nmt_attn.kernels.cuda_graphs import active_cache, call
from nmt_attn.kernels.gru import gru_backward, gru_forward
from nmt_attn.kernels.matmul import autocast_dtype, matmul


@dataclass(frozen=True)
class DecoderPass:
    """The results of a Bahdanau decoder for all steps of the targets."""

    hiddens: Tensor  # (T, B, H)
    contexts: Tensor  # (T, B, A)


@dataclass(frozen=True)
class BahdanauWeights:
    """The weights of a one-layer Bahdanau GRU decoder with additive attention."""

    context: Tensor  # (3H, A): the context's part of the input weights
    recurrent: Tensor  # (3H, H)
    recurrent_bias: Tensor  # (3H)
    query: Tensor  # (K, H)
    vector: Tensor  # (K)


def bahdanau_gru(projected: Tensor, initial: Tensor, source: AttendedSource, weights: BahdanauWeights) -> DecoderPass:
    """Run the decoder over all target positions.

    Args:
        projected: the embeddings' part of the gate pre-activations, input bias included, (T, B, 3H).
        initial: the state to start from, (B, H).
        source: what is attended to.
        weights: the decoder's weights.
    """
    matmul_dtype = autocast_dtype(projected)
    # The function itself says which matrix products are made in which precision.
    with torch.autocast(projected.device.type, enabled=False):
        hiddens, contexts = _BahdanauGru.apply(  # type: ignore[no-untyped-call]
            matmul_dtype, source.mask, projected, initial, source.states, source.keys, *vars(weights).values()
        )
    return DecoderPass(hiddens, contexts)


class _BahdanauGru(torch.autograd.Function):
    """The autograd function of :func:`bahdanau_gru`."""

    @staticmethod
    def forward(ctx: Any, matmul_dtype: torch.dtype, mask: Tensor, *tensors: Tensor) -> tuple[Tensor, Tensor]:
        """Run the decoder; ``tensors`` are as :func:`bahdanau_gru` lists them."""
        ctx.dtypes, ctx.graphs = tuple(tensor.dtype for tensor in tensors), active_cache()
        hiddens, contexts, *kept = call(ctx.graphs, _bahdanau_forward, matmul_dtype, mask, *tensors)
        ctx.save_for_backward(hiddens, contexts, *kept)
        return hiddens, contexts

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """Compute the gradients of what :func:`bahdanau_gru` lists."""
        return (None, None, *call(ctx.graphs, _bahdanau_backward, ctx.dtypes, *gradients, *ctx.saved_tensors))


def _bahdanau_forward(matmul_dtype: torch.dtype, mask: Tensor, *tensors: Tensor) -> tuple[Tensor, ...]:
    """Loop over the steps; return the states (T, B, H), the contexts (T, B, A), and what else the backward needs."""
    exact = tensors[-1].dtype
    projected, initial, states, keys, *parameters = (tensor.to(exact) for tensor in tensors)
    weights = BahdanauWeights(*parameters)
    steps, batch, gates_size = projected.shape
    from_context = weights.context.to(matmul_dtype).contiguous().t()
    from_state = torch.cat([weights.recurrent, 2 * weights.query]).to(matmul_dtype)  # (3H + K, H)
    state_bias = padded_bias(weights.recurrent_bias, len(from_state)).to(matmul_dtype)
    attention = AdditiveAttentionSteps(states, keys, mask, weights.vector, steps)
    hiddens = projected.new_empty(steps, batch, initial.shape[1])
    gates = projected.new_empty(steps, batch, 4 * initial.shape[1])  # r, z, n and h_n
    hidden = initial
    for step in range(steps):
        shares = matmul(hidden.to(matmul_dtype), from_state.t(), state_bias).to(exact)
        context = attention.step(step, shares[:, gates_size:])
        inputs = matmul(context.to(matmul_dtype), from_context).to(exact).add_(projected[step])
        hidden = gru_forward(inputs, shares[:, :gates_size], hidden, gates[step], hiddens[step])
    return hiddens, attention.contexts, initial, from_context, from_state, gates, *attention.kept()


def _bahdanau_backward(
    dtypes: tuple[torch.dtype, ...], from_hiddens: Tensor, from_contexts: Tensor, *saved: Tensor
) -> tuple[Tensor, ...]:
    """Loop back over the steps, then make the gradients of the weights all at once.

    Args:
        dtypes: of the gradients that are returned.
        from_hiddens: the gradient of the states, (T, B, H).
        from_contexts: the gradient of the contexts, (T, B, A).
        saved: what :func:`_bahdanau_forward` returned.
    """
    hiddens, contexts, initial, from_context, from_state, gates, *kept = saved
    attention = AdditiveAttentionBackward(*(*kept, contexts))
    exact, matmul_dtype = gates.dtype, from_state.dtype
    grad_hiddens, grad_contexts = from_hiddens.to(exact), from_contexts.to(exact)
    steps, batch, size = hiddens.shape
    grad_inputs = gates.new_empty(steps, batch, 3 * size)
    grad_shares = gates.new_empty(steps, batch, len(from_state))  # of the recurrent gates, then of the query
    grad_hidden = torch.zeros_like(initial)
    for step in range(steps - 1, -1, -1):
        previous = hiddens[step - 1] if step else initial
        grad_hidden += grad_hiddens[step]
        shares = grad_shares[step]
        passed_on = gru_backward(grad_hidden, previous, gates[step], grad_inputs[step], shares[:, : 3 * size])
        back = matmul(grad_inputs[step].to(matmul_dtype), from_context.t()).to(exact)
        torch.add(grad_contexts[step], back, out=attention.grad_contexts[step])
        attention.step(step, out=shares[:, 3 * size :])
        grad_hidden = matmul(shares.to(matmul_dtype), from_state).to(exact).add_(passed_on)
    grad_states, grad_keys, grad_vector = attention.gradients()
    from_state_gradient = product_over_steps(grad_shares, one_before(initial, hiddens), matmul_dtype)
    results = (
        *(grad_inputs, grad_hidden, grad_states, grad_keys),
        product_over_steps(grad_inputs, attention.contexts, matmul_dtype),
        from_state_gradient[: 3 * size],
        grad_shares[:, :, : 3 * size].sum((0, 1)),
        2 * from_state_gradient[3 * size :],
        grad_vector,
    )
    return tuple(gradient.to(dtype) for gradient, dtype in zip(results, dtypes, strict=True))
