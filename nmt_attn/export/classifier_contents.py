"""The export of a classifier: one model, and a program that gives texts their labels with it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nmt_attn.config.keys import printable
from nmt_attn.config.loading import load_config, set_keys
from nmt_attn.config.schema import Config
from nmt_attn.errors import ConfigError
from nmt_attn.export import program
from nmt_attn.export.contents import SPECIAL_IDS, TOKENIZER_FILE, Contents, TaskExport, Trained, listed
from nmt_attn.model.classifier import ClassificationModel
from nmt_attn.text import normalise, text_cut
from nmt_attn.version import __version__

if TYPE_CHECKING:
    from nmt_attn.export.classifier import ClassifierGraph

FORMAT = "nmt-onnx-classifier 1"
CLASSIFIER_FILE = "classifier.onnx"

PROGRAM = {
    "classify.py": Path(__file__).with_name("classifier_runtime.py"),  # not imported, since it needs onnxruntime
    "program.py": Path(program.__file__),
    "normalise.py": Path(normalise.__file__),
    "text_cut.py": Path(text_cut.__file__),
}
"""The program, and the modules by which its text is treated as training did."""


def configure(path: Path, overrides: Sequence[str]) -> Config:
    """Read the configuration of a run; no override has an effect, for training has settled what a classifier computes.

    Raises:
        ConfigError: it is wrong, or there is an override.
    """
    for key in set_keys(overrides):
        raise ConfigError(f"--set {printable(key)[:200]} has no effect on the export of a classifier; leave it out")
    return load_config(path)


def make_contents(trained: Trained) -> Contents:
    """Write the network down.

    Raises:
        UserError: it cannot be exported.
    """
    from nmt_attn.export.classifier import write_classifier

    source_size, labels = trained.tokenizer.source_size, trained.tokenizer.target_size
    model = ClassificationModel.of_weights(trained.config.model, source_size, labels, trained.weights).eval()
    written = write_classifier(model)

    def difference(folder: Path) -> float:
        from nmt_attn.export.verify import OnnxSession, classifier_difference

        return classifier_difference(model, OnnxSession.load(folder / CLASSIFIER_FILE))

    return Contents({CLASSIFIER_FILE: written.model}, describe(trained, written), difference)


def describe(trained: Trained, written: ClassifierGraph) -> dict[str, Any]:
    """Return the content of ``model.json``."""
    data = trained.config.data
    return {
        "format": FORMAT,
        "nmt": __version__,
        "run": trained.name,
        "source_lang": data.source_lang,
        "tokenizer": TOKENIZER_FILE,
        "dotted_i": trained.tokenizer.source_normaliser.dotted_i,
        "special_ids": SPECIAL_IDS,
        "labels": list(trained.tokenizer.labels),
        "cut": {"max_tokens": data.filter.max_tokens, "keep": data.filter.keep},
        "classifier": {
            "file": CLASSIFIER_FILE,
            "inputs": listed(written.inputs),
            "outputs": listed(written.outputs),
        },
    }


CLASSIFICATION = TaskExport(FORMAT, (CLASSIFIER_FILE,), PROGRAM, configure, make_contents)
