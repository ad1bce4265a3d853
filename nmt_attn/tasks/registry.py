"""The tasks there are: a new one is named here and in the configuration."""

from __future__ import annotations

from nmt_attn.config.schema import Config
from nmt_attn.corpus.dataset import Dataset
from nmt_attn.distributed.group import ALONE, ProcessGroup
from nmt_attn.model.family import network_without_weights
from nmt_attn.model.trainable import TrainableModel
from nmt_attn.tasks.classification import ClassificationTask
from nmt_attn.tasks.task import Task
from nmt_attn.tasks.translation import TranslationTask
from nmt_attn.text.tokenizer import Tokenizer


def make_task(config: Config, data: Dataset, group: ProcessGroup = ALONE) -> Task:
    """Make the configured task with its prepared data, for the processes that learn it together."""
    return (ClassificationTask if config.task == "classification" else TranslationTask)(config, data, group)


def model_of_shapes(config: Config, tokenizer: Tokenizer) -> TrainableModel:
    """Make the network of a task of names and shapes alone, to compare weights with."""
    return network_without_weights(config, tokenizer.source_size, tokenizer.target_size)
