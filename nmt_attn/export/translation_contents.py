"""The export of a translation model: encoder, decoder step, and a program that searches greedily with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nmt_attn.config.loading import load_config, refuse_other_keys
from nmt_attn.config.schema import Config
from nmt_attn.export import program
from nmt_attn.export.contents import SPECIAL_IDS, TOKENIZER_FILE, Contents, TaskExport, Trained, listed
from nmt_attn.model.network import TranslationModel
from nmt_attn.text import line_division, normalise, sentence_splitting
from nmt_attn.version import __version__

if TYPE_CHECKING:
    from nmt_attn.export.network import OnnxNetwork

FORMAT = "nmt-onnx 1"
ENCODER_FILE, DECODER_FILE = "encoder.onnx", "decoder.onnx"

PROGRAM = {
    "translate.py": Path(__file__).with_name("runtime.py"),  # not imported, since it needs onnxruntime
    "program.py": Path(program.__file__),
    "normalise.py": Path(normalise.__file__),
    "line_division.py": Path(line_division.__file__),
    "sentence_splitting.py": Path(sentence_splitting.__file__),
}
"""The program, and the modules by which its text is treated as training did."""

DECODING = ("max_source_tokens", "max_length_ratio", "min_length_ratio", "no_repeat_ngram", "split_sentences")
"""Keys of ``decoding`` that the program beside the model goes by."""


def configure(path: Path, overrides: Sequence[str]) -> Config:
    """Read the configuration of a run.

    Raises:
        ConfigError: it or an override is wrong, or an override would have no effect.
    """
    config = load_config(path, overrides)
    refuse_other_keys(overrides, [f"decoding.{name}" for name in DECODING], "an export, which searches greedily")
    return config


def make_contents(trained: Trained) -> Contents:
    """Write the network down.

    Raises:
        UserError: it cannot be exported.
    """
    from nmt_attn.export.network import write_network

    source_size, target_size = trained.tokenizer.source_size, trained.tokenizer.target_size
    model = TranslationModel.of_weights(trained.config.model, source_size, target_size, trained.weights).eval()
    network = write_network(model)

    def difference(folder: Path) -> float:
        from nmt_attn.export.verify import OnnxSession, largest_difference

        encoder, decoder = (OnnxSession.load(folder / name) for name in (ENCODER_FILE, DECODER_FILE))
        return largest_difference(model, network, encoder, decoder)

    models = {ENCODER_FILE: network.encoder, DECODER_FILE: network.decoder}
    return Contents(models, describe(trained, network), difference)


def describe(trained: Trained, network: OnnxNetwork) -> dict[str, Any]:
    """Return the content of ``model.json``."""
    from nmt_attn.export.values import LENGTHS, NEXT, SOURCE, SUPPRESSED_TOKENS

    config, tokenizer = trained.config, trained.tokenizer
    return {
        "format": FORMAT,
        "nmt": __version__,
        "run": trained.name,
        "source_lang": config.data.source_lang,
        "target_lang": config.data.target_lang,
        "tokenizer": TOKENIZER_FILE,
        "dotted_i": tokenizer.source_normaliser.dotted_i,
        "limits": asdict(tokenizer.limits(config.decoding.split_sentences, config.decoding.max_source_tokens)),
        "spaces": dict(zip(("between_sentences", "between_words"), tokenizer.spaces, strict=True)),
        "special_ids": SPECIAL_IDS,
        "forbidden_ids": list(SUPPRESSED_TOKENS),
        "encoder": {
            "file": ENCODER_FILE,
            "inputs": listed([SOURCE, LENGTHS]),
            "outputs": listed([*network.memory, *network.state]),
        },
        "decoder": {
            "file": DECODER_FILE,
            "inputs": listed(network.decoder_inputs),
            "outputs": listed(network.decoder_outputs),
        },
        "memory": [value.name for value in network.memory],
        "state": {value.name: NEXT + value.name for value in network.state},
        "decoding": {name: getattr(config.decoding, name) for name in DECODING},
    }


TRANSLATION = TaskExport(FORMAT, (ENCODER_FILE, DECODER_FILE), PROGRAM, configure, make_contents)
