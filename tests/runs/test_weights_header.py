"""The header of a file of weights, whatever it holds."""

import json
import os

import pytest
import torch
from safetensors.torch import save_file

from nmt_attn.config.schema import Config
from nmt_attn.errors import InputError
from nmt_attn.model.family import network_without_weights
from nmt_attn.runs.weights_header import OTHER, WeightInfo, count_by_part, read_header


def test_it_says_what_the_file_holds(tmp_path):
    path = tmp_path / "w.safetensors"
    save_file({"a": torch.zeros(3, 4), "b": torch.zeros(7, dtype=torch.bfloat16), "c": torch.tensor(1.0)}, path)
    found = {info.name: info for info in read_header(path)}
    assert found["a"] == WeightInfo("a", "F32", (3, 4))
    assert [found[name].size for name in "abc"] == [12, 7, 1]
    assert [found[name].bytes for name in "abc"] == [48, 14, 4]


@pytest.mark.parametrize(
    ("task", "score", "style"),
    [
        ("translation", "additive", "bahdanau"),
        ("translation", "general", "luong"),
        ("translation", "location", "luong"),
        ("translation", "none", "luong"),
        ("classification", "additive", "bahdanau"),
        ("classification", "dot", "bahdanau"),
    ],
)
def test_every_weight_belongs_to_a_part(task, score, style):
    model = {"encoder": {"hidden_size": 8}, "attention": {"score": score}}
    if task == "translation":
        model["decoder"] = {"hidden_size": 16, "style": style}
    weights = network_without_weights(Config.model_validate({"task": task, "model": model}), 50, 40).weights()
    infos = [WeightInfo(name, "F32", tuple(weight.shape)) for name, weight in weights.items()]
    counts = count_by_part(infos)
    assert OTHER not in counts
    assert sum(counts.values()) == sum(weight.numel() for weight in weights.values())
    assert {"encoder", "embeddings", "output"} <= set(counts)


def header(content: object) -> bytes:
    text = json.dumps(content).encode()
    return len(text).to_bytes(8, "little") + text


def entry(**changes: object) -> dict[str, object]:
    return {"dtype": "F32", "shape": [2], "data_offsets": [0, 8], **changes}


@pytest.mark.parametrize(
    "content",
    [
        b"", b"abc", b"\xff" * 64, b"\x00" * 64, (1 << 62).to_bytes(8, "little"), header([]), header({"w": 3}),
        header({"w": entry(dtype="Q4")}) + bytes(8), header({"w": entry(shape=[-2])}) + bytes(8),
        header({"w": entry(shape=[1 << 60])}) + bytes(8), header({"w": entry(shape="ab")}) + bytes(8),
        header({"w": entry(data_offsets=[0, 4])}) + bytes(8), header({"w": entry(data_offsets=[0])}) + bytes(8),
        header({"w": entry()}) + bytes(7), header({"w": entry()}) + bytes(9), header({"w": entry(shape=[True, 2])}),
        (100_000).to_bytes(8, "little") + b"[" * 100_000, (8).to_bytes(8, "little") + b"\xff" * 8,
    ],
)  # fmt: skip
def test_what_is_none_is_said_in_a_line(tmp_path, content):
    path = tmp_path / "w.safetensors"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"w\.safetensors: damaged"):
        read_header(path)


def test_what_cannot_be_read(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        read_header(tmp_path / "gone")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match="not an ordinary file"):
        read_header(tmp_path / "pipe")
