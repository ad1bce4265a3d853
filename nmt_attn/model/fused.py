"""The teacher-forced Bahdanau decoder as one autograd function: the fast path of the commonest configuration.

One GRU layer with additive attention. :class:`~nmt_attn.model.decoder.BahdanauDecoder` holds the plain version, step
by step, to which tests compare this one. It is faster because

- a step makes three matrix products (state to gates and query, context to gates, weights to context) and nothing else
  but elementwise work in buffers of its own;
- backwards, only what one step passes to the one before is computed in the loop; every weight's gradient is one
  product over all steps at the end;
- the B·S·K values of the attention's tanh are computed anew in the backward instead of being kept for all steps.

Products are made in the precision of autocast, everything else in that of the weights.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from nmt_attn.model.recurrence import gru_backward, gru_forward, product_dtype


@dataclass(frozen=True)
class DecoderPass:
    """What a decoder computed for all steps of the targets."""

    hiddens: Tensor  # (T, B, H)
    contexts: Tensor  # (T, B, A)


@dataclass(frozen=True)
class DecoderWeights:
    """The weights of a one-layer Bahdanau GRU decoder with additive attention."""

    context: Tensor  # (3H, A): the context's part of the input weights
    recurrent: Tensor  # (3H, H)
    recurrent_bias: Tensor  # (3H)
    query: Tensor  # (K, H)
    vector: Tensor  # (K)


def bahdanau_gru(
    projected: Tensor, initial: Tensor, states: Tensor, keys: Tensor, mask: Tensor, weights: DecoderWeights
) -> DecoderPass:
    """Run the decoder over all target positions.

    Args:
        projected: the embeddings' share of the gates, input bias included, (T, B, 3H).
        initial: the state to start from, (B, H).
        states: source states, (B, S, A).
        keys: U h of the additive score, (B, S, K).
        mask: true on real source positions, (B, S).
        weights: the decoder's weights.
    """
    products = product_dtype(projected)
    # The function itself says which products are made in which precision.
    with torch.autocast(projected.device.type, enabled=False):
        hiddens, contexts = _BahdanauGru.apply(  # type: ignore[no-untyped-call]
            projected,
            initial,
            states,
            keys,
            mask,
            weights.context,
            weights.recurrent,
            weights.recurrent_bias,
            weights.query,
            weights.vector,
            products,
        )
    return DecoderPass(hiddens, contexts)


class _BahdanauGru(torch.autograd.Function):
    """See :func:`bahdanau_gru`. With p = σ(2(q + k)), tanh(q + k) is 2p - 1; see :mod:`nmt_attn.model.attention`."""

    @staticmethod
    def forward(
        ctx: Any,
        projected: Tensor,
        initial: Tensor,
        states: Tensor,
        keys: Tensor,
        mask: Tensor,
        context_weight: Tensor,
        recurrent_weight: Tensor,
        recurrent_bias: Tensor,
        query_weight: Tensor,
        vector: Tensor,
        products: torch.dtype,
    ) -> tuple[Tensor, Tensor]:
        """Loop over the steps, keeping what the backward needs."""
        ctx.dtypes = [tensor.dtype for tensor in (projected, initial, states, keys)]
        exact = context_weight.dtype
        projected, initial, states, keys = (tensor.to(exact) for tensor in (projected, initial, states, keys))
        steps, batch, _ = projected.shape
        size = initial.shape[1]
        from_context = context_weight.to(products).t()
        from_state = torch.cat([recurrent_weight, 2 * query_weight]).to(products)  # (3H + K, H)
        state_bias = torch.cat([recurrent_bias, recurrent_bias.new_zeros(len(query_weight))]).to(products)
        doubled_keys, doubled_vector = 2 * keys, 2 * vector
        penalty = torch.zeros_like(mask, dtype=exact).masked_fill_(~mask, -torch.inf)  # (B, S)
        hiddens = projected.new_empty(steps, batch, size)
        contexts = projected.new_empty(steps, batch, states.shape[2])
        attention = projected.new_empty(steps, batch, states.shape[1])
        queries = projected.new_empty(steps, batch, len(query_weight))
        gates = projected.new_empty(steps, batch, 4 * size)  # r, z, n and h_n
        activation = torch.empty_like(keys)
        hidden = initial
        for step in range(steps):
            recurrent = torch.addmm(state_bias, hidden.to(products), from_state.t()).to(exact)
            queries[step] = recurrent[:, 3 * size :]
            torch.add(doubled_keys, queries[step].unsqueeze(1), out=activation).sigmoid_()
            scores = torch.matmul(activation, doubled_vector).add_(penalty)
            weights = torch.softmax(scores, dim=-1, out=attention[step])
            context = torch.bmm(weights.unsqueeze(1), states, out=contexts[step].unsqueeze(1)).squeeze(1)
            inputs = (context.to(products) @ from_context).to(exact).add_(projected[step])
            hidden = gru_forward(inputs, recurrent[:, : 3 * size], hidden, gates[step], hiddens[step])
        ctx.save_for_backward(
            initial,
            states,
            doubled_keys,
            vector,
            from_context,
            from_state,
            hiddens,
            contexts,
            attention,
            queries,
            gates,
        )
        return hiddens, contexts

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """Loop back over the steps, then make the gradients of the weights all at once."""
        initial, states, doubled_keys, vector, from_context, from_state, *kept = ctx.saved_tensors
        hiddens, contexts, attention, queries, gates = kept
        grad_hiddens, grad_contexts = (gradient.to(gates.dtype) for gradient in gradients)
        steps, batch, size = hiddens.shape
        exact, products = gates.dtype, from_state.dtype
        grad_inputs = gates.new_empty(steps, batch, 3 * size)
        grad_from_state = gates.new_empty(steps, batch, len(from_state))  # of the recurrent gates, then of the query
        grad_context = torch.empty_like(contexts)
        slopes = torch.zeros_like(doubled_keys)  # Σ_t g p (1 - p), with g the gradient of the scores
        weighted_p = torch.zeros_like(vector)  # Σ g p
        grad_hidden = torch.zeros_like(initial)
        activation, slope = torch.empty_like(doubled_keys), torch.empty_like(doubled_keys)
        for step in range(steps - 1, -1, -1):
            previous = hiddens[step - 1] if step else initial
            grad_hidden += grad_hiddens[step]
            rows = grad_from_state[step]
            passed_on = gru_backward(grad_hidden, previous, gates[step], grad_inputs[step], rows[:, : 3 * size])
            back = (grad_inputs[step].to(products) @ from_context.t()).to(exact)
            torch.add(grad_contexts[step], back, out=grad_context[step])
            grad_weights = torch.bmm(states, grad_context[step].unsqueeze(2)).squeeze(2)  # (B, S)
            weights = attention[step]
            grad_weights -= (grad_weights * weights).sum(1, keepdim=True)
            grad_scores = grad_weights.mul_(weights)
            torch.add(doubled_keys, queries[step].unsqueeze(1), out=activation).sigmoid_()  # p
            weighted_p += (grad_scores.view(1, -1) @ activation.view(-1, len(vector)))[0]
            torch.addcmul(activation, activation, activation, value=-1, out=slope)
            slopes.addcmul_(slope, grad_scores.unsqueeze(2))
            # The query's weights were doubled, so its gradient is that of 2(q + k): 2 g p (1 - p) v.
            torch.mul(torch.bmm(grad_scores.unsqueeze(1), slope).squeeze(1), 2 * vector, out=rows[:, 3 * size :])
            grad_hidden = (rows.to(products) @ from_state).to(exact).add_(passed_on)
        grads = _weight_gradients(grad_inputs, grad_from_state, initial, hiddens, contexts, products)
        grad_states = torch.bmm(attention.permute(1, 2, 0), grad_context.transpose(0, 1))
        grad_vector = 2 * weighted_p  # the gradients of the scores of a step add up to nothing
        inputs = (grad_inputs, grad_hidden, grad_states, slopes.mul_(4 * vector))
        cast = (gradient.to(dtype) for gradient, dtype in zip(inputs, ctx.dtypes, strict=True))
        return (*cast, None, grads.context, grads.recurrent, grads.recurrent_bias, grads.query, grad_vector, None)


def _weight_gradients(
    grad_inputs: Tensor,
    grad_from_state: Tensor,
    initial: Tensor,
    hiddens: Tensor,
    contexts: Tensor,
    products: torch.dtype,
) -> DecoderWeights:
    """The gradients of the weights (that of the vector is left out), each one product over all steps."""
    gates = grad_inputs.shape[2]
    previous = torch.cat([initial.unsqueeze(0), hiddens[:-1]]).flatten(0, 1)
    from_state = (grad_from_state.flatten(0, 1).to(products).t() @ previous.to(products)).to(hiddens.dtype)
    context = grad_inputs.flatten(0, 1).to(products).t() @ contexts.flatten(0, 1).to(products)
    return DecoderWeights(
        context=context.to(hiddens.dtype),
        recurrent=from_state[:gates],
        recurrent_bias=grad_from_state[:, :, :gates].sum((0, 1)),
        query=2 * from_state[gates:],
        vector=hiddens.new_empty(0),
    )
