"""The cost of checkpoints: a training that saves often, and the share of its saving at the configured interval.

python scripts/benchmarks/bench_checkpoint.py --config configs/fra-eng.yaml --set data.corpus.path=FILE
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any
from unittest import mock

from nmt_attn.config.loading import load_config
from nmt_attn.corpus.prepare import prepare
from nmt_attn.runs.directory import RunDirectory
from nmt_attn.tasks.registry import make_task
from nmt_attn.training.trainer import Trainer


def measure(config_file: Path, overrides: list[str], checkpoints: int, steps: int) -> dict[str, float]:
    """Train ``checkpoints`` times ``steps`` steps, each with a checkpoint after them; return seconds, sizes, share."""
    length = ["training.max_epochs=null", f"training.max_steps={checkpoints * steps}"]
    often = [f"training.checkpoint_steps={steps}", f"training.validation.every_steps={checkpoints * steps}"]
    config = load_config(config_file, [*overrides, *length, *often])
    data, seconds = prepare(config).data, []
    save = Trainer.save

    def timed(trainer: Trainer, **options: Any) -> None:
        began = time.perf_counter()
        save(trainer, **options)
        seconds.append(time.perf_counter() - began)

    # On the disk that the runs are on, not on whatever /tmp is.
    with tempfile.TemporaryDirectory(dir=".", prefix="bench-checkpoint-") as folder:
        run = RunDirectory(Path(folder))
        with mock.patch.object(Trainer, "save", timed):
            Trainer(config, make_task(config, data), run).train()
        last = run.all_checkpoints()[-1]
        size = sum(path.stat().st_size for path in last.iterdir())
    each = statistics.median(seconds)
    return {
        "seconds a checkpoint, median": round(each, 4),
        "seconds a checkpoint, most": round(max(seconds), 4),
        "MiB a checkpoint": round(size / 2**20, 1),
        "checkpoints measured": len(seconds),
        "training.checkpoint_minutes": config.training.checkpoint_minutes,
        "share of training time, percent": round(100 * each / (60 * config.training.checkpoint_minutes + each), 4),
    }


def main() -> None:
    """Measure and print, one figure per line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--checkpoints", type=int, default=10)
    parser.add_argument("--steps", type=int, default=5, help="between two checkpoints")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    figures = measure(arguments.config, arguments.set, arguments.checkpoints, arguments.steps)
    print(json.dumps(figures) if arguments.json else "\n".join(f"{name}: {value}" for name, value in figures.items()))


if __name__ == "__main__":
    main()
