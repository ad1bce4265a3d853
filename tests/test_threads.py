"""How many threads there is a processor for, in containers too, and how they wait for each other."""

from __future__ import annotations

from pathlib import Path

import pytest

from nmt_attn import threads
from nmt_attn.threads import WAITING, let_threads_sleep, usable_processors, wished_threads


@pytest.fixture
def container(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine of 64 processors whose control groups are files in a folder; in no group yet."""
    monkeypatch.setattr(threads, "GROUPS", tmp_path / "cgroup")
    monkeypatch.setattr(threads, "GROUPS_OF_PROCESS", tmp_path / "self")
    monkeypatch.setattr("os.sched_getaffinity", lambda pid: set(range(64)), raising=False)
    return tmp_path


def limit(container: Path, of_process: str, **files: str) -> None:
    """Say which groups the process is in, and what stands in files of theirs (``__`` for ``/``, ``_`` for ``.``)."""
    (container / "self").write_text(of_process, encoding="utf-8")
    for name, text in files.items():
        path = container / "cgroup" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("of_process", "files", "expected"),
    [
        ("0::/\n", {"cpu.max": "200000 100000\n"}, 2),
        ("0::/\n", {"cpu.max": "max 100000\n"}, 64),
        ("0::/\n", {"cpu.max": "150000 100000\n"}, 1),  # whole processors
        ("0::/\n", {"cpu.max": "10000 100000\n"}, 1),  # one at least
        ("0::/\n", {"cpu.max": "9900000 100000\n"}, 64),  # more than there are
        ("0::/a/b\n", {"a/b/cpu.max": "max 100000\n", "a/cpu.max": "300000 100000\n"}, 3),  # the group around
        ("0::/a/b\n", {"a/b/cpu.max": "500000 100000\n", "a/cpu.max": "300000 100000\n"}, 3),
        ("0::/docker/123\n", {"cpu.max": "400000 100000\n"}, 4),  # a path that is not seen from inside
        ("4:cpu,cpuacct:/\n", {"cpu,cpuacct/cpu.cfs_quota_us": "200000\n",
                               "cpu,cpuacct/cpu.cfs_period_us": "100000\n"}, 2),
        ("1:cpu:/x\n0::/\n", {"cpu/x/cpu.cfs_quota_us": "100000\n", "cpu/x/cpu.cfs_period_us": "50000\n"}, 2),
        ("1:cpu:/x\n", {"cpu/x/cpu.cfs_quota_us": "-1\n", "cpu/x/cpu.cfs_period_us": "100000\n"}, 64),
        ("1:cpu:/docker/9\n", {"cpu/cpu.cfs_quota_us": "300000\n", "cpu/cpu.cfs_period_us": "100000\n"}, 3),
        ("3:cpuset:/\n2:cpuacct:/\n", {"cpuset/cpu.max": "100000 100000\n"}, 64),
        ("0::/\n", {"cpu.max": "not what is expected\n"}, 64),
        ("0::/../..\n", {"cpu.max": "200000 0\n"}, 64),
        ("nonsense\n\n", {}, 64),
    ],
)  # fmt: skip
def test_a_quota_is_respected(container: Path, of_process: str, files: dict[str, str], expected: int) -> None:
    limit(container, of_process, **files)
    assert usable_processors() == expected


def test_where_there_are_no_control_groups_the_processors_count_that_may_be_used(
    container: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert usable_processors() == 64
    monkeypatch.setattr("os.sched_getaffinity", lambda pid: {3, 7, 9}, raising=False)
    assert usable_processors() == 3
    monkeypatch.delattr("os.sched_getaffinity")
    monkeypatch.setattr("os.cpu_count", lambda: None)
    assert usable_processors() == 1


def test_threads_are_let_sleep_unless_the_user_says_otherwise() -> None:
    environment: dict[str, str] = {"PATH": "/bin"}
    let_threads_sleep(environment)
    assert environment == {"PATH": "/bin", **WAITING}
    environment = {}
    let_threads_sleep(environment, watched=True)
    assert environment == {"KMP_BLOCKTIME": "0"}
    for name in ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME"):
        environment = {name: "7"}
        let_threads_sleep(environment)
        assert environment == {name: "7"}


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, None),
        ({"OMP_NUM_THREADS": "3"}, 3),
        ({"OMP_NUM_THREADS": "4,2"}, 4),  # of outer and inner loops
        ({"OMP_NUM_THREADS": ""}, None),
        ({"OMP_NUM_THREADS": "0", "MKL_NUM_THREADS": "5"}, 5),
        ({"OMP_NUM_THREADS": "many"}, None),
    ],
)
def test_omp_num_threads_is_read_from_the_environment(environment: dict[str, str], expected: int | None) -> None:
    assert wished_threads(environment) == expected
