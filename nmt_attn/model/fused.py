"""Teacher-forced decoders as one autograd function each: the fast paths of the commonest configurations.

One GRU layer with additive attention: Bahdanau's decoder, and Luong's with input feeding. (Luong's without input
feeding needs none: there the recurrence runs over the whole target in one call.) :mod:`nmt_attn.model.decoder` holds
the plain versions, step by step, to which tests compare these. They are faster because

- a step makes two or three matrix products and nothing else but elementwise work in buffers of its own;
- backwards, only what one step passes to the one before is computed in the loop; every weight's gradient is one
  product over all steps at the end;
- the B·S·K values of the attention's tanh are computed anew in the backward instead of being kept for all steps.

Products are made in the precision of autocast, everything else in that of the weights. On a GPU both directions can be
replayed as CUDA graphs, see :mod:`nmt_attn.model.graphs`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from nmt_attn.model.attention import Memory
from nmt_attn.model.graphs import active_cache, call
from nmt_attn.model.products import product, product_dtype
from nmt_attn.model.recurrence import gru_backward, gru_forward


@dataclass(frozen=True)
class DecoderPass:
    """What a Bahdanau decoder computed for all steps of the targets."""

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


def bahdanau_gru(projected: Tensor, initial: Tensor, memory: Memory, weights: BahdanauWeights) -> DecoderPass:
    """Run the decoder over all target positions.

    Args:
        projected: the embeddings' share of the gates, input bias included, (T, B, 3H).
        initial: the state to start from, (B, H).
        memory: the source.
        weights: the decoder's weights.
    """
    products = product_dtype(projected)
    # The function itself says which products are made in which precision.
    with torch.autocast(projected.device.type, enabled=False):
        hiddens, contexts = _BahdanauGru.apply(  # type: ignore[no-untyped-call]
            products, memory.mask, projected, initial, memory.states, memory.keys, *_fields(weights)
        )
    return DecoderPass(hiddens, contexts)


def luong_gru(projected: Tensor, initial: Tensor, feed: Tensor, memory: Memory, weights: LuongWeights) -> Tensor:
    """Run the decoder with input feeding over all target positions.

    Args:
        projected: the embeddings' share of the gates, input bias included, (T, B, 3H).
        initial: the state to start from, (B, H).
        feed: the readout to start from, (B, R).
        memory: the source.
        weights: the decoder's weights.

    Returns:
        The readouts, (T, B, R).
    """
    products = product_dtype(projected)
    with torch.autocast(projected.device.type, enabled=False):
        readouts: Tensor = _LuongGru.apply(  # type: ignore[no-untyped-call]
            products, memory.mask, projected, initial, feed, memory.states, memory.keys, *_fields(weights)
        )
    return readouts


def _fields(weights: BahdanauWeights | LuongWeights) -> tuple[Tensor, ...]:
    return tuple(getattr(weights, name) for name in weights.__dataclass_fields__)


class _Attention:
    """The steps of additive attention, forwards. With p = σ(2(q + k)), tanh(q + k) is 2p - 1.

    See :mod:`nmt_attn.model.attention`. Queries come doubled; the constant -Σ v of the scores is nothing to a softmax.
    """

    def __init__(self, states: Tensor, keys: Tensor, mask: Tensor, vector: Tensor, steps: int) -> None:
        batch, length, size = keys.shape
        self.states, self.doubled_keys, self.doubled_vector = states, 2 * keys, 2 * vector
        self.penalty = torch.zeros_like(mask, dtype=keys.dtype).masked_fill_(~mask, -torch.inf)  # (B, S)
        self.queries = keys.new_empty(steps, batch, size)
        self.weights = keys.new_empty(steps, batch, length)
        self.contexts = keys.new_empty(steps, batch, states.shape[2])
        self.activation = torch.empty_like(keys)

    def step(self, step: int, query: Tensor) -> Tensor:
        """The context (B, A) for doubled queries (B, K)."""
        self.queries[step] = query
        torch.add(self.doubled_keys, self.queries[step].unsqueeze(1), out=self.activation).sigmoid_()
        scores = torch.matmul(self.activation, self.doubled_vector).add_(self.penalty)
        weights = torch.softmax(scores, dim=-1, out=self.weights[step])
        torch.bmm(weights.unsqueeze(1), self.states, out=self.contexts[step].unsqueeze(1))
        return self.contexts[step]

    def kept(self) -> tuple[Tensor, ...]:
        """What :class:`_AttentionBack` is made from, but for the contexts."""
        return self.states, self.doubled_keys, self.doubled_vector, self.queries, self.weights


class _AttentionBack:
    """The same steps backwards."""

    def __init__(
        self,
        states: Tensor,
        doubled_keys: Tensor,
        doubled_vector: Tensor,
        queries: Tensor,
        weights: Tensor,
        contexts: Tensor,
    ) -> None:
        self.states, self.doubled_keys, self.doubled_vector = states, doubled_keys, doubled_vector
        self.queries, self.weights, self.contexts = queries, weights, contexts
        self.grad_contexts = torch.empty_like(contexts)  # to be filled step by step
        self.slopes = torch.zeros_like(doubled_keys)  # Σ_t g p (1 - p), with g the gradient of the scores
        self.weighted_p = torch.zeros_like(doubled_vector)  # Σ g p
        self.activation, self.slope = torch.empty_like(doubled_keys), torch.empty_like(doubled_keys)

    def step(self, step: int, out: Tensor) -> None:
        """From the step's ``grad_contexts`` to the gradient of its doubled query, (B, K), put into ``out``."""
        # (B, S), the vector first: MKL takes up to eight times as long for (S, A) times (A, 1).
        grad_weights = torch.bmm(self.grad_contexts[step].unsqueeze(1), self.states.transpose(1, 2)).squeeze(1)
        weights = self.weights[step]
        grad_weights -= (grad_weights * weights).sum(1, keepdim=True)
        grad_scores = grad_weights.mul_(weights)
        p = torch.add(self.doubled_keys, self.queries[step].unsqueeze(1), out=self.activation).sigmoid_()
        self.weighted_p += (grad_scores.view(1, -1) @ p.view(-1, p.shape[2]))[0]
        torch.addcmul(p, p, p, value=-1, out=self.slope)
        self.slopes.addcmul_(self.slope, grad_scores.unsqueeze(2))
        torch.mul(torch.bmm(grad_scores.unsqueeze(1), self.slope).squeeze(1), self.doubled_vector, out=out)

    def gradients(self) -> tuple[Tensor, Tensor, Tensor]:
        """The gradients of states, keys and vector, when all steps are done."""
        grad_states = torch.bmm(self.weights.permute(1, 2, 0), self.grad_contexts.transpose(0, 1))
        # The gradients of the scores of a step add up to nothing, so the -1 of 2p - 1 adds nothing to the vector's.
        return grad_states, self.slopes.mul_(2 * self.doubled_vector), 2 * self.weighted_p


