"""The exported folder, and the program in it, within one process."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from nmt_attn import Translator
from nmt_attn.decoding.constraints import forbid_end, forbid_repeats
from nmt_attn.decoding.hypothesis import SearchOptions
from nmt_attn.errors import NmtError, UserError
from nmt_attn.export import directory, network
from nmt_attn.export.directory import check_output, export_run
from nmt_attn.export.runtime import OnnxTranslator
from nmt_attn.runs.directory import find_model
from nmt_attn.text.tokenizer import EOS
from tests.conftest import toy_corpus


@pytest.fixture(scope="module")
def run(trained) -> Path:
    return trained / "runs" / "toy"


@pytest.mark.parametrize(
    "overrides",
    [
        [],
        ["decoding.max_length_ratio=0.1"],
        ["decoding.max_source_tokens=6"],
        ["decoding.split_sentences=off", "decoding.max_source_tokens=40"],
    ],
)
def test_the_program_writes_what_greedy_search_writes(run, tmp_path, overrides):
    exported = export_run(find_model(run), tmp_path / "exported", overrides=overrides)
    assert exported.difference < 1e-4
    mine, theirs = OnnxTranslator(exported.path, threads=1), Translator.load(run, device="cpu", overrides=overrides)
    sentences = [source for source, _ in toy_corpus(60, seed=11)]
    several = ["Big dog. Red cat sees tree.", "One. Two! Not three? Four", "你好。猫！", "Mr. Cat sees No. 5."]
    assert mine.translate(several) == theirs.translate(several, beam_size=1)
    strange = ["", "  ", "Not", "not " * 40, "Big\u00a0dog\ufeff.", "cafe\u0301 “quoted” ▁ 猫", "One. " * 90]
    assert mine.translate(sentences + strange) == theirs.translate(sentences + strange, beam_size=1)
    assert mine.translate([]) == []


@pytest.mark.parametrize("size", [0, 1, 2, 3])
def test_the_program_forbids_what_search_forbids(run, tmp_path, size):
    overrides = [f"decoding.no_repeat_ngram={size}", "decoding.min_length_ratio=0.7", "decoding.max_length_ratio=1.1"]
    translator = OnnxTranslator(export_run(find_model(run), tmp_path / "exported", overrides=overrides).path, threads=1)
    generator = torch.Generator().manual_seed(size)
    for steps in range(8):
        log_probs = torch.randn(20, 7, generator=generator).log_softmax(-1)
        log_probs[..., :3] = -torch.inf
        log_probs[..., EOS] += 1.0
        histories = torch.randint(EOS + 1, 7, (20, steps), generator=generator)
        fewest = torch.randint(0, 9, (20,), generator=generator)
        allowed = forbid_repeats(log_probs, histories, size) if size else log_probs
        expected = forbid_end(allowed, steps + 1 < fewest).argmax(-1).tolist()
        rows = zip(log_probs.numpy().copy(), histories.tolist(), fewest.tolist(), strict=True)
        assert [translator._best(scores, written, least) for scores, written, least in rows] == expected
    lengths = torch.arange(1, 1000)
    options = SearchOptions(min_length_ratio=0.7, max_length_ratio=1.1)
    max_lengths, min_lengths = translator._length_bounds(lengths.numpy())
    assert max_lengths.tolist() == options.max_lengths(lengths).tolist()
    assert min_lengths.tolist() == options.min_lengths(lengths).minimum(options.max_lengths(lengths)).tolist()


def test_the_program_gives_the_same_token_ids_in_any_batch(run, tmp_path):
    exported = export_run(find_model(run), tmp_path / "exported")
    mine, theirs = OnnxTranslator(exported.path, threads=1), Translator.load(run, device="cpu")
    sentences = [source for source, _ in toy_corpus(40, seed=5)]
    sources = theirs.tokenizer.encode_source(sentences)
    together = mine.greedy(sources)
    assert together == [list(nbest[0].tokens) for nbest in theirs.nbest(sentences, 1, beam_size=1)]
    assert [mine.greedy([source])[0] for source in sources] == together
    assert mine.greedy([]) == []


def test_the_description_says_what_a_server_has_to_know(run, tmp_path):
    exported = export_run(find_model(run), tmp_path / "exported", overrides=["decoding.max_length_ratio=2.5"])
    about = json.loads((exported.path / "model.json").read_text(encoding="utf-8"))
    assert about["special_ids"] == {"pad": 0, "unk": 1, "bos": 2, "eos": 3}
    assert about["forbidden_ids"] == [0, 1, 2]
    assert about["memory"] == ["mask", "states", "keys"]
    assert about["state"] == {"layer_0_h": "next_layer_0_h"}
    assert about["decoding"]["max_length_ratio"] == 2.5
    assert about["run"].startswith("toy/")
    for part in ("encoder", "decoder"):
        graph = onnx.load(exported.path / about[part]["file"]).graph
        for side, values in (("inputs", graph.input), ("outputs", graph.output)):
            names = [value.name for value in values]
            sizes = [
                [size.dim_param or size.dim_value for size in value.type.tensor_type.shape.dim] for value in values
            ]
            assert [one["name"] for one in about[part][side]] == names
            assert [one["shape"] for one in about[part][side]] == sizes


def test_the_export_treats_text_as_the_run_does(run, tmp_path):
    """A run of Turkish and Chinese: its small letters, and nothing between sentences."""
    folder = shutil.copytree(run, tmp_path / "run")
    path = folder / "tokenizer" / "tokenizer.json"
    info = json.loads(path.read_text(encoding="utf-8"))
    info |= {"source_lang": "tr", "target_lang": "zh"}
    info["normalise"] |= {"lowercase": True, "html_entities": True}
    path.write_text(json.dumps(info), encoding="utf-8")
    exported = export_run(find_model(folder), tmp_path / "exported")
    mine, theirs = OnnxTranslator(exported.path, threads=1), Translator.load(folder, device="cpu")
    lines = ["BIG DOG. RED CAT.", "IİIİ &amp; iı.", "Big&nbsp;dog.&#32;Red cat."]
    assert mine.translate(lines) == theirs.translate(lines, beam_size=1)
    assert mine.translate(["Dog. Cat."]) == ["".join(mine.translate(["Dog.", "Cat."]))]
    assert [mine.normalise(line) for line in lines] == [theirs.tokenizer.source_normaliser(line) for line in lines]
    assert mine.normalise("I") == "ı"


def test_an_export_that_computes_something_else_is_not_left_behind(run, tmp_path, monkeypatch):
    right = network.write_network

    def wrong(model):
        written = right(model)
        for constant in written.decoder.graph.initializer:
            if constant.name == "output.bias":
                values = onnx.numpy_helper.to_array(constant) + np.eye(1, constant.dims[0], 5, dtype=np.float32)[0]
                constant.CopyFrom(onnx.numpy_helper.from_array(values, constant.name))
        return written

    monkeypatch.setattr(network, "write_network", wrong)
    with pytest.raises(NmtError, match="differs from the network by"):
        export_run(find_model(run), tmp_path / "exported")
    assert list(tmp_path.iterdir()) == []


def test_without_the_extra_it_says_what_to_install(run, tmp_path, monkeypatch):
    monkeypatch.setattr(directory, "find_spec", lambda name: None if name == "onnxruntime" else object())
    with pytest.raises(UserError, match=r"needs onnxruntime; install it with: pip install onnx onnxruntime"):
        export_run(find_model(run), tmp_path / "exported")


def test_only_an_earlier_export_is_replaced(tmp_path):
    full = tmp_path / "full"
    full.mkdir()
    check_output(full, force=False)
    check_output(tmp_path / "nowhere", force=False)
    (full / "thesis.txt").write_text("years of work")
    for force in (False, True):
        with pytest.raises(UserError, match="is not empty and no export"):
            check_output(full, force=force)
    with pytest.raises(UserError, match="is not a folder"):
        check_output(full / "thesis.txt", force=True)
    (full / "model.json").write_text(json.dumps({"format": directory.TRANSLATION.format}))
    with pytest.raises(UserError, match=r"also holds thesis\.txt"):
        check_output(full, force=True)
    (full / "thesis.txt").unlink()
    (full / "__pycache__").mkdir()  # it has been used
    check_output(full, force=True)
    with pytest.raises(UserError, match="--force replaces it"):
        check_output(full, force=False)
