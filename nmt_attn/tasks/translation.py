"""Translation, joined to the training loop: its network, batches, loss and evaluation."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from nmt_attn.config.schema import Config
from nmt_attn.corpus.batches import Batch, Ids
from nmt_attn.corpus.dataset import Dataset
from nmt_attn.corpus.store import PairStore
from nmt_attn.device import Compute
from nmt_attn.distributed.group import ALONE, ProcessGroup
from nmt_attn.model.network import TranslationModel
from nmt_attn.tasks.stored_batches import StoredBatches
from nmt_attn.tasks.task import Decided
from nmt_attn.tasks.translation_loss import TranslationLoss
from nmt_attn.tasks.translation_validation import Validator


class TranslationBatches(StoredBatches):
    """The batches of sentence pairs, which are measured in target tokens."""

    def sampled(self, alpha: float, seed: int) -> PairStore:
        """See :meth:`StoredBatches.sampled`."""
        return self.data.sampled_pairs(alpha, seed)

    def largest(self) -> Ids:
        """Return the batch of the most sentences times source length times target length, as attention takes them."""
        source, target = self.batcher.pairs.source.lengths + 1, self.batcher.pairs.target.lengths + 1
        sizes = {len(ids) * int(source[ids].max()) * int(target[ids].max()): ids for ids in self.in_order()}
        return sizes[max(sizes)]

    def sizes(self, ids: Ids) -> Ids:
        """Return the target tokens of each pair, EOS included."""
        return self.batcher.pairs.target.lengths[ids] + 1

    def tokens(self, ids: Ids) -> int:
        """Return the number of target tokens of a batch, EOS included."""
        return int(self.sizes(ids).sum())

    def batch(self, ids: Ids) -> Batch:
        """Return the arrays of one batch."""
        return self.batcher.batch(ids)


@dataclass(frozen=True)
class TranslationTask:
    """The task of translation; see :class:`nmt_attn.tasks.task.Task`."""

    config: Config
    data: Dataset
    group: ProcessGroup = ALONE

    example = "sentence pair"
    examples = "pairs"

    unit = "target tokens"
    reference_tokens = 1024

    @cached_property
    def training_tokens(self) -> int:
        """The target tokens of an epoch, EOS included."""
        pairs = self.data.pairs("train")
        return int(pairs.target.lengths.sum()) + len(pairs)

    def make_model(self) -> TranslationModel:
        """Make the configured network for the vocabularies of the data."""
        tokenizer = self.data.tokenizer
        return TranslationModel(self.config.model, tokenizer.source_size, tokenizer.target_size)

    def batches(self, batch_tokens: int) -> TranslationBatches:
        """Make the batches of the training pairs."""
        return TranslationBatches(self.config, self.data, batch_tokens, self.group)

    def loss(self, model: TranslationModel, compute: Compute) -> TranslationLoss:
        """Return the loss of a network."""
        return TranslationLoss(model, compute, self.config.training.label_smoothing)

    def evaluator(self, model: TranslationModel, batch_tokens: int, decided: Decided) -> Validator | None:
        """Make the look at the validation sentences."""
        if not self.data.manifest.splits.valid.sentences:
            return None
        return Validator(self.config, self.data, model, batch_tokens, decided, self.group)
