"""The hypotheses of a beam search, of many sentences at once.

On a CPU a row of the network is a hypothesis that still runs, whatever sentence it belongs to: a sentence begins with
one, has up to K, and fewer again where the others fell too far behind. To know which run, the CPU would have to wait
for a GPU at each step, and a GPU hardly computes faster what it computes less of: there a row is a place, whether
anything runs in it or not, and all rows of a sentence look at the one copy of its source.

A beam holds narrower ones within it (:mod:`nmt_attn.decoding.nested_beams`).

Something is given up for speed, in each of the beams by itself: with pruning a hypothesis that falls far behind,
without it whatever still runs when K of the best hypotheses have ended. Either may have won in the end by being longer.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import accumulate

import torch
from torch import Tensor

from nmt_attn.decoding.constraints import coverage_penalties, forbid_end, forbid_repeats, only
from nmt_attn.decoding.continuations import Constraint, Continuations, best_continuations
from nmt_attn.decoding.finished import Finished
from nmt_attn.decoding.hypothesis import SearchOptions
from nmt_attn.decoding.nested_beams import choose_continuations, nested_sizes
from nmt_attn.model.decodable import DecodableModel, DecodingStart, DecodingStep, SourceBatch, StateBatch
from nmt_attn.text.tokenizer import BOS


@dataclass
class Beams:
    """The hypotheses of the b sentences that are not done, P places each, of which those with a finite total run.

    The rows (N) that the network computes are those of ``rows``, sentence by sentence.
    """

    options: SearchOptions
    sizes: tuple[int, ...]  # of the L beams within each other
    places: tuple[int, ...]  # in each of them, those of narrower ones included; the last is P
    encoded: SourceBatch  # of the whole batch that came in; where all places are rows, of the b sentences
    rows: Tensor | None  # (N): the places that are rows, in the flattened (b, P); None: all
    state: StateBatch  # (N), of the rows before the last step where that has been taken
    last: Tensor  # (N): the token that the next step reads
    max_lengths: Tensor  # (b)
    min_lengths: Tensor  # (b)
    longest: Tensor  # (b): what the log-probability of a hypothesis of the most tokens is divided by
    sentences: Tensor  # (b): their place in the batch that came in
    tokens: Tensor  # (b, P, t): the tokens so far
    totals: Tensor  # (b, P): log-probabilities so far; -inf where no hypothesis runs
    parents: Tensor  # (b, P): the row, before the last step, that each of them continues
    alive: Tensor  # (b, L): which of the beams have hypotheses that run
    best_ended: Tensor  # (b, L): in each beam the highest log-probability of what ended near its best, with pruning
    ended: Tensor  # (b, L): how many have ended that were among the best of each beam, without pruning
    may_win: Tensor | None  # (b, P): which could still be the best, where several are wanted; others run on for places
    finished: Finished  # of all sentences of the batch that came in
    attention: Tensor | None  # (b, P, S): of all steps so far, with a coverage penalty

    @classmethod
    def begin(cls, start: DecodingStart, max_lengths: Tensor, min_lengths: Tensor, options: SearchOptions) -> Beams:
        """Begin with one hypothesis per sentence, of no token; limits and minima (B) are on the CPU."""
        batch, sizes, device = len(max_lengths), nested_sizes(options.beam_size), start.encoded.mask.device
        places = tuple(accumulate(sizes))
        longest, normalisers = int(max_lengths.max()), [options.normaliser(limit) for limit in max_lengths.tolist()]
        max_lengths, min_lengths = (some.to(device, non_blocking=True) for some in (max_lengths, min_lengths))
        totals = torch.full((batch, places[-1]), -math.inf, device=device)
        totals[:, 0] = 0.0
        attention, sentences, rows, state = None, torch.arange(batch, device=device), None, start.state
        if options.coverage_penalty:
            attention = totals.new_zeros(batch, places[-1], start.encoded.mask.shape[1])
        if device.type == "cpu":
            rows = sentences * places[-1]
        else:
            state = state.select(sentences.unsqueeze(1).expand(-1, places[-1]).flatten())
        return cls(
            options=options,
            sizes=sizes,
            places=places,
            encoded=start.encoded,
            rows=rows,
            state=state,
            last=max_lengths.new_full((totals.numel() if rows is None else batch,), BOS),
            max_lengths=max_lengths,
            min_lengths=min_lengths,
            longest=torch.tensor(normalisers).to(device, non_blocking=True),
            sentences=sentences,
            tokens=max_lengths.new_empty(batch, places[-1], 0),
            totals=totals,
            parents=max_lengths.new_zeros(batch, places[-1]),
            alive=torch.ones(batch, len(sizes), dtype=torch.bool, device=device),
            best_ended=totals.new_full((batch, len(sizes)), -math.inf),
            ended=max_lengths.new_zeros(batch, len(sizes)),
            may_win=None if options.nbest == 1 else totals > -math.inf,
            finished=Finished.none_yet(max_lengths, options.nbest, longest),
            attention=attention,
        )

    @property
    def running(self) -> Tensor:
        """The mask of the places that hold a hypothesis that runs, (b, P)."""
        return self.totals > -math.inf

    def step(self, model: DecodableModel) -> DecodingStep:
        """Compute the network's step for all rows."""
        if self.rows is None:
            return model.step(self.last.view_as(self.totals), self.state, self.encoded)
        sentence_of_row = self._of_rows(self.sentences.unsqueeze(1).expand_as(self.totals))
        return model.step(self.last.unsqueeze(1), self.state, self.encoded, sentence_of_row)

    def advance(self, model: DecodableModel, step: DecodingStep) -> None:
        """Take one step, given what the network gave: what can end is noted, the best of the rest goes on."""
        readouts = step.readout.flatten(0, 1)  # (N, R)
        found = best_continuations(model, readouts, self.options.beam_size, self._constraint())
        if self.attention is not None:
            self._add_attention(self.attention, step.weights.flatten(0, 1))
        ends = self._end(found)
        self._continue(found)
        self._drop(ends)
        self.state = step.state

    def go_on(self) -> None:
        """Let the network's rows be those of the hypotheses that run now, or all places."""
        if self.rows is not None:
            self.rows = self.running.flatten().nonzero().flatten()
        self.state = self.state.select(self._of_rows(self.parents))
        self.last = self._of_rows(self.tokens[:, :, -1])

    def done(self) -> bool:
        """Let sentences go of which nothing runs; return whether none is left."""
        running = self.running.any(1).nonzero().flatten()
        if 0 < len(running) < len(self.sentences):
            self._keep(running)
        return not len(running)

    def _of_rows(self, of_places: Tensor) -> Tensor:
        """Select of what the places have, (b, P, …), that of the rows, (N, …)."""
        flat = of_places.flatten(0, 1)
        return flat if self.rows is None else flat.index_select(0, self.rows)

    def _in_places(self, of_rows: Tensor) -> Tensor:
        """Put what each row has, (N, …), into the place of its hypothesis, (b, P, …).

        A place where none runs has -inf or 0, or what a row has in which none does.
        """
        shape = (*self.totals.shape, *of_rows.shape[1:])
        if self.rows is None:
            return of_rows.view(shape)
        empty = -math.inf if of_rows.is_floating_point() else 0
        placed = of_rows.new_full((self.totals.numel(), *of_rows.shape[1:]), empty)
        return placed.index_copy_(0, self.rows, of_rows).view(shape)

    def _add_attention(self, before: Tensor, of_rows: Tensor) -> None:
        """Add the attention of the rows in this step, (N, S), to the coverage."""
        of_rows = of_rows.to(before.dtype)
        if self.rows is None:
            self.attention = before + of_rows.view_as(before)
        else:
            self.attention = before.flatten(0, 1).index_add(0, self.rows, of_rows).view_as(before)

    def _constraint(self) -> Constraint | None:
        """Return the constraint that forbids some continuations of the rows; None where all may come."""
        position, options = self.tokens.shape[2], self.options
        if position < len(options.prefix):
            return lambda log_probs, rows: only(log_probs, options.prefix[position])
        if not (options.no_repeat_ngram or options.min_length_ratio):
            return None
        histories = self._of_rows(self.tokens)  # (N, t)
        too_short = self._of_rows((position + 1 < self.min_lengths).unsqueeze(1).expand_as(self.totals))  # (N)

        def forbid(log_probs: Tensor, rows: slice) -> Tensor:
            if options.no_repeat_ngram:
                log_probs = forbid_repeats(log_probs, histories[rows], options.no_repeat_ngram)
            return forbid_end(log_probs, too_short[rows])

        return forbid

    # --- what ends ----------------------------------------------------------------------------------------------

    def _end(self, found: Continuations) -> Tensor:
        """Note every hypothesis as one that ends here; return their log-probabilities, (b, P)."""
        ends = self._in_places(found.ends)  # (b, P)
        best_word = self._in_places(found.log_probs[:, 0])[:, 0]
        greedy_ends = (ends[:, 0] >= best_word) | self._at_limit
        self.alive[:, 0] &= ~greedy_ends
        totals = self.totals + ends
        if self.options.beam_size == 1:
            totals = totals.masked_fill(~greedy_ends.unsqueeze(1), -math.inf)
        scores = totals / self.options.normaliser(self.tokens.shape[2] + 1)
        if self.attention is not None:
            mask = self.encoded.mask if self.rows is None else self.encoded.mask[self.sentences]
            scores += self.options.coverage_penalty * coverage_penalties(self.attention, mask)
        self.finished.take(self.sentences, scores, totals, self.tokens)
        return totals

    @property
    def _at_limit(self) -> Tensor:
        """The mask of the sentences whose hypotheses all have to end now, (b)."""
        return self.max_lengths <= self.tokens.shape[2] + 1

    # --- what goes on -------------------------------------------------------------------------------------------

    def _continue(self, found: Continuations) -> None:
        """Fill the places with the best continuations, those of each narrower beam first."""
        rows = self._row_numbers()
        totals = self._in_places(self._of_rows(self.totals).unsqueeze(1) + found.log_probs)  # (b, P, W)
        totals = totals.masked_fill(self._at_limit[:, None, None], -math.inf)
        chosen, again = choose_continuations(totals, self.alive, self.sizes, self.places)  # (b, P)
        parents = chosen // totals.shape[2]
        self.totals = totals.flatten(1).gather(1, chosen).masked_fill(again, -math.inf)
        words = self._in_places(found.tokens).flatten(1).gather(1, chosen)
        self.tokens = torch.cat([_pick(self.tokens, parents), words.unsqueeze(2)], dim=2)
        self.attention = None if self.attention is None else _pick(self.attention, parents)
        self.parents = rows.gather(1, parents)

    def _row_numbers(self) -> Tensor:
        """Return the number of the row of each place, (b, P); any number for a place that is none."""
        if self.rows is None:
            return torch.arange(self.totals.numel(), device=self.totals.device).view_as(self.totals)
        numbers = torch.arange(len(self.rows), device=self.rows.device)
        return self.rows.new_zeros(self.totals.numel()).index_copy_(0, self.rows, numbers).view_as(self.totals)

    # --- what does not --------------------------------------------------------------------------------------------

    def _drop(self, ends: Tensor) -> None:
        """Let go what cannot win any more or is not followed any further, given what ended, (b, P)."""
        # Log-probabilities only fall, no length divides by more than the longest, and coverage adds nothing positive.
        to_beat = self.finished.scores[self.sentences] * self.longest.unsqueeze(1)  # (b, n)
        dropped = self.totals <= to_beat[:, -1:]
        if self.options.pruning is None or self.options.nbest > 1:
            self._count(ends)
        else:
            dropped |= self._too_far_behind(ends, self.options.pruning)
        column = torch.arange(self.places[-1], device=ends.device)
        inside = [(column < places) & self.alive[:, level, None] for level, places in enumerate(self.places)]
        dropped |= ~torch.stack(inside).any(0)
        self.totals = self.totals.masked_fill(dropped, -math.inf)
        if self.may_win is not None:
            self.may_win = self.totals > to_beat[:, :1]
        within = [self.running[:, :places].any(1) for places in self.places]
        self.alive &= torch.stack(within, dim=1)

    def _count(self, ends: Tensor) -> None:
        """Let a beam of K be done when K hypotheses have ended that were among the K best of their step."""
        for level in range(1, len(self.sizes)):  # greedy search is done when it ends
            size, places = self.sizes[level], self.places[level]
            ended, going = ends[:, :places, None], self.totals[:, None, :places]
            ahead = (going > ended).sum(2) + (ended.transpose(1, 2) > ended).sum(2)  # (b, places)
            in_front = (ahead < size) & (ends[:, :places] > -math.inf)
            if self.may_win is not None:  # else the best of several would be worse than the best alone
                in_front &= self.may_win[:, :places]
            self.ended[:, level] += in_front.sum(1)
            self.alive[:, level] &= self.ended[:, level] < size

    def _too_far_behind(self, ends: Tensor, pruning: float) -> Tensor:
        """Mark hypotheses further behind the best of the narrowest beam that they are in than allowed, (b, P).

        A hypothesis that ended counts as the best only if it was not too far behind itself: else a few words that might
        end somewhere would be taken for better than the whole sentence.
        """
        behind = torch.zeros_like(self.totals, dtype=torch.bool)
        for level in reversed(range(1, len(self.sizes))):
            places = self.places[level]
            best, ended = self.totals[:, :places].amax(1), ends[:, :places].amax(1)
            ended = ended.masked_fill(ended < best - pruning, -math.inf)
            self.best_ended[:, level] = self.best_ended[:, level].maximum(ended)
            best = best.maximum(self.best_ended[:, level]) - pruning
            here = self.totals[:, :places] < best.unsqueeze(1)
            behind[:, :places] = torch.where(self.alive[:, level, None], here, behind[:, :places])
        behind[:, 0] &= ~self.alive[:, 0]  # greedy search drops nothing
        return behind

    def _keep(self, running: Tensor) -> None:
        """Drop all sentences but those at the places ``running``."""
        self.sentences, self.max_lengths, self.min_lengths = (
            self.sentences[running],
            self.max_lengths[running],
            self.min_lengths[running],
        )
        self.tokens, self.totals, self.parents = self.tokens[running], self.totals[running], self.parents[running]
        self.longest, self.alive = self.longest[running], self.alive[running]
        self.best_ended, self.ended = self.best_ended[running], self.ended[running]
        self.attention = None if self.attention is None else self.attention[running]
        self.may_win = None if self.may_win is None else self.may_win[running]
        if self.rows is None:
            self.encoded = self.encoded.select(running)


def _pick(histories: Tensor, columns: Tensor) -> Tensor:
    """Select of what hypotheses have, (b, P, t), that of the columns (b, J): (b, J, t)."""
    return histories.gather(1, columns.unsqueeze(2).expand(-1, -1, histories.shape[2]))
