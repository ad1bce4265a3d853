"""A significance test of BLEU differences by sacreBLEU's paired bootstrap resampling (Koehn 2004).

    nmt eval --beam 1 --output greedy.txt
    nmt eval --output beam.txt
    python scripts/benchmarks/compare_bleu.py --data data/fra-eng greedy.txt beam.txt

The other files are compared with the first one. p is the probability of a difference at least as large by the choice of
test sentences alone.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from sacrebleu.significance import PairedTest

from nmt_attn.corpus.dataset import Dataset
from nmt_attn.evaluation.tokenization import bleu_tokenizer, make_bleu


def main() -> None:
    """Print a table of the results for all files."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="the prepared data, such as data/fra-eng")
    parser.add_argument("--split", choices=["test", "valid"], default="test")
    parser.add_argument("--samples", type=int, default=1000, help="of the bootstrap")
    parser.add_argument("files", type=Path, nargs="+", help="translations, one a line")
    arguments = parser.parse_args()
    data = Dataset.open(arguments.data)
    references = data.held_out(arguments.split).references
    if not references:
        parser.error(f"{arguments.data} has no {arguments.split} sentences")
    systems = [(str(path), path.read_text(encoding="utf-8").splitlines()) for path in arguments.files]
    for name, lines in systems:
        if len(lines) != len(references):
            parser.error(f"{name} has {len(lines)} lines, the {arguments.split} split {len(references)} sentences")
    width = max(map(len, references))
    columns = [[found[place] if place < len(found) else None for found in references] for place in range(width)]
    bleu = make_bleu(bleu_tokenizer(data.manifest.target_lang), lowercase=data.tokenizer.lowercase)
    test = PairedTest(systems, {"BLEU": bleu}, columns, test_type="bs", n_samples=arguments.samples)
    _, scores = test()
    print("| translation | BLEU | 95 % of samples within | p |\n| --- | --- | --- | --- |")
    for (name, _), result in zip(systems, scores["BLEU"], strict=True):
        p = "" if result.p_value is None else f"{result.p_value:.4f}"
        print(f"| {name} | {result.score:.2f} | {result.mean:.2f} ± {result.ci:.2f} | {p} |")


if __name__ == "__main__":
    main()
