"""Alignments: the attention over a sentence while its translation is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from nmt_attn.corpus.batches import make_batch
from nmt_attn.decoding.continuations import next_log_probs
from nmt_attn.model.decodable import DecodableModel
from nmt_attn.text.tokenizer import EOS, SPACE

END = "</s>"


@dataclass(frozen=True)
class Alignment:
    """The attention of one sentence: ``weights[t][i]`` is how much target label t looked at source label i.

    A row sums to 1; all of it is 0 in a model without attention. Both sides end with the end of the sentence.

    >>> from nmt_attn.decoding.alignment import Alignment
    >>> alignment = Alignment(
    ...     source=["▁big", "▁do", "g", "</s>"],
    ...     target=["▁granda", "▁hundo", "</s>"],
    ...     weights=[[0.8, 0.1, 0.1, 0.0], [0.0, 0.5, 0.4, 0.1], [0.0, 0.0, 0.0, 1.0]],
    ...     log_prob=-0.5,
    ... )
    """

    source: list[str]
    target: list[str]
    weights: list[list[float]]  # one row per target label
    log_prob: float  # of the target, in nats; -inf where it holds a letter that the tokenizer does not know
    log_probs: list[float] = field(default_factory=list)  # of each target label, given those before it

    def in_words(self) -> Alignment:
        """Merge pieces into words: attention is summed over a source word's pieces, averaged over a target word's.

        >>> alignment.in_words().source
        ['big', 'dog', '</s>']
        >>> [round(weight, 2) for weight in alignment.in_words().weights[1]]
        [0.0, 0.9, 0.1]
        """
        source, target = word_spans(self.source), word_spans(self.target)
        rows = []
        for pieces in target:
            columns = [sum(self.weights[t][i] for t in pieces for i in group) / len(pieces) for group in source]
            rows.append(columns)
        log_probs = [sum(self.log_probs[t] for t in pieces) for pieces in target] if self.log_probs else []
        return Alignment(_joined(self.source, source), _joined(self.target, target), rows, self.log_prob, log_probs)

    def links(self) -> list[tuple[int, int]]:
        """Return the source label that each target label but the end looked at most, as (source, target) places.

        There is none where that is the end of the source, or where there is no attention.

        >>> alignment.in_words().links()
        [(0, 0), (1, 1)]
        """
        found = []
        for place, row in enumerate(self.weights[:-1]):
            best = max(range(len(row)), key=row.__getitem__)
            if row[best] > 0 and best < len(self.source) - 1:
                found.append((best, place))
        return found


@dataclass(frozen=True)
class AlignedPart:
    """The alignment of a part of a line, and whether a space parts it from what stands before, on either side."""

    alignment: Alignment
    source_space: bool
    target_space: bool


def joined(parts: Sequence[AlignedPart]) -> Alignment:
    """Put the alignments of the parts of a line together: a part has looked at nothing but itself.

    Its attention to its own end counts as attention to the end of the line.
    """
    source: list[str] = []
    target: list[str] = []
    weights: list[list[float]] = []
    log_probs: list[float] = []
    width = sum(len(part.alignment.source) - 1 for part in parts)
    for place, part in enumerate(parts):
        one, begin = part.alignment, len(source)
        # Labels that go on with the word before have no mark of a space.
        source += _labels(one.source[:-1], spaced=not place or part.source_space)
        target += _labels(one.target[:-1], spaced=not place or part.target_space)
        # The end of a translation is the end of the line's in the last part alone.
        log_probs += one.log_probs if place == len(parts) - 1 else one.log_probs[:-1]
        for row in one.weights if place == len(parts) - 1 else one.weights[:-1]:
            weights.append([0.0] * begin + row[:-1] + [0.0] * (width - len(source)) + [row[-1]])
    log_prob = sum(part.alignment.log_prob for part in parts)
    return Alignment([*source, END], [*target, END], weights, log_prob, log_probs)


def links_in_words(parts: Sequence[AlignedPart]) -> list[tuple[int, int]]:
    """Return the links between the words of a line, as (source, target) places in the whole of it.

    They are those of :func:`joined`, without a table of every word of a long line with every other; but a word that two
    parts share may come from one word in each.
    """
    links: list[tuple[int, int]] = []
    sources = targets = 0
    for part in parts:
        words = part.alignment.in_words()
        shared = (bool(sources) and not part.source_space, bool(targets) and not part.target_space)
        sources, targets = sources - shared[0], targets - shared[1]
        links += [(sources + source, targets + target) for source, target in words.links()]
        sources, targets = sources + len(words.source) - 1, targets + len(words.target) - 1
    return links


def _labels(pieces: list[str], *, spaced: bool) -> list[str]:
    return pieces if spaced or not pieces else [pieces[0].removeprefix(SPACE), *pieces[1:]]


def source_words(alignment: Alignment) -> list[str]:
    """Return for each target piece the source word that it looked at most, the end of the source left out."""
    spans = word_spans(alignment.source)[:-1]
    words = _joined(alignment.source, spans)
    found = []
    for row in alignment.weights:
        attention = [sum(row[place] for place in span) for span in spans]
        found.append(words[max(range(len(spans)), key=attention.__getitem__)] if any(attention) else "")
    return found


def word_spans(pieces: Sequence[str]) -> list[range]:
    """Find the words in a sequence of pieces; the end of the sentence is a word of its own."""
    starts = [place for place, piece in enumerate(pieces) if not place or piece.startswith(SPACE) or piece == END]
    return [range(start, stop) for start, stop in zip(starts, [*starts[1:], len(pieces)], strict=True)]


def _joined(pieces: Sequence[str], spans: Sequence[range]) -> list[str]:
    return ["".join(pieces[place] for place in span).removeprefix(SPACE) or SPACE for span in spans]


@dataclass(frozen=True)
class ForcedDecoding:
    """A given translation as a model sees it."""

    weights: Tensor  # (T, S): the attention over [source, EOS] while each token of [target, EOS] was written
    log_probs: Tensor  # (T): of each token of it, in nats; -inf where no translation would hold it

    @property
    def log_prob(self) -> float:
        """Of that target, in nats."""
        return float(self.log_probs.sum())


@torch.inference_mode()
def force_decode(
    model: DecodableModel, sources: Sequence[Sequence[int]], targets: Sequence[Sequence[int]]
) -> list[ForcedDecoding]:
    """Let a model write given translations.

    Args:
        model: in evaluation mode.
        sources: ids of each sentence, without EOS.
        targets: ids of its translation, without BOS and EOS.
    """
    batch = make_batch(sources, targets)
    labels = np.full_like(batch.targets, EOS)
    labels.ravel()[batch.positions] = batch.labels
    arrays = (batch.source, batch.targets, labels)
    source, read, written = (torch.from_numpy(array).to(model.device) for array in arrays)  # (B, S), (B, T), (B, T)
    start = model.encode(source, torch.from_numpy(batch.source_lengths))
    state, weights, log_probs = start.state, [], []
    for position in range(read.shape[1]):
        step = model.step(read[:, position : position + 1], state, start.encoded)
        scores = next_log_probs(model, step.readout[:, 0])  # (B, V)
        log_probs.append(scores.gather(1, written[:, position : position + 1]).squeeze(1))
        weights.append(step.weights[:, 0].float())
        state = step.state
    all_weights, all_log_probs = torch.stack(weights, dim=1).cpu(), torch.stack(log_probs, dim=1).cpu()  # one wait
    return [
        ForcedDecoding(all_weights[row, : len(target) + 1, : len(ids) + 1], all_log_probs[row, : len(target) + 1])
        for row, (ids, target) in enumerate(zip(sources, targets, strict=True))
    ]
