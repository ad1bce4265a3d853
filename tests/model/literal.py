"""The network once more, straight from the formulas: a sentence, a position and a layer at a time, vectors only.

It shares nothing with the package but the names and shapes of the weights. Slow, and meant to be read beside the
papers: Cho et al. 2014, Hochreiter and Schmidhuber 1997, Bahdanau et al. 2015, Luong et al. 2015, Tu et al. 2016,
Ba et al. 2016.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor

from nmt_attn.config.schema import ModelConfig

State = tuple[Tensor, ...]  # (h) or (h, c), vectors
RESIDUAL_FROM_LAYER = 3  # counted from 1


@dataclass
class Literal:
    """The network in evaluation mode.

    Args:
        config: sizes and kinds.
        weights: by the names that a checkpoint has.
    """

    config: ModelConfig
    weights: dict[str, Tensor]
    attentions: list[Tensor] = field(default_factory=list)  # of the last sentence, one vector a target position
    attention_name = "decoder.attention"

    def negative_log_likelihood(self, source: list[int], target: list[int]) -> Tensor:
        """-Σ log p(target_t | target_<t, source); the target begins with BOS and ends with EOS, the source with EOS."""
        readouts = self.readouts(source, target[:-1])
        weight, bias = self.weights["output.weight"], self.weights["output.bias"]
        log_probs = [torch.log_softmax(weight @ readout + bias, dim=0) for readout in readouts]
        return -sum((row[token] for row, token in zip(log_probs, target[1:], strict=True)), torch.zeros(()))

    def readouts(self, source: list[int], inputs: list[int]) -> list[Tensor]:
        """What the output layer reads after each of the inputs."""
        states, last = self.encode(source)
        layers = self.start(last)
        feed = torch.zeros(self.config.readout_size)
        seen = torch.zeros(len(states))
        self.attentions = []
        found = []
        for token in inputs:
            embedded = self.weights["decoder.embedding.weight"][token] * self.config.embedding_size**0.5
            if self.config.decoder.style == "bahdanau":
                context = self.attend(layers[-1][0], states, seen)
                output, layers = self.decoder_layers(torch.cat([embedded, context]), layers)
                features = torch.cat([output, context, embedded])
            else:
                inputs_ = torch.cat([embedded, feed]) if self.config.decoder.input_feeding else embedded
                output, layers = self.decoder_layers(inputs_, layers)
                features = torch.cat([self.attend(output, states, seen), output])
            feed = torch.tanh(self.affine("decoder.readout", features))
            seen = seen + self.attentions[-1]
            found.append(feed)
        return found

    # --- encoder -----------------------------------------------------------------------------------------------

    def encode(self, source: list[int]) -> tuple[list[Tensor], State]:
        """The source states, and the last state of both directions of the top layer."""
        embedding = self.weights["encoder.embedding.weight"]
        vectors = [embedding[token] * self.config.embedding_size**0.5 for token in source]
        for layer in range(self.config.encoder.layers):
            ahead = self.run(f"encoder.forward_layers.{layer}", vectors)
            back = self.run(f"encoder.backward_layers.{layer}", vectors[::-1])
            both = [torch.cat([one[0], other[0]]) for one, other in zip(ahead, back[::-1], strict=True)]
            if layer + 1 >= RESIDUAL_FROM_LAYER:
                both = [above + below for above, below in zip(both, vectors, strict=True)]
            vectors = both
        return vectors, tuple(torch.cat(parts) for parts in zip(ahead[-1], back[-1], strict=True))

    def run(self, layer: str, vectors: list[Tensor]) -> list[State]:
        """The states of one layer after each vector, from zeros."""
        zeros = torch.zeros(self.config.encoder.hidden_size)
        state: State = (zeros,) if self.config.cell == "gru" else (zeros, zeros)
        states = []
        for vector in vectors:
            state = self.cell(layer, vector, state)
            states.append(state)
        return states

    # --- decoder -----------------------------------------------------------------------------------------------

    def start(self, last: State) -> list[State]:
        """The state of each layer before the first token."""
        size, parts = self.config.decoder.hidden_size, 1 if self.config.cell == "gru" else 2
        layers = range(self.config.decoder.layers)
        match self.config.decoder.start:
            case "zeros":
                return [tuple(torch.zeros(size) for _ in range(parts)) for _ in layers]
            case "last":
                return [last for _ in layers]
            case "bridge":
                bridged = torch.tanh(self.affine("decoder.bridge", last[0])).view(-1, parts, size)
                return [tuple(bridged[layer]) for layer in layers]

    def decoder_layers(self, vector: Tensor, states: list[State]) -> tuple[Tensor, list[State]]:
        """One step of all layers: what the topmost gives, and their states."""
        new = []
        for layer, state in enumerate(states):
            after = self.cell(f"decoder.layers.{layer}", vector, state)
            new.append(after)
            vector = after[0] + vector if layer + 1 >= RESIDUAL_FROM_LAYER else after[0]
        return vector, new

    def attend(self, query: Tensor, states: list[Tensor], seen: Tensor) -> Tensor:
        """The context vector; the attention is kept in ``attentions``."""
        if self.config.attention.score == "none":
            self.attentions.append(torch.zeros(len(states)))
            return torch.zeros(0)
        scores = torch.stack([self.score(query, states, place, seen[place]) for place in range(len(states))])
        attention = torch.exp(scores) / torch.exp(scores).sum()
        self.attentions.append(attention)
        return sum((share * state for share, state in zip(attention, states, strict=True)), torch.zeros(()))

    def score(self, query: Tensor, states: list[Tensor], place: int, seen: Tensor) -> Tensor:
        """How well the source state at ``place`` fits the query."""
        state, name = states[place], f"{self.attention_name}.score"
        match self.config.attention.score:
            case "dot":
                return query @ state
            case "scaled_dot":
                return query @ state / len(state) ** 0.5
            case "general":
                return query @ self.weights[f"{name}.key_layer.weight"] @ state
            case "location":
                rows = self.weights[f"{name}.query_layer.weight"]
                return rows[place] @ query if place < len(rows) else torch.tensor(-torch.inf)
        inner = self.weights[f"{name}.query_layer.weight"] @ query + self.affine(f"{name}.key_layer", state)
        if self.config.attention.coverage:
            fertility = 2 * torch.sigmoid(self.affine("decoder.attention.coverage.fertility_layer", state))[0]
            inner = inner + seen / fertility * self.weights["decoder.attention.coverage.vector"]
        return self.weights[f"{name}.vector"] @ torch.tanh(inner)

    # --- cells -------------------------------------------------------------------------------------------------

    def cell(self, layer: str, vector: Tensor, state: State) -> State:
        """One step of one layer."""
        names = ("weight_ih_l0", "bias_ih_l0", "weight_hh_l0", "bias_hh_l0")
        w_x, b_x, w_h, b_h = (self.weights[f"{layer}.rnn.{name}"] for name in names)
        from_input = self.normalised(f"{layer}.input_norm", w_x @ vector + b_x)
        from_state = self.normalised(f"{layer}.recurrent_norm", w_h @ state[0] + b_h)
        if self.config.cell == "gru":
            (x_r, x_z, x_n), (h_r, h_z, h_n) = from_input.chunk(3), from_state.chunk(3)
            r, z = torch.sigmoid(x_r + h_r), torch.sigmoid(x_z + h_z)
            n = torch.tanh(x_n + r * h_n)
            return ((1 - z) * n + z * state[0],)
        i, f, g, o = (from_input + from_state).chunk(4)
        c = torch.sigmoid(f) * state[1] + torch.sigmoid(i) * torch.tanh(g)
        return torch.sigmoid(o) * torch.tanh(self.normalised(f"{layer}.memory_norm", c)), c

    def normalised(self, name: str, vector: Tensor) -> Tensor:
        """Layer normalisation with gain and bias, if the network has it."""
        if not self.config.layer_norm:
            return vector
        centred = vector - vector.mean()
        scaled = centred / torch.sqrt((centred**2).mean() + 1e-5)
        return scaled * self.weights[f"{name}.weight"] + self.weights[f"{name}.bias"]

    def affine(self, name: str, vector: Tensor) -> Tensor:
        """W x + b."""
        return self.weights[f"{name}.weight"] @ vector + self.weights[f"{name}.bias"]


class LiteralClassifier(Literal):
    """The network that classifies, in evaluation mode: Zhou et al. 2016, with the final states as the query."""

    attention_name = "attention"

    def log_probabilities(self, text: list[int]) -> Tensor:
        """log p(label | text) for each label; the text ends with EOS."""
        states, last = self.encode(text)
        context = self.pool(states, last[0])
        if self.config.classifier.size:
            context = torch.clamp(self.affine("hidden", context), min=0)
        logits = self.affine("output", context)
        return logits - torch.log(torch.exp(logits).sum())

    def pool(self, states: list[Tensor], query: Tensor) -> Tensor:
        """The states as one vector; the attention is kept in ``attentions``."""
        self.attentions = [torch.zeros(len(states))]
        match self.config.attention.score:
            case "none":
                return query
            case "mean":
                self.attentions = [torch.full((len(states),), 1 / len(states))]
                return sum(states, torch.zeros(())) / len(states)
            case "max":
                return torch.stack([max(state[unit] for state in states) for unit in range(len(query))])
        self.attentions = []
        return self.attend(query, states, torch.zeros(len(states)))
