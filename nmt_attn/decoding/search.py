"""Search: from an encoded batch to the most probable token sequences.

Hypotheses of a sentence stand side by side: a step is computed for (B, K) tokens, B sentences by K hypotheses, over
source states that are held once a sentence. Sentences that are done leave the batch.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Literal

import torch
from torch import Tensor

from nmt_attn.config import DecodingConfig
from nmt_attn.decoding.constraints import coverage_penalties, forbid_end, forbid_repeats, only
from nmt_attn.model.decoder import DecoderStep
from nmt_attn.model.network import Start, TranslationModel
from nmt_attn.text.tokenizer import BOS, EOS, PAD, UNK


@dataclass(frozen=True)
class Hypothesis:
    """A candidate translation as token ids."""

    tokens: list[int]  # without EOS
    log_prob: float  # of all tokens, EOS included, in nats
    score: float  # log_prob over the length penalty: what hypotheses are ranked by


@dataclass(frozen=True)
class SearchOptions:
    """How to search.

    Args:
        beam_size: hypotheses kept a sentence; 1 is greedy search.
        nbest: hypotheses returned a sentence, at most ``beam_size``.
        normalisation: what log-probabilities are divided by, see :meth:`normaliser`.
        length_penalty: its power, α.
        coverage_penalty: β of Wu et al. 2016; see :func:`~nmt_attn.decoding.constraints.coverage_penalties`.
        min_length_ratio: a translation has at least this many times the source's tokens.
        max_length_ratio: a translation ends after this many times the source's tokens, plus 10.
        no_repeat_ngram: so many tokens in a row are never written twice; 0: they may be.
        prefix: token ids that every translation begins with.
    """

    beam_size: int = 5
    nbest: int = 1
    normalisation: Literal["wu", "mean"] = "wu"
    length_penalty: float = 1.0
    coverage_penalty: float = 0.0
    min_length_ratio: float = 0.0
    max_length_ratio: float = 3.0
    no_repeat_ngram: int = 0
    prefix: tuple[int, ...] = ()

    @classmethod
    def of(cls, config: DecodingConfig) -> SearchOptions:
        """Those of a configuration."""
        names = {field.name for field in fields(cls)} - {"nbest", "prefix"}
        return cls(**{name: getattr(config, name) for name in names})

    @property
    def plain(self) -> bool:
        """Whether nothing but probability and length decides."""
        return not (self.coverage_penalty or self.min_length_ratio or self.no_repeat_ngram or self.prefix)

    def min_lengths(self, source_lengths: Tensor) -> Tensor:
        """The fewest tokens of each translation, EOS included."""
        return (source_lengths * self.min_length_ratio).floor().long()

    def max_lengths(self, source_lengths: Tensor) -> Tensor:
        """The most tokens of each translation, EOS included."""
        return (source_lengths * self.max_length_ratio).ceil().long() + 10 + len(self.prefix)

    def normaliser(self, length: int) -> float:
        """What the log-probability of a hypothesis of ``length`` tokens (EOS included) is divided by.

        ((5 + length) / 6)^α in ``wu`` (Wu et al. 2016), length^α in ``mean``.
        """
        base = (5 + length) / 6 if self.normalisation == "wu" else length
        return float(base**self.length_penalty)


@torch.inference_mode()
def search(model: TranslationModel, source: Tensor, lengths: Tensor, options: SearchOptions) -> list[list[Hypothesis]]:
    """Translate a batch of source ids (B, S) with their lengths (B): the n best of each sentence, best first."""
    start = model.encode(source, lengths)
    limits = options.max_lengths(lengths)
    if options.beam_size == 1 and options.plain:
        return greedy_search(model, start, limits, options)
    return beam_search(model, start, limits, options, options.min_lengths(lengths).minimum(limits))


def greedy_search(
    model: TranslationModel, start: Start, limits: Tensor, options: SearchOptions
) -> list[list[Hypothesis]]:
    """The most probable token at each step.

    Args:
        model: in evaluation mode.
        start: the encoded batch.
        limits: most tokens of each translation, (B).
        options: ``beam_size`` is taken as 1; only ``plain`` ones, others are for :func:`beam_search`.
    """
    batch = len(limits)
    found: list[list[Hypothesis]] = [[] for _ in range(batch)]
    tokens = limits.new_empty(batch, int(limits.max()))  # (B, T)
    sentences = torch.arange(batch, device=limits.device)  # those still running, by their place in the batch
    totals = torch.zeros(batch, device=limits.device)
    memory, state = start.memory, start.state
    last = limits.new_full((batch, 1), BOS)
    for position in range(int(limits.max())):
        step = model.step(last, state, memory)
        log_probs = next_log_probs(model, step.readout).squeeze(1)  # (b, V)
        best, token = log_probs.max(-1)
        totals = totals + best
        tokens[sentences, position] = token
        done = (token == EOS) | (position + 1 >= limits[sentences])
        state, last = step.state, token.unsqueeze(1)
        if bool(done.any()):
            for row in done.nonzero().flatten().tolist():
                sentence = int(sentences[row])
                ids = tokens[sentence, : position + 1].tolist()
                found[sentence].append(finished(ids, float(totals[row]), options))
            running = (~done).nonzero().flatten()
            if not len(running):
                break
            memory, state, last = memory.select(running), state.select(running), last[running]
            sentences, totals = sentences[running], totals[running]
    return found


def beam_search(
    model: TranslationModel, start: Start, limits: Tensor, options: SearchOptions, minima: Tensor | None = None
) -> list[list[Hypothesis]]:
    """The ``beam_size`` most probable hypotheses, step by step, for all sentences at once.

    At each step the 2K best continuations of a sentence's K hypotheses are looked at: those among the first K that
    end are finished, the first K that do not end go on. A sentence is done when K hypotheses are finished, when
    nothing that still runs can beat the n best that are, or at its limit, where what runs is taken as it is.

    Args:
        model: in evaluation mode.
        start: the encoded batch.
        limits: most tokens of each translation, (B).
        options: see :class:`SearchOptions`.
        minima: fewest tokens of each translation, EOS included, (B); None: no such thing.
    """
    beams = _Beams.begin(start, limits, torch.zeros_like(limits) if minima is None else minima, options)
    for position in range(int(limits.max())):
        step = model.step(beams.last, beams.start.state, beams.start.memory)
        log_probs = next_log_probs(model, step.readout)  # (B, K, V)
        ended = beams.advance(log_probs, step)
        if beams.finish(ended, position + 1):
            break
    return [sorted(found, key=lambda one: -one.score)[: options.nbest] for found in beams.found]


def next_log_probs(model: TranslationModel, readouts: Tensor) -> Tensor:
    """Log-probabilities of the next token, (…, E) to (…, V), without the tokens that no sentence holds."""
    scores = model.output(readouts).float()
    scores[..., [PAD, UNK, BOS]] = -math.inf
    return torch.log_softmax(scores, dim=-1)


def finished(ids: list[int], log_prob: float, options: SearchOptions, penalty: float = 0.0) -> Hypothesis:
    """The hypothesis of ``ids``, which end with EOS or at a limit; ``penalty`` is added to its score."""
    score = log_prob / options.normaliser(len(ids)) + penalty
    return Hypothesis(ids[:-1] if ids[-1] == EOS else ids, log_prob, score)


@dataclass(frozen=True)
class _Ended:
    """The continuations of one step, among which some end."""

    totals: Tensor  # (b, 2K): log-probabilities of those that end, else -inf
    tokens: Tensor  # (b, 2K, t)
    penalties: Tensor | None  # (b, 2K): what coverage adds to their scores


@dataclass
class _Beams:
    """The running hypotheses of the sentences that are not done: b sentences by K hypotheses."""

    options: SearchOptions
    start: Start  # source states (b), decoder states (b·K)
    limits: Tensor  # (b)
    minima: Tensor  # (b)
    sentences: list[int]  # their place in the batch that came in
    tokens: Tensor  # (b, K, t): the tokens so far
    totals: Tensor  # (b, K): log-probabilities so far
    last: Tensor  # (b, K): the token that each step reads
    found: list[list[Hypothesis]]  # of all sentences of the batch that came in
    attention: Tensor | None = None  # (b, K, S): of all steps so far, with a coverage penalty

    @classmethod
    def begin(cls, start: Start, limits: Tensor, minima: Tensor, options: SearchOptions) -> _Beams:
        """K times the same beginning; all but the first are impossible, so that the first step tells them apart."""
        batch, beam = len(limits), options.beam_size
        rows = torch.arange(batch, device=limits.device).repeat_interleave(beam)
        totals = torch.full((batch, beam), -math.inf, device=limits.device)
        totals[:, 0] = 0.0
        attention = None
        if options.coverage_penalty:
            attention = start.memory.states.new_zeros(batch, beam, start.memory.mask.shape[1])
        return cls(
            options,
            Start(start.memory, start.state.select(rows)),
            limits,
            minima,
            list(range(batch)),
            limits.new_empty(batch, beam, 0),
            totals,
            limits.new_full((batch, beam), BOS),
            [[] for _ in range(batch)],
            attention,
        )

    def advance(self, log_probs: Tensor, step: DecoderStep) -> _Ended:
        """Choose the continuations of one step, given log-probabilities (b, K, V) and what the decoder gave."""
        batch, beam, vocabulary = log_probs.shape
        continued = (self.totals.unsqueeze(2) + self._allowed(log_probs)).view(batch, -1)  # (b, K·V)
        width = min(2 * beam, continued.shape[1])
        totals, places = continued.topk(width, dim=1)  # (b, 2K), best first
        parents, tokens = places // vocabulary, places % vocabulary
        ends = tokens == EOS
        histories = torch.cat([_pick(self.tokens, parents), tokens.unsqueeze(2)], dim=2)  # (b, 2K, t+1)
        in_front = torch.arange(width, device=totals.device) < beam
        attention, penalties = self._attended(step.weights, parents)
        ended = _Ended(totals.masked_fill(~(ends & in_front), -math.inf), histories, penalties)
        # The first K that do not end: a stable sort of "ends" keeps the order of probability.
        going = ends.long().argsort(dim=1, stable=True)[:, :beam]  # (b, K)
        self.totals = totals.masked_fill(ends, -math.inf).gather(1, going)
        self.tokens = _pick(histories, going)
        self.attention = None if attention is None else _pick(attention, going)
        self.last = self.tokens[:, :, -1]
        rows = torch.arange(batch, device=totals.device).unsqueeze(1) * beam + parents.gather(1, going)
        self.start = Start(self.start.memory, step.state.select(rows.flatten()))
        return ended

    def _allowed(self, log_probs: Tensor) -> Tensor:
        """The log-probabilities (b, K, V) with -inf for what may not come next."""
        position = self.tokens.shape[2]
        if position < len(self.options.prefix):
            return only(log_probs, self.options.prefix[position])
        if self.options.no_repeat_ngram:
            log_probs = forbid_repeats(log_probs, self.tokens, self.options.no_repeat_ngram)
        if self.options.min_length_ratio:
            log_probs = forbid_end(log_probs, position + 1 < self.minima)
        return log_probs

    def _attended(self, weights: Tensor, parents: Tensor) -> tuple[Tensor | None, Tensor | None]:
        """With a coverage penalty: all attention of each continuation so far, (b, 2K, S), and its penalty, (b, 2K)."""
        if self.attention is None:
            return None, None
        attention = _pick(self.attention + weights, parents)
        return attention, self.options.coverage_penalty * coverage_penalties(attention, self.start.memory.mask)

    def finish(self, ended: _Ended, length: int) -> bool:
        """Collect what ended at this ``length`` and let done sentences go; true when none is left."""
        for row, column in (ended.totals > -math.inf).nonzero().tolist():
            ids = ended.tokens[row, column].tolist()
            penalty = 0.0 if ended.penalties is None else float(ended.penalties[row, column])
            hypothesis = finished(ids, float(ended.totals[row, column]), self.options, penalty)
            self.found[self.sentences[row]].append(hypothesis)
        best_running, limits = self.totals[:, 0].tolist(), self.limits.tolist()
        running = []
        for row, sentence in enumerate(self.sentences):
            if length >= limits[row]:
                self._take_unfinished(row, sentence)
            elif not self._decided(sentence, best_running[row], limits[row]):
                running.append(row)
        if len(running) < len(self.sentences) and running:
            self._keep(torch.tensor(running, device=self.totals.device))
        return not running

    def _decided(self, sentence: int, best_running: float, limit: int) -> bool:
        """Whether nothing that still runs can get among the n best."""
        found = self.found[sentence]
        if best_running == -math.inf or len(found) >= self.options.beam_size:
            return True
        if len(found) < self.options.nbest:
            return False
        # Log-probabilities only fall, no length divides by more than the longest, and coverage adds nothing positive.
        bound = best_running / self.options.normaliser(limit)
        return sorted((one.score for one in found), reverse=True)[self.options.nbest - 1] >= bound

    def _take_unfinished(self, row: int, sentence: int) -> None:
        """At its limit a sentence gives what runs, as far as finished hypotheses are lacking."""
        missing = self.options.nbest - len(self.found[sentence])
        for column in range(min(missing, self.options.beam_size)):
            total, penalty = float(self.totals[row, column]), 0.0
            if self.attention is not None:
                attention, mask = self.attention[row : row + 1], self.start.memory.mask[row : row + 1]
                penalty = self.options.coverage_penalty * float(coverage_penalties(attention, mask)[0, column])
            if total > -math.inf:
                ids = self.tokens[row, column].tolist()
                self.found[sentence].append(finished(ids, total, self.options, penalty))

    def _keep(self, running: Tensor) -> None:
        """Drop all sentences but the rows ``running``."""
        beam = self.options.beam_size
        rows = (running.unsqueeze(1) * beam + torch.arange(beam, device=running.device)).flatten()
        self.start = Start(self.start.memory.select(running), self.start.state.select(rows))
        self.sentences = [self.sentences[row] for row in running.tolist()]
        self.limits, self.minima = self.limits[running], self.minima[running]
        self.tokens, self.totals, self.last = self.tokens[running], self.totals[running], self.last[running]
        self.attention = None if self.attention is None else self.attention[running]


def _pick(histories: Tensor, columns: Tensor) -> Tensor:
    """Rows of hypotheses: what they have, (b, K, t), and columns (b, J), to (b, J, t)."""
    return histories.gather(1, columns.unsqueeze(2).expand(-1, -1, histories.shape[2]))
