"""Watching a training: loss over the validation pairs, scores and samples of its translations."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

from nmt_attn.config.schema import Config
from nmt_attn.corpus.batches import Batcher
from nmt_attn.corpus.dataset import Dataset, HeldOut
from nmt_attn.decoding.aligner import Aligner
from nmt_attn.decoding.alignment import Alignment
from nmt_attn.decoding.translator import Translator
from nmt_attn.device import Compute, choose_compute
from nmt_attn.distributed.group import ALONE, ProcessGroup, in_order, own_part
from nmt_attn.evaluation.scores import Score, Scorer
from nmt_attn.model.network import TranslationModel
from nmt_attn.progress import Watch, unwatched
from nmt_attn.tasks.sample import evenly_spaced
from nmt_attn.tasks.selection import Figures, known_metric, select
from nmt_attn.tasks.task import Decided, Sample, Standing
from nmt_attn.tasks.translation_loss import batch_loss, to_device

_DRAWN = 100  # tokens of a sentence whose attention is drawn


@dataclass(frozen=True)
class Validation:
    """The outcome of a look at the validation data."""

    loss: float  # cross-entropy, nats a target token, without label smoothing
    bleu: Score
    chrf: Score
    exact: Score
    samples: list[Sample]

    @property
    def figures(self) -> Figures:
        """The figures, rounded as they are logged, so that whoever reads the log ranks checkpoints as training has."""
        bleu, chrf, exact = (
            None if score.score is None else round(score.score, 3) for score in (self.bleu, self.chrf, self.exact)
        )
        return Figures(loss=round(self.loss, 5), bleu=bleu, chrf=chrf, exact=exact)

    def values(self) -> dict[str, object]:
        """Return what is logged of it."""
        figures = self.figures
        return {
            "loss": figures.loss,
            "perplexity": round(self.perplexity, 3),
            "bleu": figures.bleu,
            **({"bleu_reason": self.bleu.reason} if figures.bleu is None else {}),
            "chrf": figures.chrf,
            "exact": figures.exact,
        }

    @property
    def perplexity(self) -> float:
        """exp(loss)."""
        return math.exp(min(self.loss, 700.0))


class Validator:
    """Looks at the same validation sentences each time.

    Args:
        config: how many sentences, which search.
        data: prepared data, with validation sentences.
        model: the one that is being trained, on its device.
        batch_tokens: target tokens in a batch for the loss.
        decided: what a training that goes on has decided before; its tokenizer is taken instead of
            ``evaluation.tokenize``.
        group: the processes that share the sentences; each of them then has all results.

    Raises:
        UserError: BLEU's tokenizer is not installed, or cannot be fetched.
        InputError: the metric that was decided is none.
    """

    def __init__(
        self,
        config: Config,
        data: Dataset,
        model: TranslationModel,
        batch_tokens: int,
        decided: Decided,
        group: ProcessGroup = ALONE,
    ) -> None:
        self.group = group
        self.config, self.tokenizer, self.model = config, data.tokenizer, model
        # As nmt eval translates, whatever the precision of training; the loss is always that of fp32.
        precision = config.decoding.precision
        on_gpu = model.device.type == "cuda"
        self.compute = choose_compute(str(model.device), "auto" if on_gpu and precision == "int8" else precision)
        training = config.training
        self.batcher = Batcher(data.pairs("valid"), batch_tokens)
        self.batches = self.batcher.in_order()
        self.held_out = _evenly(data.held_out("valid"), training.validation.max_sentences)
        self.scorer = Scorer(
            language=config.data.target_lang,
            lowercase=data.tokenizer.lowercase,
            tokenize=decided.tokenizer or config.evaluation.tokenize,
        )

        self._decided_before = decided
        counts = self.scorer.token_counts(self.held_out.references)
        setting, unit = training.early_stopping.metric, self.scorer.tokenizer.unit
        self.selection = select(setting, counts, unit, known_metric(decided.metric))

    @property
    def decided(self) -> Decided:
        """See :attr:`nmt_attn.tasks.task.Evaluator.decided`."""
        return Decided(self.selection.metric, self.scorer.tokenizer.name)

    @property
    def compares_with_earlier(self) -> bool:
        """See :attr:`nmt_attn.tasks.task.Evaluator.compares_with_earlier`.

        A run that has not decided is of a version that may have cut text otherwise.
        """
        bleu = self.selection.metric == "bleu" and self.scorer.tokenizer.name != "13a"
        return not (bleu and self._decided_before.metric is None)

    @property
    def notes(self) -> list[str]:
        """See :attr:`nmt_attn.tasks.task.Evaluator.notes`."""
        note = self.scorer.tokenizer.note
        return [*([] if note is None else [f"note: {note}"]), f"{self.selection.line()}; {self._searched()}"]

    def standing(self, evaluation: Validation) -> Standing:
        """See :meth:`nmt_attn.tasks.task.Evaluator.standing`."""
        return self.selection.standing(evaluation.figures)

    def rank(self, standing: Standing) -> tuple[float, ...]:
        """See :meth:`nmt_attn.tasks.task.Evaluator.rank`."""
        return self.selection.rank(standing)

    def attention(self, evaluation: Validation, count: int) -> list[Alignment]:
        """See :meth:`nmt_attn.tasks.task.Evaluator.attention`; a sentence too long for a picture is left out."""
        if not self.model.attends:
            return []
        samples = evaluation.samples[:count]
        sources, targets = [sample.source for sample in samples], [sample.output for sample in samples]
        ids = self.tokenizer.encode_target(targets)
        lengths = map(max, map(len, self.tokenizer.encode_source(sources)), map(len, ids))
        kept = [place for place, length in enumerate(lengths) if length <= _DRAWN]
        if not kept:
            return []
        aligner = Aligner(self.model, self.tokenizer)
        with torch.inference_mode():
            found = aligner.align([sources[place] for place in kept], [ids[place] for place in kept])
        return [alignment.in_words() for alignment in found]

    def line(self, evaluation: Validation) -> str:
        """Give the figure that decides, the share of exact translations, and the reason where there is no BLEU."""
        bleu, metric = evaluation.bleu, self.selection.metric
        scores = [] if metric == "chrf" or bleu.score is None else [f"BLEU {bleu.score:.1f}"]
        if not scores:
            scores = [f"chrF {evaluation.chrf.score:.1f}"]
        scores.append(f"exact {evaluation.exact.score:.1f} %")
        if bleu.score is None:
            scores.append(f"BLEU n/a: {bleu.reason}")
        return f"valid loss {evaluation.loss:.3f}, perplexity {evaluation.perplexity:.2f}, {', '.join(scores)}"

    def _searched(self) -> str:
        """Say what is translated, and by which search, in a line."""
        beam, later = self.config.training.validation.beam_size, self.config.decoding.beam_size
        search = "greedily" if beam == 1 else f"with a beam of {beam}"
        differs = f" (decoding.beam_size is {later})" if later != beam else ""
        return f"{len(self.held_out):,} validation sentences are translated {search}{differs}"

    def run(self, watch: Watch = unwatched) -> Validation:
        """See :meth:`nmt_attn.tasks.task.Evaluator.run`."""

        def watch_half(share: float) -> None:
            watch(share / 2)

        options = self.config.training.validation
        loss = self._loss(watch_half)
        translator = Translator(self.model, self.tokenizer, self.config.decoding, self.compute)
        own = list(own_part(self.held_out.sources, self.group))
        translated = translator.translate(own, beam_size=options.beam_size, watch=watch_half)
        translations = in_order(self.group.gather(translated))
        references = self.held_out.references
        bleu, chrf = self.scorer.bleu(translations, references), self.scorer.chrf(translations, references)
        exact = self.scorer.exact(translations, references)
        shown = evenly_spaced(len(translations), options.samples)
        samples = [Sample(self.held_out.sources[i], translations[i], references[i][0]) for i in shown]
        return Validation(loss, bleu, chrf, exact, samples)

    @torch.inference_mode()
    def _loss(self, watch: Watch) -> float:
        """Mean cross-entropy a target token over all validation pairs."""
        model, compute = self.model, Compute(self.compute.device, "fp32")
        was_training = model.training
        model.eval()
        found, own = [], own_part(self.batches, self.group)
        for indices in own:
            batch = self.batcher.batch(indices)
            loss = batch_loss(model, to_device(batch, compute.device), compute)
            found.append((float(loss.cross_entropy), batch.tokens))
            watch(1 / len(own))
        model.train(was_training)
        losses = in_order(self.group.gather(found))  # so the sum has one order, whoever has computed what
        return sum(loss for loss, _ in losses) / sum(tokens for _, tokens in losses)


def _evenly(held_out: HeldOut, count: int) -> HeldOut:
    """At most ``count`` sentences, from all over the set."""
    chosen = evenly_spaced(len(held_out.sources), count)
    return HeldOut([held_out.sources[i] for i in chosen], [held_out.references[i] for i in chosen])
