"""The hypotheses of a beam search, of many sentences at once.

A row of the network is a hypothesis that still runs, whatever sentence it belongs to: a sentence begins with one, has
up to K, and fewer again where the others ended or fell too far behind.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from nmt_attn.decoding.constraints import coverage_penalties, forbid_end, forbid_repeats, only
from nmt_attn.decoding.continuations import Constraint, best_continuations
from nmt_attn.decoding.hypothesis import Hypothesis, SearchOptions, finished
from nmt_attn.model.attention import Memory
from nmt_attn.model.decoder import DecoderState, DecoderStep
from nmt_attn.model.network import Searchable, Start
from nmt_attn.text.tokenizer import BOS, EOS


@dataclass(frozen=True)
class Ended:
    """The continuations of one step, among which some end."""

    totals: Tensor  # (b, 2K): log-probabilities of those that end, else -inf
    tokens: Tensor  # (b, 2K, t)
    penalties: Tensor | None  # (b, 2K): what coverage adds to their scores


@dataclass
class Beams:
    """The hypotheses of the b sentences that are not done, K places each, of which those with a finite total run.

    The rows (N) that the network computes are the running ones, sentence by sentence.
    """

    options: SearchOptions
    memory: Memory  # of the whole batch that came in
    state: DecoderState  # (N)
    last: Tensor  # (N): the token that the next step reads
    limits: Tensor  # (b)
    minima: Tensor  # (b)
    sentences: Tensor  # (b): their place in the batch that came in
    tokens: Tensor  # (b, K, t): the tokens so far
    totals: Tensor  # (b, K): log-probabilities so far, best first; -inf where no hypothesis runs
    parents: Tensor  # (b, K): the row that each of them continues
    best_finished: Tensor  # (b): the highest log-probability that has ended
    found: list[list[Hypothesis]]  # of all sentences of the batch that came in
    attention: Tensor | None  # (b, K, S): of all steps so far, with a coverage penalty

    @classmethod
    def begin(cls, start: Start, limits: Tensor, minima: Tensor, options: SearchOptions) -> Beams:
        """One hypothesis a sentence, of no token."""
        batch, beam = len(limits), options.beam_size
        totals = torch.full((batch, beam), -math.inf, device=limits.device)
        totals[:, 0] = 0.0
        attention = None
        if options.coverage_penalty:
            attention = start.memory.states.new_zeros(batch, beam, start.memory.mask.shape[1])
        return cls(
            options=options,
            memory=start.memory,
            state=start.state,
            last=limits.new_full((batch,), BOS),
            limits=limits,
            minima=minima,
            sentences=torch.arange(batch, device=limits.device),
            tokens=limits.new_empty(batch, beam, 0),
            totals=totals,
            parents=limits.new_zeros(batch, beam),
            best_finished=totals.new_full((batch,), -math.inf),
            found=[[] for _ in range(batch)],
            attention=attention,
        )

    @property
    def running(self) -> Tensor:
        """Which places hold a hypothesis that runs, (b, K)."""
        return self.totals > -math.inf

    @property
    def owners(self) -> Tensor:
        """The sentence of each row, by its place in the batch that came in, (N)."""
        return self.sentences.unsqueeze(1).expand_as(self.totals)[self.running]

    def advance(self, model: Searchable, step: DecoderStep) -> Ended:
        """Choose the continuations of one step, given what the decoder gave."""
        beam, running = self.options.beam_size, self.running
        # Of one row: K that do not end, and perhaps the end.
        gained, tokens = best_continuations(model, step.readout.squeeze(1), beam + 1, self._constraint(running))
        totals = self._in_places(self.totals[running].unsqueeze(1) + gained, running, -math.inf)
        totals, places = totals.topk(min(2 * beam, totals.shape[1]), dim=1)  # (b, 2K), best first
        tokens = self._in_places(tokens, running, EOS).gather(1, places)
        parents = places // gained.shape[1]
        ends = tokens == EOS
        histories = torch.cat([_pick(self.tokens, parents), tokens.unsqueeze(2)], dim=2)  # (b, 2K, t+1)
        in_front = torch.arange(totals.shape[1], device=totals.device) < beam
        attention, penalties = self._attended(step.weights, running, parents)
        ended = Ended(totals.masked_fill(~(ends & in_front), -math.inf), histories, penalties)
        # The first K that do not end: a stable sort of "ends" keeps the order of probability.
        going = ends.long().argsort(dim=1, stable=True)[:, :beam]  # (b, K)
        self.best_finished = self.best_finished.maximum(ended.totals.amax(1))
        self.totals = self._pruned(totals.masked_fill(ends, -math.inf).gather(1, going))
        self.tokens = _pick(histories, going)
        self.attention = None if attention is None else _pick(attention, going)
        row_of_place = running.flatten().cumsum(0).view_as(running) - 1
        self.parents = row_of_place.gather(1, parents.gather(1, going))
        return ended

    def go_on(self, state: DecoderState) -> None:
        """Let the network's rows be those of the hypotheses that run now, given the states (N) after the step."""
        running = self.running
        self.state = state.select(self.parents[running])
        self.last = self.tokens[:, :, -1][running]

    def _in_places(self, of_rows: Tensor, running: Tensor, empty: float) -> Tensor:
        """What each row has, (N, W), to (b, K·W), with ``empty`` where no hypothesis runs."""
        placed = of_rows.new_full((*running.shape, of_rows.shape[1]), empty)
        placed[running] = of_rows
        return placed.flatten(1)

    def _constraint(self, running: Tensor) -> Constraint | None:
        """What forbids some continuations of the rows; None where all may come."""
        position, options = self.tokens.shape[2], self.options
        if position < len(options.prefix):
            return lambda log_probs, rows: only(log_probs, options.prefix[position])
        if not (options.no_repeat_ngram or options.min_length_ratio):
            return None
        histories = self.tokens[running]  # (N, t)
        too_short = (position + 1 < self.minima).unsqueeze(1).expand_as(running)[running]  # (N)

        def forbid(log_probs: Tensor, rows: slice) -> Tensor:
            if options.no_repeat_ngram:
                log_probs = forbid_repeats(log_probs, histories[rows], options.no_repeat_ngram)
            return forbid_end(log_probs, too_short[rows])

        return forbid

    def _attended(self, weights: Tensor, running: Tensor, parents: Tensor) -> tuple[Tensor | None, Tensor | None]:
        """With a coverage penalty: all attention of each continuation so far, (b, 2K, S), and its penalty, (b, 2K)."""
        if self.attention is None:
            return None, None
        attention = self.attention.clone()
        attention[running] += weights.squeeze(1).to(attention.dtype)
        attention = _pick(attention, parents)
        mask = self.memory.mask[self.sentences]
        return attention, self.options.coverage_penalty * coverage_penalties(attention, mask)

    def _pruned(self, totals: Tensor) -> Tensor:
        """Log-probabilities (b, K) with -inf for the hypotheses that are too far behind."""
        if self.options.pruning is None or self.options.nbest > 1:
            return totals
        best = totals[:, 0].maximum(self.best_finished)
        return totals.masked_fill(totals < (best - self.options.pruning).unsqueeze(1), -math.inf)

    def finish(self, ended: Ended, length: int) -> bool:
        """Collect what ended at this ``length`` and let done sentences go; true when none is left."""
        self._collect(ended)
        best_running, limits = self.totals[:, 0].tolist(), self.limits.tolist()
        running, sentences = [], self.sentences.tolist()
        for row, sentence in enumerate(sentences):
            if length >= limits[row]:
                self._take_unfinished(row, sentence)
            elif not self._decided(sentence, best_running[row], limits[row]):
                running.append(row)
        if running and len(running) < len(sentences):
            self._keep(torch.tensor(running, device=self.totals.device))
        return not running

    def _collect(self, ended: Ended) -> None:
        """Take what ended among the hypotheses found; read from the tensors all at once, for one by one is slow."""
        places = (ended.totals > -math.inf).nonzero(as_tuple=True)
        sentences, totals = self.sentences[places[0]].tolist(), ended.totals[places].tolist()
        penalties = [0.0] * len(totals) if ended.penalties is None else ended.penalties[places].tolist()
        found = zip(sentences, ended.tokens[places].tolist(), totals, penalties, strict=True)
        for sentence, ids, total, penalty in found:
            self.found[sentence].append(finished(ids, total, self.options, penalty))

    def _decided(self, sentence: int, best_running: float, limit: int) -> bool:
        """Whether nothing that still runs can get among the n best."""
        found = self.found[sentence]
        if not best_running > -math.inf or len(found) >= self.options.beam_size:  # it may also be no number
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
                attention, mask = self.attention[row : row + 1], self.memory.mask[sentence : sentence + 1]
                penalty = self.options.coverage_penalty * float(coverage_penalties(attention, mask)[0, column])
            if total > -math.inf:
                ids = self.tokens[row, column].tolist()
                self.found[sentence].append(finished(ids, total, self.options, penalty))

    def _keep(self, running: Tensor) -> None:
        """Drop all sentences but those at the places ``running``."""
        self.sentences, self.limits, self.minima = self.sentences[running], self.limits[running], self.minima[running]
        self.tokens, self.totals, self.parents = self.tokens[running], self.totals[running], self.parents[running]
        self.best_finished = self.best_finished[running]
        self.attention = None if self.attention is None else self.attention[running]


def _pick(histories: Tensor, columns: Tensor) -> Tensor:
    """Rows of hypotheses: what they have, (b, K, t), and columns (b, J), to (b, J, t)."""
    return histories.gather(1, columns.unsqueeze(2).expand(-1, -1, histories.shape[2]))
