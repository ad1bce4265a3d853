"""What several tests need: a small made-up language, and the real corpus where it is at hand."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import chdir
from pathlib import Path

import pytest
import torch
from filelock import FileLock

from nmt_attn.config.loading import load_config
from nmt_attn.corpus.prepare import prepare
from tests.forked import run_forked
from tests.snapshots import REFUSED, assert_unchanged, snapshot

# The tensors of the tests are tiny: a second thread would only wait for the first, also in processes that they start.
os.environ["OMP_NUM_THREADS"] = "1"
torch.set_num_threads(1)

ROOT = Path(__file__).parent.parent
FRA_ENG = ROOT.parent / "shared" / "data" / "fra-eng.zip"

# Word for word, but "not" moves behind the word it negates, as a reason to attend.
LEXICON = {
    "one": "eka", "two": "dva", "three": "tri", "four": "kvar", "five": "kvin", "big": "granda", "small": "eta",
    "red": "rugha", "blue": "blua", "house": "domo", "dog": "hundo", "cat": "kato", "tree": "arbo", "sees": "vidas",
    "likes": "amas", "takes": "prenas",
}  # fmt: skip


def toy_sentence(generator: random.Random) -> tuple[str, str]:
    words = generator.choices(list(LEXICON), k=generator.randint(1, 5))
    target = [LEXICON[word] for word in words]
    if generator.random() < 0.3:
        place = generator.randrange(len(words))
        words.insert(place, "not")
        target.insert(place + 1, "ne")
    return " ".join(words).capitalize() + ".", " ".join(target).capitalize() + "."


def toy_corpus(count: int, seed: int = 1) -> list[tuple[str, str]]:
    generator = random.Random(seed)
    pairs: dict[str, str] = {}
    while len(pairs) < count:
        pairs.update([toy_sentence(generator)])
    return list(pairs.items())


TOY_CONFIG = """\
name: toy
data:
  corpus: {path: toy.tsv}
  split: {valid: 40, test: 40}
  tokenizer: {vocab_size: 60}
model:
  embedding_size: 32
  dropout: 0.1
  encoder: {hidden_size: 32}
  decoder: {hidden_size: 64}
training:
  max_epochs: 12
  batch_tokens: 256
  learning_rate: 1e-2
  precision: fp32
  schedule: {warmup_steps: 20}
  validation: {max_sentences: 40}
"""


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    """A folder with a small corpus and a configuration for it."""
    return write_toy(tmp_path)


def write_toy(folder: Path) -> Path:
    lines = [f"{source}\t{target}\tmade up" for source, target in toy_corpus(900)]
    (folder / "toy.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "toy.yaml").write_text(TOY_CONFIG, encoding="utf-8")
    return folder


# A word decides, and "not" before it turns it round; the others say nothing.
PRAISE, BLAME = ["good", "kind", "fine", "bright"], ["bad", "rude", "dull", "dark"]
THINGS, TIMES = ["room", "meal", "book", "song"], ["Today", "On Monday", "In the rain", "By the lake"]


def opinion(generator: random.Random) -> tuple[str, str]:
    praises, turned = generator.random() < 0.5, generator.random() < 0.3
    word = generator.choice(PRAISE if praises else BLAME)
    text = f"{'not ' if turned else ''}a {word} {generator.choice(THINGS)}"
    if generator.random() < 0.6:
        text = f"{generator.choice(TIMES)}, {text}"
    return "pos" if praises != turned else "neg", f"{text[0].upper()}{text[1:]}{generator.choice(['.', '!', ''])}"


def opinions(count: int, seed: int = 1) -> list[tuple[str, str]]:
    """Different texts, each with its label."""
    generator = random.Random(seed)
    texts: dict[str, str] = {}
    while len(texts) < count:
        label, text = opinion(generator)
        texts[text] = label
    return [(label, text) for text, label in texts.items()]


OPINIONS_CONFIG = """\
name: opinions
task: classification
data:
  corpus: {path: opinions.tsv}
  split: {valid: 40, test: 60}
  filter: {max_tokens: 12}
  tokenizer: {kind: word, vocab_size: 60}
model:
  cell: lstm
  embedding_size: 16
  dropout: 0.1
  encoder: {hidden_size: 12}
  attention: {size: 8}
  classifier: {size: 8, dropout: 0.0}
training:
  max_epochs: 12
  batch_tokens: 64
  learning_rate: 1e-2
  precision: fp32
  schedule: {warmup_steps: 10}
"""


def write_opinions(folder: Path) -> Path:
    lines = [f"{label}\t{text}" for label, text in opinions(380)]
    (folder / "opinions.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "opinions.yaml").write_text(OPINIONS_CONFIG, encoding="utf-8")
    return folder


def write_prepared_toy(folder: Path) -> Path:
    write_toy(folder)
    with chdir(folder):
        prepare(load_config(Path("toy.yaml")))
    return folder


Nmt = Callable[..., "subprocess.CompletedProcess[str]"]


def run_nmt(
    folder: Path, *arguments: str, stdin: str | bytes | None = "", fresh: bool = False
) -> subprocess.CompletedProcess[str]:
    """Run the real program in ``folder``, in which nothing may have changed where it refuses (exit code 2).

    It has a process of its own, a copy of one that has loaded torch; with ``fresh``, one that begins as a user's does.
    """
    before = snapshot(folder)
    environment = {key: value for key, value in os.environ.items() if key not in ("NMT_MODEL", "NMT_DEBUG")}
    environment |= {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    raw = stdin.encode() if isinstance(stdin, str) else stdin
    if fresh:
        command = [sys.executable, "-m", "nmt_attn", *arguments]
        done = subprocess.run(command, cwd=folder, input=raw, capture_output=True, env=environment, timeout=300)
    else:
        done = run_forked(folder, arguments, environment, raw)
    if done.returncode == REFUSED:
        assert_unchanged(folder, before)
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the toy model has been trained by the real command, once for all processes of the tests."""
    return _trained_once(tmp_path_factory, "toy", write_toy)


@pytest.fixture(scope="session")
def trained_classifier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the run ``runs/opinions`` of a classifier, trained likewise."""
    return _trained_once(tmp_path_factory, "opinions", write_opinions)


def _trained_once(factory: pytest.TempPathFactory, name: str, write: Callable[[Path], Path]) -> Path:
    own = factory.getbasetemp()
    shared = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / f"{name}-model"
    with FileLock(f"{shared}.lock"):
        if not shared.exists():
            making = shared.with_name(f"{name}-model-in-the-making")
            making.mkdir()
            done = run_nmt(write(making), "train", "--config", f"{name}.yaml")
            assert done.returncode == 0, done.stderr
            making.rename(shared)
    return shutil.copytree(shared, own / f"trained-{name}")


@pytest.fixture(scope="session")
def fra_eng() -> Path:
    """The real corpus, which is not part of the repository."""
    if not FRA_ENG.exists():
        pytest.skip("the fra-eng file is not beside this checkout")
    return FRA_ENG
