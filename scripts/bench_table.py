"""Reads what ``bench_train.py --json`` prints, a line a run, and prints one table in Markdown.

A run of one loop alone, which knows its memory, belongs to the run before it.
"""

from __future__ import annotations

import json
import sys


def main() -> None:
    """Print the table, and under it what all runs have in common."""
    runs: list[dict[str, object]] = []
    for line in sys.stdin:
        figures = json.loads(line)
        if runs and "naive, target tokens/s" not in figures:
            runs[-1] |= {key: value for key, value in figures.items() if key not in runs[-1]}
        else:
            runs.append(figures)
    common = {key for key in runs[0] if len({str(run.get(key)) for run in runs}) == 1}
    columns = [key for key in dict.fromkeys(key for run in runs for key in run) if key not in common]
    print(f"| {' | '.join(columns)} |")
    print(f"|{' --- |' * len(columns)}")
    for run in runs:
        print(f"| {' | '.join(str(run.get(column, '')) for column in columns)} |")
    print()
    for key in sorted(common):
        print(f"{key}: {runs[0][key]}")


if __name__ == "__main__":
    main()
