"""A configuration looked at without doing anything: its errors, a summary, and the data files that are not there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from nmt_attn.config.keys import printable
from nmt_attn.config.loading import all_errors, load_config
from nmt_attn.config.schema import Config, ModelConfig, TrainingConfig
from nmt_attn.corpus.corpus_files import is_there
from nmt_attn.corpus.inputs import input_paths
from nmt_attn.corpus.ownership import refuse_inputs_inside
from nmt_attn.errors import UserError


@dataclass(frozen=True)
class ConfigurationCheck:
    """The outcome for one file."""

    path: Path
    errors: tuple[str, ...]
    """Each with its place; nothing of what follows is known if there is one."""
    summary: str = ""
    remarks: tuple[str, ...] = ()
    """Files that are not there."""

    def lines(self) -> Iterator[str]:
        """Yield what there is to say, a line each."""
        name = printable(str(self.path))
        yield from self.errors
        if not self.errors:
            yield f"{name}: fine: {printable(self.summary)}"
            yield from (f"{name}: {printable(remark)}" for remark in self.remarks)


def check_configuration(path: Path, overrides: Sequence[str] = ()) -> ConfigurationCheck:
    """Load a file as a training would, and look for what it needs."""
    if errors := all_errors(path, overrides):
        return ConfigurationCheck(path, tuple(errors))
    config = load_config(path, overrides)
    try:
        refuse_inputs_inside(config)
    except UserError as error:
        return ConfigurationCheck(path, (f"{path}: {error}",))
    return ConfigurationCheck(path, (), summary(config), tuple(missing_files(config)))


def missing_files(config: Config) -> Iterator[str]:
    """Say which data files, and which run to begin with, are not there.

    Raises:
        ConfigError: the configuration names no data.
    """
    url = config.data.corpus.url
    for role, missing in input_paths(config).items():
        if is_there(missing):
            continue
        if role == "corpus" and url is not None:
            yield f"note: {missing} is not there yet; it will be fetched from {url}"
        else:
            yield f"warning: {missing}: no such file, and training needs it"
    origin = config.training.from_run
    if origin is not None and not origin.exists():
        yield f"warning: {origin}: no such run (training.from)"


def summary(config: Config) -> str:
    """Say in one line what a training by this configuration does."""
    parts = [_task(config), _network(config), f"{_budget(config.training)} to {config.run_directory}"]
    return "; ".join(parts)


def _task(config: Config) -> str:
    data = config.data
    if config.task == "classification":
        what = f"classification of {data.source_lang} texts"
    else:
        what = f"translation {data.source_lang} → {data.target_lang}"
    if data.synthetic is not None:
        return f"{what} of {data.synthetic.pairs:,} made-up pairs ({data.synthetic.kind})"
    paths = list(input_paths(config).values())
    more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
    there = "" if all(map(is_there, paths)) else " (not there)"
    return f"{what} from {paths[0]}{more}{there}"


def _network(config: Config) -> str:
    model: ModelConfig = config.model
    size, layers = model.encoder.hidden_size, model.encoder.layers
    kind = config.data.tokenizer.kind
    vocabulary = f"{kind} tokens" if kind == "char" else f"up to {config.data.tokenizer.vocab_size:,} {kind} tokens"
    attention = "no attention" if model.attention.score == "none" else f"{model.attention.score} attention"
    parts = [f"{layers} × {model.cell.upper()} of 2 × {size}"]
    if config.task == "translation":
        decoder = model.decoder
        parts.append(f"{decoder.style} decoder of {decoder.layers} × {decoder.hidden_size}")
    return ", ".join([*parts, attention, vocabulary])


def _budget(training: TrainingConfig) -> str:
    limits = [
        (training.max_epochs, "epochs"),
        (training.max_steps, "steps"),
        (training.max_minutes, "minutes"),
    ]
    return "at most " + " or ".join(f"{limit:,g} {unit}" for limit, unit in limits if limit is not None)
