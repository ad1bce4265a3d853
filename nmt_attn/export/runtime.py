"""A greedy translator for a model of ``nmt export``: ``python translate.py < source.txt > target.txt``.

It lies beside the model and needs onnxruntime, sentencepiece and numpy, neither torch nor nmt. It writes as many lines
as it reads: those of ``nmt translate --beam 1``.
"""

from __future__ import annotations

import itertools
import json
import math
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from sentencepiece import SentencePieceProcessor

if TYPE_CHECKING or __package__:
    from nmt_attn.export.program import answer_input, make_parser, run
    from nmt_attn.text.line_division import Limits, divide
    from nmt_attn.text.normalise import Normaliser, tidy
else:  # where nmt export has put it
    from line_division import Limits, divide
    from normalise import Normaliser, tidy
    from program import answer_input, make_parser, run

Arrays = dict[str, NDArray[Any]]


class OnnxTranslator:
    """A translator of sentences with an exported model.

    Args:
        folder: what ``nmt export`` has written.
        threads: for each operator; 0: as many as onnxruntime likes.
    """

    def __init__(self, folder: Path, threads: int = 0) -> None:
        self.about = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        self.ids, self.decoding = self.about["special_ids"], self.about["decoding"]
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        providers = onnxruntime.get_available_providers()
        self.encoder, self.decoder = (
            onnxruntime.InferenceSession(str(folder / self.about[part]["file"]), options, providers)
            for part in ("encoder", "decoder")
        )
        tokenizer = folder / self.about["tokenizer"]
        info = json.loads(tokenizer.read_text(encoding="utf-8"))
        settings: Any = SimpleNamespace(**info["normalise"])
        self.normalise = Normaliser(settings, self.about["dotted_i"])
        self.limits = Limits(**self.about["limits"])
        self.spaces = (self.about["spaces"]["between_sentences"], self.about["spaces"]["between_words"])
        self.source, self.target = (
            SentencePieceProcessor(model_file=str(tokenizer.parent / info[side]["file"]))
            for side in ("source", "target")
        )

    def translate(self, sentences: list[str]) -> list[str]:
        """Return a translation of each line; an empty one of an empty line."""
        lines = [divide(self.normalise.tidy(sentence), self.limits, self._sizes) for sentence in sentences]
        sources = [self._encode(part) for line in lines for part in line.texts]
        found = iter(self.greedy([ids for ids in sources if ids]))
        texts = iter([self._decode(next(found)) if ids else "" for ids in sources])
        return [line.joined(list(itertools.islice(texts, len(line.parts))), *self.spaces) for line in lines]

    def greedy(self, sources: list[list[int]]) -> list[list[int]]:
        """Take the most probable token at each step: target ids of source ids, both without BOS and EOS."""
        if not sources:
            return []
        lengths = np.array([len(ids) + 1 for ids in sources])
        source = np.full((len(sources), lengths.max()), self.ids["pad"])
        for place, ids in enumerate(sources):
            source[place, : lengths[place]] = [*ids, self.ids["eos"]]
        max_lengths, min_lengths = self._length_bounds(lengths)
        values = _run(self.encoder, {"source": source, "lengths": lengths})
        rows = np.arange(len(sources))  # the sentences that are not done
        tokens = np.full((len(sources), 1), self.ids["bos"])
        written: list[list[int]] = [[] for _ in sources]
        while len(rows):
            step = _run(self.decoder, {"tokens": tokens, **values})
            values.update({name: step[following] for name, following in self.about["state"].items()})
            for row, scores in zip(rows, step["log_probs"], strict=True):
                at_limit = len(written[row]) + 1 >= max_lengths[row]
                best_one = self._best(scores[0], written[row], int(min_lengths[row]))
                written[row].append(int(self.ids["eos"]) if at_limit else best_one)
            best = np.array([written[row][-1] for row in rows])
            going = best != self.ids["eos"]
            rows, tokens = rows[going], best[going, None]
            values = {name: value[going] for name, value in values.items()}
        return [ids[:-1] for ids in written]

    def _length_bounds(self, lengths: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Compute the most and the fewest tokens of each translation, EOS included; in float32, as torch has them."""
        most, fewest = (np.float32(self.decoding[name]) for name in ("max_length_ratio", "min_length_ratio"))
        max_lengths = np.ceil(lengths.astype(np.float32) * most).astype(np.int64) + 10
        return max_lengths, np.minimum(np.floor(lengths.astype(np.float32) * fewest).astype(np.int64), max_lengths)

    def _best(self, log_probs: NDArray[np.float32], written: list[int], fewest: int) -> int:
        """Return the most probable of the tokens that may come next."""
        size, end = self.decoding["no_repeat_ngram"], self.ids["eos"]
        if size:
            last = written[len(written) - size + 1 :]
            for place in range(len(written) - size + 1):
                if written[place : place + size - 1] == last:
                    log_probs[written[place + size - 1]] = -math.inf
        if len(written) + 1 < fewest:
            log_probs[end] = -math.inf
        best = int(log_probs.argmax())
        return best if log_probs[best] > -math.inf else int(end)

    def _sizes(self, texts: list[str]) -> list[int]:
        return [len(self._encode(text)) for text in texts]

    def _encode(self, text: str) -> list[int]:
        ids: list[int] = self.source.encode(self.normalise(text))
        return ids

    def _decode(self, ids: list[int]) -> str:
        return tidy(self.target.decode(ids))


def _run(session: onnxruntime.InferenceSession, inputs: Arrays) -> Arrays:
    names = [value.name for value in session.get_outputs()]
    return dict(zip(names, session.run(names, inputs), strict=True))


def main() -> None:
    """Translate standard input."""
    run(_translate_input)


def _translate_input() -> None:
    options = make_parser("Translate standard input, a sentence a line.", "translated").parse_args()
    answer_input(OnnxTranslator(options.model, options.threads).translate, options.batch)


if __name__ == "__main__":
    main()
