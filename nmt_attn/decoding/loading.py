"""Networks and tokenizers of runs, loaded to translate with."""

from __future__ import annotations

from collections.abc import Sequence

from nmt_attn.config.schema import Config
from nmt_attn.device import Compute
from nmt_attn.errors import InputError
from nmt_attn.model.network import TranslationModel
from nmt_attn.runs.checkpoint import load_weights
from nmt_attn.runs.directory import ModelPath
from nmt_attn.text.tokenizer import Tokenizer


def shared_tokenizer(runs: Sequence[ModelPath]) -> Tokenizer:
    """Load the tokenizer of all runs; they have to have the same."""
    first, *others = (Tokenizer.load(found.run.tokenizer_directory) for found in runs)
    for found, other in zip(runs[1:], others, strict=True):
        if other != first:
            raise InputError(f"{found.run.path} has another tokenizer than {runs[0].run.path}; they cannot be averaged")
    return first


def load_network(config: Config, found: ModelPath, tokenizer: Tokenizer, compute: Compute) -> TranslationModel:
    """Build the network and fill in the checkpoint's weights."""
    weights = load_weights(found.checkpoint, compute.device)
    return TranslationModel.of_weights(config.model, tokenizer.source_size, tokenizer.target_size, weights).eval()
