"""Teacher-forced decoders as one autograd function each: the fast paths of the commonest configurations.

One GRU layer with additive attention: Bahdanau's decoder, and Luong's with input feeding. (Luong's without input
feeding needs none: there the recurrence runs over the whole target in one call.) :mod:`nmt_attn.model.decoder` holds
the plain versions, step by step, to which tests compare these. They are faster because

- a step makes two or three matrix products and nothing else but elementwise work in buffers of its own;
- backwards, only what one step passes to the one before is computed in the loop; every weight's gradient is one
  matrix product over all steps at the end;
- the B·S·K values of the attention's tanh are computed anew in the backward instead of being kept for all steps.

Matrix products are made in the precision of autocast, everything else in that of the weights. On a GPU both directions
can be replayed as CUDA graphs, see :mod:`nmt_attn.kernels.cuda_graphs`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from nmt_attn.kernels.additive_attention import AdditiveAttentionBackward, AdditiveAttentionSteps
from nmt_attn.kernels.cuda_graphs import active_cache, call
from nmt_attn.kernels.gru import gru_backward, gru_forward
from nmt_attn.kernels.matmul import autocast_dtype, matmul


@dataclass(frozen=True)
class DecoderPass:
    """The results of a Bahdanau decoder for all steps of the targets."""

    hiddens: Tensor  # (T, B, H)
    contexts: Tensor  # (T, B, A)


@dataclass(frozen=True)
class AttendedSource:
    """Source states as attention reads them."""

    states: Tensor  # (B, S, A)
    keys: Tensor  # (B, S, K)
    mask: Tensor  # (B, S): true on real positions


@dataclass(frozen=True)
class BahdanauWeights:
    """The weights of a one-layer Bahdanau GRU decoder with additive attention."""

    context: Tensor  # (3H, A): the context's part of the input weights
    recurrent: Tensor  # (3H, H)
    recurrent_bias: Tensor  # (3H)
    query: Tensor  # (K, H)
    vector: Tensor  # (K)


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
            matmul_dtype, source.mask, projected, initial, source.states, source.keys, *_fields(weights)
        )
    return DecoderPass(hiddens, contexts)


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
            matmul_dtype, source.mask, projected, initial, feed, source.states, source.keys, *_fields(weights)
        )
    return readouts


def _fields(weights: BahdanauWeights | LuongWeights) -> tuple[Tensor, ...]:
    return tuple(getattr(weights, name) for name in weights.__dataclass_fields__)


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
    state_bias = _padded(weights.recurrent_bias, len(from_state)).to(matmul_dtype)
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
    from_state_gradient = _product_over_steps(grad_shares, _shifted(initial, hiddens), matmul_dtype)
    results = (
        *(grad_inputs, grad_hidden, grad_states, grad_keys),
        _product_over_steps(grad_inputs, attention.contexts, matmul_dtype),
        from_state_gradient[: 3 * size],
        grad_shares[:, :, : 3 * size].sum((0, 1)),
        2 * from_state_gradient[3 * size :],
        grad_vector,
    )
    return tuple(gradient.to(dtype) for gradient, dtype in zip(results, dtypes, strict=True))


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
    bias = torch.cat([_padded(weights.recurrent_bias, query_end), weights.readout_bias]).to(matmul_dtype)
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
    from_state_gradient = _product_over_steps(grad_shares, torch.cat([initial.unsqueeze(0), hiddens]), matmul_dtype)
    from_context_gradient = _product_over_steps(grad_shares[1:, :, query_end:], attention.contexts, matmul_dtype)
    results = (
        *(grad_inputs, grad_initial, grad_feed, grad_states, grad_keys),
        _product_over_steps(grad_inputs, _shifted(first_feed, readouts), matmul_dtype),
        from_state_gradient[: 3 * size],
        grad_shares[:, :, : 3 * size].sum((0, 1)),
        2 * from_state_gradient[3 * size : query_end],
        grad_vector,
        torch.cat([from_context_gradient, from_state_gradient[query_end:]], dim=1),
        grad_shares[:, :, query_end:].sum((0, 1)),
    )
    return tuple(gradient.to(dtype) for gradient, dtype in zip(results, dtypes, strict=True))


def _padded(bias: Tensor, size: int) -> Tensor:
    """Put zeros behind a bias, up to (size)."""
    return torch.cat([bias, bias.new_zeros(size - len(bias))])


def _shifted(first: Tensor, vectors: Tensor) -> Tensor:
    """Return what each step had before it: ``first`` (B, F), then all of ``vectors`` (T, B, F) but the last."""
    return torch.cat([first.unsqueeze(0), vectors[:-1]])


def _product_over_steps(gradients: Tensor, inputs: Tensor, matmul_dtype: torch.dtype) -> Tensor:
    """Compute a weight's gradient (O, I) from those of its outputs (T, B, O) and from its inputs (T, B, I)."""
    left, right = gradients.flatten(0, 1).to(matmul_dtype), inputs.flatten(0, 1).to(matmul_dtype)
    return (left.t() @ right).to(inputs.dtype)
