"""Watching a training: loss over the validation pairs, scores and samples of its translations."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

from nmt_attn.config.schema import Config
from nmt_attn.corpus.batches import Batcher
from nmt_attn.corpus.dataset import Dataset, HeldOut
from nmt_attn.decoding.translator import Translator
from nmt_attn.device import Compute, choose_compute
from nmt_attn.evaluation.scores import Score, Scorer
from nmt_attn.model.network import TranslationModel
from nmt_attn.tasks.selection import Figures, Metric, Selection, select
from nmt_attn.tasks.translation_loss import batch_loss, to_device


@dataclass(frozen=True)
class Sample:
    """A validation sentence and what the model makes of it."""

    source: str
    translation: str
    reference: str


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
        tokenizer: with which BLEU has cut text before, where a training goes on; instead of ``evaluation.tokenize``.

    Raises:
        UserError: BLEU's tokenizer is not installed, or cannot be fetched.
    """

    def __init__(
        self,
        config: Config,
        data: Dataset,
        model: TranslationModel,
        batch_tokens: int,
        tokenizer: str | None = None,
    ) -> None:
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
            tokenize=tokenizer or config.evaluation.tokenize,
        )

    def selection(self, decided: Metric | None) -> Selection:
        """Decide how the best checkpoint is chosen; ``decided``: what a run that goes on has chosen before."""
        counts = self.scorer.token_counts(self.held_out.references)
        return select(self.config.training.early_stopping.metric, counts, self.scorer.tokenizer.unit, decided)

    def line(self) -> str:
        """Say what is translated, and by which search, in a line."""
        beam, later = self.config.training.validation.beam_size, self.config.decoding.beam_size
        search = "greedily" if beam == 1 else f"with a beam of {beam}"
        differs = f" (decoding.beam_size is {later})" if later != beam else ""
        return f"{len(self.held_out):,} validation sentences are translated {search}{differs}"

    def run(self) -> Validation:
        """Validate; the model is left in the mode it was in."""
        options = self.config.training.validation
        loss = self._loss()
        translator = Translator(self.model, self.tokenizer, self.config.decoding, self.compute)
        translations = translator.translate(self.held_out.sources, beam_size=options.beam_size)
        references = self.held_out.references
        bleu, chrf = self.scorer.bleu(translations, references), self.scorer.chrf(translations, references)
        exact = self.scorer.exact(translations, references)
        shown = _evenly_spaced(len(translations), options.samples)
        samples = [Sample(self.held_out.sources[i], translations[i], references[i][0]) for i in shown]
        return Validation(loss, bleu, chrf, exact, samples)

    @torch.inference_mode()
    def _loss(self) -> float:
        """Mean cross-entropy a target token over all validation pairs."""
        model, compute = self.model, Compute(self.compute.device, "fp32")
        was_training = model.training
        model.eval()
        total, tokens = 0.0, 0
        for indices in self.batches:
            batch = self.batcher.batch(indices)
            loss = batch_loss(model, to_device(batch, compute.device), compute)
            total += float(loss.cross_entropy)
            tokens += batch.tokens
        model.train(was_training)
        return total / tokens


def _evenly(held_out: HeldOut, count: int) -> HeldOut:
    """At most ``count`` sentences, from all over the set."""
    chosen = _evenly_spaced(len(held_out.sources), count)
    return HeldOut([held_out.sources[i] for i in chosen], [held_out.references[i] for i in chosen])


def _evenly_spaced(size: int, count: int) -> list[int]:
    count = min(size, count)
    return [(2 * i + 1) * size // (2 * count) for i in range(count)]
