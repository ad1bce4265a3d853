"""The place of a process among others, as torchrun and Slurm tell it; and what a group of one does."""

import pytest

from nmt_attn.distributed.environment import Place, first_host, place_here
from nmt_attn.distributed.group import SingleProcess, in_order, own_part
from nmt_attn.errors import UserError

TORCHRUN = {
    "RANK": "5", "WORLD_SIZE": "8", "LOCAL_RANK": "1", "LOCAL_WORLD_SIZE": "4", "MASTER_ADDR": "host",
    "MASTER_PORT": "29500",    "TORCHELASTIC_RESTART_COUNT": "2", "TORCHELASTIC_RUN_ID": "job",
}  # fmt: skip
SLURM = {
    "SLURM_PROCID": "3", "SLURM_STEP_NUM_TASKS": "4", "SLURM_LOCALID": "1", "SLURM_NODEID": "1",
    "SLURM_STEP_TASKS_PER_NODE": "2(x2)", "SLURM_STEP_NODELIST": "gpu[03-04]", "SLURM_JOB_ID": "123456",
}  # fmt: skip


def test_torchrun_says_it():
    assert place_here(TORCHRUN) == Place(5, 8, 1, 4, "host", 29500, 2, "torchrun job")


def test_slurm_says_it():
    assert place_here(SLURM) == Place(3, 4, 1, 2, "gpu03", 20000 + 3456, 0, "Slurm job 123456")


@pytest.mark.parametrize(
    ("nodes", "host"),
    [
        ("gpu03", "gpu03"), ("gpu[03-05,9],login1", "gpu03"), ("a-b1,a-b2", "a-b1"), ("n[7]-ib", "n7-ib"),
        ("", "127.0.0.1"),
    ],
)  # fmt: skip
def test_the_first_host_of_a_list_of_slurm(nodes, host):
    assert first_host(nodes) == host


@pytest.mark.parametrize(
    "environment",
    [{}, {"RANK": "3"}, {"SLURM_PROCID": "0", "SLURM_NTASKS": "4"}, {**SLURM, "SLURM_STEP_NUM_TASKS": "1"}],
)
def test_whoever_is_started_alone_is_alone(environment):
    assert place_here(environment) == Place()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"MASTER_PORT": ""}, "no MASTER_PORT; start them with torchrun"),
        ({"RANK": "8"}, "process 8 of 8"),
        ({"LOCAL_RANK": "4"}, "4 of 4"),
        ({"WORLD_SIZE": "many"}, "WORLD_SIZE is 'many'"),
        ({"MASTER_PORT": "99999"}, "at port 99999"),
    ],
)
def test_an_environment_that_contradicts_itself_is_an_error(changed, said):
    with pytest.raises(UserError, match=said):
        place_here({**TORCHRUN, **changed})


@pytest.mark.parametrize("size", [1, 2, 3, 7])
@pytest.mark.parametrize("count", [0, 1, 2, 5, 6])
def test_what_is_taken_apart_is_put_together_in_order(count, size):
    class One(SingleProcess):
        def __init__(self, rank: int) -> None:
            self.rank, self.size = rank, size

    items = list(range(count))
    assert in_order([own_part(items, One(rank)) for rank in range(size)]) == items