class _BahdanauGru(torch.autograd.Function):
    """See :func:`bahdanau_gru`."""

    @staticmethod
    def forward(ctx: Any, products: torch.dtype, mask: Tensor, *tensors: Tensor) -> tuple[Tensor, Tensor]:
        """The tensors as :func:`bahdanau_gru` lists them."""
        ctx.dtypes, ctx.graphs = tuple(tensor.dtype for tensor in tensors), active_cache()
        hiddens, contexts, *kept = call(ctx.graphs, _bahdanau_forward, products, mask, *tensors)
        ctx.save_for_backward(hiddens, contexts, *kept)
        return hiddens, contexts

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """Gradients of what :func:`bahdanau_gru` lists."""
        return (None, None, *call(ctx.graphs, _bahdanau_backward, ctx.dtypes, *gradients, *ctx.saved_tensors))


def _bahdanau_forward(products: torch.dtype, mask: Tensor, *tensors: Tensor) -> tuple[Tensor, ...]:
    """Loop over the steps: the states (T, B, H), the contexts (T, B, A), and what else the backward needs."""
    exact = tensors[-1].dtype
    projected, initial, states, keys, *parameters = (tensor.to(exact) for tensor in tensors)
    weights = BahdanauWeights(*parameters)
    steps, batch, gates_size = projected.shape
    from_context = weights.context.to(products).contiguous().t()
    from_state = torch.cat([weights.recurrent, 2 * weights.query]).to(products)  # (3H + K, H)
    state_bias = _padded(weights.recurrent_bias, len(from_state)).to(products)
    attention = _Attention(states, keys, mask, weights.vector, steps)
    hiddens = projected.new_empty(steps, batch, initial.shape[1])
    gates = projected.new_empty(steps, batch, 4 * initial.shape[1])  # r, z, n and h_n
    hidden = initial
    for step in range(steps):
        shares = product(hidden.to(products), from_state.t(), state_bias).to(exact)
        context = attention.step(step, shares[:, gates_size:])
        inputs = product(context.to(products), from_context).to(exact).add_(projected[step])
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
        saved: what :func:`_bahdanau_forward` gave.
    """
    hiddens, contexts, initial, from_context, from_state, gates, *kept = saved
    attention = _AttentionBack(*(*kept, contexts))
    exact, products = gates.dtype, from_state.dtype
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
        back = product(grad_inputs[step].to(products), from_context.t()).to(exact)
        torch.add(grad_contexts[step], back, out=attention.grad_contexts[step])
        attention.step(step, out=shares[:, 3 * size :])
        grad_hidden = product(shares.to(products), from_state).to(exact).add_(passed_on)
    grad_states, grad_keys, grad_vector = attention.gradients()
    from_state_gradient = _product_over_steps(grad_shares, _shifted(initial, hiddens), products)
    results = (
        *(grad_inputs, grad_hidden, grad_states, grad_keys),
        _product_over_steps(grad_inputs, attention.contexts, products),
        from_state_gradient[: 3 * size],
        grad_shares[:, :, : 3 * size].sum((0, 1)),
        2 * from_state_gradient[3 * size :],
        grad_vector,
    )
    return tuple(gradient.to(dtype) for gradient, dtype in zip(results, dtypes, strict=True))


class _LuongGru(torch.autograd.Function):
    """See :func:`luong_gru`."""

    @staticmethod
    def forward(ctx: Any, products: torch.dtype, mask: Tensor, *tensors: Tensor) -> Tensor:
        """The tensors as :func:`luong_gru` lists them."""
        ctx.dtypes, ctx.graphs = tuple(tensor.dtype for tensor in tensors), active_cache()
        readouts, *kept = call(ctx.graphs, _luong_forward, products, mask, *tensors)
        ctx.save_for_backward(readouts, *kept)
        return readouts

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """Gradients of what :func:`luong_gru` lists."""
        return (None, None, *call(ctx.graphs, _luong_backward, ctx.dtypes, *gradients, *ctx.saved_tensors))


def _luong_forward(products: torch.dtype, mask: Tensor, *tensors: Tensor) -> tuple[Tensor, ...]:
    """Loop over the steps: the readouts (T, B, R), and what else the backward needs.

    One product with a new state makes three shares: of the next step's gates, of the query, of the readout.
    """
    exact = tensors[-1].dtype
    projected, initial, first_feed, states, keys, *parameters = (tensor.to(exact) for tensor in tensors)
    weights = LuongWeights(*parameters)
    steps, batch, gates_size = projected.shape
    query_end = gates_size + keys.shape[2]
    from_feed = weights.feed.to(products).contiguous().t()
    from_context = weights.readout[:, : states.shape[2]].to(products).contiguous().t()
    of_state = weights.readout[:, states.shape[2] :]
    from_state = torch.cat([weights.recurrent, 2 * weights.query, of_state]).to(products)  # (3H + K + R, H)
    bias = torch.cat([_padded(weights.recurrent_bias, query_end), weights.readout_bias]).to(products)
    attention = _Attention(states, keys, mask, weights.vector, steps)
    hiddens = projected.new_empty(steps, batch, initial.shape[1])
    gates = projected.new_empty(steps, batch, 4 * initial.shape[1])  # r, z, n and h_n
    readouts = projected.new_empty(steps, batch, first_feed.shape[1])
    hidden, feed = initial, first_feed
    shares = product(initial.to(products), from_state[:gates_size].t(), bias[:gates_size]).to(exact)
    for step in range(steps):
        inputs = product(feed.to(products), from_feed).to(exact).add_(projected[step])
        hidden = gru_forward(inputs, shares[:, :gates_size], hidden, gates[step], hiddens[step])
        shares = product(hidden.to(products), from_state.t(), bias).to(exact)
        context = attention.step(step, shares[:, gates_size:query_end])
        from_attended = product(context.to(products), from_context).to(exact)
        feed = torch.add(from_attended, shares[:, query_end:], out=readouts[step]).tanh_()
    kept = (attention.contexts, initial, first_feed, from_feed, from_context, from_state, hiddens, gates)
    return readouts, *kept, *attention.kept()


def _luong_backward(dtypes: tuple[torch.dtype, ...], from_readouts: Tensor, *saved: Tensor) -> tuple[Tensor, ...]:
    """Loop back over the steps, then make the gradients of the weights all at once.

    Args:
        dtypes: of the gradients that are returned.
        from_readouts: the gradient of the readouts, (T, B, R).
        saved: what :func:`_luong_forward` gave.
    """
    readouts, contexts, initial, first_feed, from_feed, from_context, from_state, hiddens, gates, *kept = saved
    attention = _AttentionBack(*(*kept, contexts))
    exact, products = gates.dtype, from_state.dtype
    steps, batch, size = hiddens.shape
    query_end = 3 * size + attention.queries.shape[2]
    grad_inputs = gates.new_empty(steps, batch, 3 * size)
    # Of the shares of every state, the first one included; from that no query and no readout are made.
    grad_shares = gates.new_zeros(steps + 1, batch, len(from_state))
    slopes = torch.addcmul(torch.ones_like(readouts), readouts, readouts, value=-1)  # of the readouts' tanh
    grad_readouts = from_readouts.to(exact)
    grad_feed, passed_on = torch.zeros_like(first_feed), torch.zeros_like(initial)
    for step in range(steps - 1, -1, -1):
        shares = grad_shares[step + 1]
        grad_feed += grad_readouts[step]
        torch.mul(grad_feed, slopes[step], out=shares[:, query_end:])
        grad_readout = shares[:, query_end:].to(products)
        attention.grad_contexts[step] = product(grad_readout, from_context.t())
        attention.step(step, out=shares[:, 3 * size : query_end])
        grad_hidden = product(shares.to(products), from_state).to(exact).add_(passed_on)
        previous, below = (hiddens[step - 1] if step else initial), grad_shares[step][:, : 3 * size]
        passed_on = gru_backward(grad_hidden, previous, gates[step], grad_inputs[step], below)
        grad_feed = product(grad_inputs[step].to(products), from_feed.t()).to(exact)
    grad_initial = product(grad_shares[0].to(products), from_state).to(exact).add_(passed_on)
    grad_states, grad_keys, grad_vector = attention.gradients()
    from_state_gradient = _product_over_steps(grad_shares, torch.cat([initial.unsqueeze(0), hiddens]), products)
    from_context_gradient = _product_over_steps(grad_shares[1:, :, query_end:], attention.contexts, products)
    results = (
        *(grad_inputs, grad_initial, grad_feed, grad_states, grad_keys),
        _product_over_steps(grad_inputs, _shifted(first_feed, readouts), products),
        from_state_gradient[: 3 * size],
        grad_shares[:, :, : 3 * size].sum((0, 1)),
        2 * from_state_gradient[3 * size : query_end],
        grad_vector,
        torch.cat([from_context_gradient, from_state_gradient[query_end:]], dim=1),
        grad_shares[:, :, query_end:].sum((0, 1)),
    )
    return tuple(gradient.to(dtype) for gradient, dtype in zip(results, dtypes, strict=True))


def _padded(bias: Tensor, size: int) -> Tensor:
    """A bias with zeros behind it, (size)."""
    return torch.cat([bias, bias.new_zeros(size - len(bias))])


def _shifted(first: Tensor, vectors: Tensor) -> Tensor:
    """What each step had before it: ``first`` (B, F), then all of ``vectors`` (T, B, F) but the last."""
    return torch.cat([first.unsqueeze(0), vectors[:-1]])


def _product_over_steps(gradients: Tensor, inputs: Tensor, products: torch.dtype) -> Tensor:
    """A weight's gradient (O, I) from those of its outputs (T, B, O) and its inputs (T, B, I)."""
    left, right = gradients.flatten(0, 1).to(products), inputs.flatten(0, 1).to(products)
    return (left.t() @ right).to(inputs.dtype)
