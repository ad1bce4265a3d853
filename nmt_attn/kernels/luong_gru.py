"""Luong's teacher-forced decoder with input feeding, of one GRU layer with additive attention, as one function."""

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
class LuongWeights:
    """The weights of a one-layer Luong GRU decoder with additive attention and input feeding."""

    feed: Tensor  # (3H, R): the fed readout's part of the input weights
    recurrent: Tensor  # (3H, H)
    recurrent_bias: Tensor  # (3H)
    query: Tensor  # (K, H)
    vector: Tensor  # (K)
    readout: Tensor  # (R, A + H): of [c; s]
    readout_bias: Tensor  # (R)


def luong_gru(
    projected: Tensor, initial: Tensor, feed: Tensor, source: AttendedSource, weights: LuongWeights
) -> Tensor:
    """Run the decoder with input feeding over all target positions.

    Args:
        projected: the embeddings' part of the gate pre-activations, input bias included, (T, B, 3H).
        initial: the state to start from, (B, H).
        feed: the readout to start from, (B, R).
        source: what is attended to.
        weights: the decoder's weights.

    Returns:
        The readouts, (T, B, R).
    """
    matmul_dtype = autocast_dtype(projected)
    with torch.autocast(projected.device.type, enabled=False):
        readouts: Tensor = _LuongGru.apply(  # type: ignore[no-untyped-call]
            matmul_dtype, source.mask, projected, initial, feed, source.states, source.keys, *vars(weights).values()
        )
    return readouts


class _LuongGru(torch.autograd.Function):
    """The autograd function of :func:`luong_gru`."""

    @staticmethod
    def forward(ctx: Any, matmul_dtype: torch.dtype, mask: Tensor, *tensors: Tensor) -> Tensor:
        """Run the decoder; ``tensors`` are as :func:`luong_gru` lists them."""
        ctx.dtypes, ctx.graphs = tuple(tensor.dtype for tensor in tensors), active_cache()
        readouts, *kept = call(ctx.graphs, _luong_forward, matmul_dtype, mask, *tensors)
        ctx.save_for_backward(readouts, *kept)
        return readouts

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """Compute the gradients of what :func:`luong_gru` lists."""
        return (None, None, *call(ctx.graphs, _luong_backward, ctx.dtypes, *gradients, *ctx.saved_tensors))


def _luong_forward(matmul_dtype: torch.dtype, mask: Tensor, *tensors: Tensor) -> tuple[Tensor, ...]:
    """Loop over the steps; return the readouts (T, B, R), and what else the backward needs.

    One matrix product with a new state gives its parts of the next step's gate pre-activations, of the query and of the
    readout.
    """
    exact = tensors[-1].dtype
    projected, initial, first_feed, states, keys, *parameters = (tensor.to(exact) for tensor in tensors)
    weights = LuongWeights(*parameters)
    steps, batch, gates_size = projected.shape
    query_end = gates_size + keys.shape[2]
    from_feed = weights.feed.to(matmul_dtype).contiguous().t()
    from_context = weights.readout[:, : states.shape[2]].to(matmul_dtype).contiguous().t()
    of_state = weights.readout[:, states.shape[2] :]
    from_state = torch.cat([weights.recurrent, 2 * weights.query, of_state]).to(matmul_dtype)  # (3H + K + R, H)
    bias = torch.cat([padded_bias(weights.recurrent_bias, query_end), weights.readout_bias]).to(matmul_dtype)
    attention = AdditiveAttentionSteps(states, keys, mask, weights.vector, steps)
    hiddens = projected.new_empty(steps, batch, initial.shape[1])
    gates = projected.new_empty(steps, batch, 4 * initial.shape[1])  # r, z, n and h_n
    readouts = projected.new_empty(steps, batch, first_feed.shape[1])
    hidden, feed = initial, first_feed
    shares = matmul(initial.to(matmul_dtype), from_state[:gates_size].t(), bias[:gates_size]).to(exact)
    for step in range(steps):
        inputs = matmul(feed.to(matmul_dtype), from_feed).to(exact).add_(projected[step])
        hidden = gru_forward(inputs, shares[:, :gates_size], hidden, gates[step], hiddens[step])
        shares = matmul(hidden.to(matmul_dtype), from_state.t(), bias).to(exact)
        context = attention.step(step, shares[:, gates_size:query_end])
        from_attended = matmul(context.to(matmul_dtype), from_context).to(exact)
        feed = torch.add(from_attended, shares[:, query_end:], out=readouts[step]).tanh_()
    kept = (attention.contexts, initial, first_feed, from_feed, from_context, from_state, hiddens, gates)
    return readouts, *kept, *attention.kept()


