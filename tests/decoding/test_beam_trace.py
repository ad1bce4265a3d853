"""The tree of a search holds the translation that the search gives, and its probabilities."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from nmt_attn.decoding.beam_trace import trace_beams
from nmt_attn.decoding.scoring import score_pairs
from nmt_attn.decoding.search import beam_search
from nmt_attn.decoding.translator import Translator
from nmt_attn.text.tokenizer import EOS


@pytest.mark.parametrize("beam_size", [1, 2, 5])
@pytest.mark.parametrize("pruning", [None, 1.3])
def test_the_tree_holds_the_translation_of_the_search(trained, beam_size, pruning):
    translator = Translator.load(trained / "runs" / "toy", device="cpu")
    options = replace(translator.options, beam_size=beam_size, pruning=pruning)
    sources = (trained / "data" / "toy" / "test.source").read_text(encoding="utf-8").split("\n")[:5]
    encoded = translator.tokenizer.encode_source(sources)
    trees = trace_beams(translator.prepared, encoded, options)
    for ids, nodes in zip(encoded, trees, strict=True):
        source = [*ids, EOS]
        with torch.inference_mode():
            lengths = torch.tensor([len(source)])
            start = translator.prepared.encode(torch.tensor([source]), lengths)
            ((best, *_),) = beam_search(translator.prepared, start, options.max_lengths(lengths), options)
        paths: list[list[int]] = []
        for place, node in enumerate(nodes):
            assert node.parent < place
            paths.append([*(paths[node.parent] if node.parent >= 0 else []), node.token])
            assert node.last == all(other.parent != place for other in nodes)
            if node.parent >= 0:
                assert node.log_prob <= nodes[node.parent].log_prob + 1e-4
        (end,) = [place for place, node in enumerate(nodes) if node.token == EOS]
        assert paths[end] == [*best.tokens, EOS]
        assert nodes[end].log_prob == pytest.approx(best.log_prob, abs=1e-3)
        assert max(len(path) for path in paths) <= int(options.max_lengths(lengths))
        widths = [sum(len(path) == length for path in paths) for length in range(1, 20)]
        assert max(widths) <= 2 * beam_size + 1
        longest = max(paths, key=len)
        if longest[-1] != EOS:
            (scored,) = score_pairs(translator.model, [ids], [longest])
            assert scored.log_prob <= nodes[paths.index(longest)].log_prob + 1e-3
    assert all(math.isfinite(node.log_prob) for node in nodes)
