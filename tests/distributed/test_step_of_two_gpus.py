"""A step of two ranks with a GPU each, on one that is pretended: no wait for it, and the weights of one rank alone."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from nmt_attn.config.loading import load_config
from nmt_attn.corpus.batches import make_batch
from nmt_attn.device import Compute
from nmt_attn.distributed.group import ALONE, ProcessGroup, SingleProcess
from nmt_attn.model.network import TranslationModel
from nmt_attn.tasks.translation_loss import TranslationLoss
from nmt_attn.training.consensus import Consensus
from nmt_attn.training.optimiser import make_optimiser
from nmt_attn.training.step import TrainingStep
from tests.pretended_cuda import Trace, pretended_cuda

SETS = ["model.embedding_size=8", "model.encoder.hidden_size=8", "model.decoder.hidden_size=16", "model.dropout=0.0"]
WORDS, STEPS = 12, 3


class Twin(SingleProcess):
    """One of two ranks that learn from the same batch, so that their sum is twice what this one has."""

    size = local_size = 2

    def add_up(self, tensor: Tensor) -> None:
        """Add what the other has."""
        tensor.mul_(2)


def learned(group: ProcessGroup, sets: list[str], trace: Trace) -> tuple[dict[str, Tensor], list[float]]:
    """The weights after some steps, and the loss of each."""
    compute = Compute(torch.device("cuda"), "fp32")
    config = load_config(None, [*SETS, *sets])
    torch.manual_seed(1)
    weights = TranslationModel(config.model, WORDS, WORDS).weights()
    there = {name: weight.detach().to(compute.device) for name, weight in weights.items()}
    model = TranslationModel.of_weights(config.model, WORDS, WORDS, there)
    settings, loss = config.training, TranslationLoss(model, compute, config.training.label_smoothing)
    step = TrainingStep(model, make_optimiser(model, settings), compute, settings, loss, Consensus(group))
    batch = make_batch([[5, 6, 7, 8], [9, 4]], [[6, 7], [8, 9, 10, 4]])
    own = [batch] * (2 // group.size)
    trace.clear()
    results = [
        step.step(own, learning_rate=1e-3, teacher_forcing=1.0, tokens=2 * batch.tokens, number=number)
        for number in range(STEPS)
    ]
    assert not trace.waits
    return {name: weight.cpu() for name, weight in model.weights().items()}, [
        float(one.cross_entropy) for one in results
    ]


@pytest.mark.parametrize(("compression", "nearness"), [("none", 1e-6), ("bf16", 1e-3)])
@pytest.mark.parametrize("style", ["luong", "bahdanau"])
def test_two_ranks_learn_what_one_learns_and_wait_for_no_gpu(style, compression, nearness):
    sets = [f"model.decoder.style={style}", f"training.gradient_compression={compression}"]
    with pretended_cuda() as trace:
        alone, losses = learned(ALONE, sets, trace)
        together, same = learned(Twin(), sets, trace)
    assert same == pytest.approx(losses, rel=nearness)
    assert losses[-1] < losses[0]
    for name, weight in alone.items():
        torch.testing.assert_close(together[name], weight, rtol=0.0, atol=nearness)