def _luong_backward(dtypes: tuple[torch.dtype, ...], from_readouts: Tensor, *saved: Tensor) -> tuple[Tensor, ...]:
    """Loop back over the steps, then make the gradients of the weights all at once.

    Args:
        dtypes: of the gradients that are returned.
        from_readouts: the gradient of the readouts, (T, B, R).
        saved: what :func:`_luong_forward` returned.
    """
    readouts, contexts, initial, first_feed, from_feed, from_context, from_state, hiddens, gates, *kept = saved
    attention = AdditiveAttentionBackward(*(*kept, contexts))
    exact, matmul_dtype = gates.dtype, from_state.dtype
    steps, batch, size = hiddens.shape
    query_end = 3 * size + attention.queries.shape[2]
    grad_inputs = gates.new_empty(steps, batch, 3 * size)
    # Of the parts made from every state, the first one included; from that no query and no readout are made.
    grad_shares = gates.new_zeros(steps + 1, batch, len(from_state))
    slopes = torch.addcmul(torch.ones_like(readouts), readouts, readouts, value=-1)  # of the readouts' tanh
    grad_readouts = from_readouts.to(exact)
    grad_feed, passed_on = torch.zeros_like(first_feed), torch.zeros_like(initial)
    for step in range(steps - 1, -1, -1):
        shares = grad_shares[step + 1]
        grad_feed += grad_readouts[step]
        torch.mul(grad_feed, slopes[step], out=shares[:, query_end:])
        grad_readout = shares[:, query_end:].to(matmul_dtype)
        attention.grad_contexts[step] = matmul(grad_readout, from_context.t())
        attention.step(step, out=shares[:, 3 * size : query_end])
        grad_hidden = matmul(shares.to(matmul_dtype), from_state).to(exact).add_(passed_on)
        previous, below = (hiddens[step - 1] if step else initial), grad_shares[step][:, : 3 * size]
        passed_on = gru_backward(grad_hidden, previous, gates[step], grad_inputs[step], below)
        grad_feed = matmul(grad_inputs[step].to(matmul_dtype), from_feed.t()).to(exact)
    grad_initial = matmul(grad_shares[0].to(matmul_dtype), from_state).to(exact).add_(passed_on)
    grad_states, grad_keys, grad_vector = attention.gradients()
    from_state_gradient = product_over_steps(grad_shares, torch.cat([initial.unsqueeze(0), hiddens]), matmul_dtype)
    from_context_gradient = product_over_steps(grad_shares[1:, :, query_end:], attention.contexts, matmul_dtype)
    results = (
        *(grad_inputs, grad_initial, grad_feed, grad_states, grad_keys),
        product_over_steps(grad_inputs, one_before(first_feed, readouts), matmul_dtype),
        from_state_gradient[: 3 * size],
        grad_shares[:, :, : 3 * size].sum((0, 1)),
        2 * from_state_gradient[3 * size : query_end],
        grad_vector,
        torch.cat([from_context_gradient, from_state_gradient[query_end:]], dim=1),
        grad_shares[:, :, query_end:].sum((0, 1)),
    )
    return tuple(gradient.to(dtype) for gradient, dtype in zip(results, dtypes, strict=True))
