"""A classifier of texts for a model of ``nmt export``: ``python classify.py < texts.txt > labels.txt``.

It lies beside the model and needs onnxruntime, sentencepiece and numpy, neither torch nor nmt. It writes as many lines
as it reads: those of ``nmt classify``.
"""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from sentencepiece import SentencePieceProcessor

if TYPE_CHECKING or __package__:
    from nmt_attn.export.program import answer_input, make_parser, run
    from nmt_attn.text.normalise import Normaliser
    from nmt_attn.text.text_cut import TextCut
else:  # where nmt export has put it
    from normalise import Normaliser
    from program import answer_input, make_parser, run
    from text_cut import TextCut

Ranked = list[tuple[str, float]]
"""The labels of a text with their probabilities, the most probable first; none for a text of nothing but spaces."""


class OnnxClassifier:
    """A classifier of texts with an exported model.

    Args:
        folder: what ``nmt export`` has written.
        threads: for each operator; 0: as many as onnxruntime likes.
    """

    def __init__(self, folder: Path, threads: int = 0) -> None:
        self.about = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        self.ids, self.labels = self.about["special_ids"], self.about["labels"]
        self.cut = TextCut(self.about["cut"]["max_tokens"], self.about["cut"]["keep"])
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        providers = onnxruntime.get_available_providers()
        model = str(folder / self.about["classifier"]["file"])
        self.session = onnxruntime.InferenceSession(model, options, providers)
        tokenizer = folder / self.about["tokenizer"]
        info = json.loads(tokenizer.read_text(encoding="utf-8"))
        settings: Any = SimpleNamespace(**info["normalise"])
        self.normalise = Normaliser(settings, self.about["dotted_i"])
        self.source = SentencePieceProcessor(model_file=str(tokenizer.parent / info["source"]["file"]))

    def classify(self, texts: list[str]) -> list[Ranked]:
        """Return the labels of each text."""
        encoded = [self._encode(text) for text in texts]
        rows = iter(self.probabilities([ids for ids in encoded if ids]))
        return [self._ranked(next(rows)) if ids else [] for ids in encoded]

    def probabilities(self, sources: list[list[int]]) -> NDArray[np.float32]:
        """Compute the probabilities (N, L) of the labels, in their order, from token ids without EOS."""
        if not sources:
            return np.empty((0, len(self.labels)), dtype=np.float32)
        lengths = np.array([len(ids) + 1 for ids in sources])
        source = np.full((len(sources), lengths.max()), self.ids["pad"])
        for place, ids in enumerate(sources):
            source[place, : lengths[place]] = [*ids, self.ids["eos"]]
        found: NDArray[np.float32]
        (found,) = self.session.run(["probabilities"], {"source": source, "lengths": lengths})
        return found

    def _encode(self, text: str) -> list[int]:
        """Return the ids of what is read of a text."""
        return self.cut(self.source.encode(self.normalise(text)))

    def _ranked(self, probabilities: NDArray[np.float32]) -> Ranked:
        return sorted(zip(self.labels, probabilities.tolist(), strict=True), key=lambda one: -one[1])


def main() -> None:
    """Classify standard input."""
    run(_classify_input)


def _classify_input() -> None:
    parser = make_parser("Give each line of standard input a label, with its probability.", "classified")
    parser.add_argument("--top", type=int, default=1, help="labels per line, the most probable ones")
    options = parser.parse_args()
    classifier = OnnxClassifier(options.model, options.threads)

    def answer(lines: list[str]) -> list[str]:
        best = (ranked[: max(1, options.top)] for ranked in classifier.classify(lines))
        return ["\t".join(f"{label}\t{probability:.4f}" for label, probability in some) for some in best]

    answer_input(answer, options.batch)


if __name__ == "__main__":
    main()
