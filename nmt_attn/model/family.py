"""The network of each task; a new one is named here."""

from __future__ import annotations

from nmt_attn.config.schema import Config
from nmt_attn.model.classifier import ClassificationModel
from nmt_attn.model.network import TranslationModel
from nmt_attn.model.trainable import TrainableModel


def network_without_weights(config: Config, source_size: int, target_size: int) -> TrainableModel:
    """Make the network of an experiment of names and shapes alone.

    Args:
        config: the experiment.
        source_size: the size of the source vocabulary.
        target_size: the size of the target vocabulary, or the number of labels.
    """
    kinds: dict[str, type[TranslationModel] | type[ClassificationModel]] = {
        "translation": TranslationModel,
        "classification": ClassificationModel,
    }
    return kinds[config.task].without_weights(config.model, source_size, target_size)
