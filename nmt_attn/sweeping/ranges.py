"""Ranges of values that a sweep tries for a key: ``log:1e-4..1e-2``, ``0.1..0.5``, ``int:128..512:64``, ``a|b|c``."""

from __future__ import annotations

import difflib
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from nmt_attn.config.explanations import explain
from nmt_attn.config.keys import LEAVES, printable
from nmt_attn.config.overrides import lay_over
from nmt_attn.config.schema import Config
from nmt_attn.config.yaml_text import Settings
from nmt_attn.errors import ConfigError, UserError

if TYPE_CHECKING:
    from optuna import Trial

FORMS = "log:1e-4..1e-2, 0.1..0.5, int:128..512:64, or a|b|c"

FIXED = {
    "name": "the sweep names its trials",
    "task": "trials of different tasks have no common score",
    "training.track": "it has no effect on a score",
    "training.early_stopping.metric": "trials are compared by one score",
}
"""Keys that have no range, and why."""


@dataclass(frozen=True)
class Range:
    """The values of one key: numbers from ``low`` to ``high``, or ``choices``."""

    key: str
    choices: tuple[str, ...] = ()
    low: float = 0.0
    high: float = 0.0
    whole: bool = False  # whole numbers only
    log: bool = False  # uniform in the logarithm
    step: float | None = None

    def suggest(self, trial: Trial) -> str:
        """Let a trial choose a value; return it as it is written behind ``--set KEY=``."""
        if self.choices:
            return str(trial.suggest_categorical(self.key, self.choices))
        if self.whole:
            low, high, step = int(self.low), int(self.high), int(self.step or 1)
            return str(trial.suggest_int(self.key, low, high, step=step, log=self.log))
        return repr(trial.suggest_float(self.key, self.low, self.high, step=self.step, log=self.log))

    def samples(self) -> tuple[str, ...]:
        """Return the values at the ends, or all choices."""
        if self.choices:
            return self.choices
        return tuple(str(int(end)) if self.whole else repr(end) for end in (self.low, self.high))

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {**asdict(self), "choices": list(self.choices)}


def read_ranges(texts: Sequence[str], set_keys: Sequence[str]) -> list[Range]:
    """Read the ranges of a command line.

    Args:
        texts: ``KEY=RANGE``.
        set_keys: keys that are set to one value beside them.

    Raises:
        UserError: one cannot be read, is empty or of an unknown key, or has values that the key does not allow.
    """
    ranges: list[Range] = []
    for text in texts:
        one = _read(text)
        if one.key in (other.key for other in ranges):
            raise UserError(f"--set-range {one.key} is given twice; keep one of them")
        if one.key in set_keys:
            raise UserError(f"--set and --set-range both give {one.key}; keep one of them")
        ranges.append(one)
    return ranges


def _read(text: str) -> Range:
    key, equals, value = (part.strip() for part in text.partition("="))
    if not equals or not key or not value:
        raise UserError(f"--set-range {_short(text)}: expected KEY=RANGE, with a range such as {FORMS}")
    _check_key(key)
    one = _choices(key, value) if "|" in value else _numbers(key, value)
    for sample in one.samples():
        _check_value(one, sample)
    return one


def _check_key(key: str) -> None:
    if key not in LEAVES:
        close = difflib.get_close_matches(key, LEAVES, n=1, cutoff=0.5)
        last = [name for name in LEAVES if name.rpartition(".")[2] == key.rpartition(".")[2]]
        nearest = (last if len(last) == 1 else close) or close
        advice = f"did you mean {nearest[0]}?" if nearest else "see docs/configuration.md for the known keys"
        raise UserError(f"--set-range {_short(key)}: unknown key; {advice}")
    if key in FIXED:
        raise UserError(f"--set-range {key}: this key has no range: {FIXED[key]}")


def _choices(key: str, value: str) -> Range:
    choices = tuple(part.strip() for part in value.split("|"))
    if "" in choices or len(set(choices)) != len(choices):
        raise UserError(f"--set-range {key}={_short(value)}: a choice is empty or stands there twice")
    return Range(key, choices)


def _numbers(key: str, value: str) -> Range:
    where, rest, prefixes = f"--set-range {key}={_short(value)}", value, set()
    while (prefix := rest.partition(":")[0]) in ("int", "log") and prefix not in prefixes:
        prefixes.add(prefix)
        rest = rest.partition(":")[2]
    low, dots, end = rest.partition("..")
    high, colon, step = end.partition(":")
    if not dots:
        raise UserError(f"{where}: no range; write {FORMS}, or use --set for a single value")
    numbers = [_number(part, where) for part in (low, high, *([step] if colon else []))]
    one = Range(
        key,
        low=numbers[0],
        high=numbers[1],
        whole="int" in prefixes,
        log="log" in prefixes,
        step=numbers[2] if colon else None,
    )
    if (reason := _impossible(one, numbers)) is not None:
        raise UserError(f"{where}: {reason}")
    return one


def _number(text: str, where: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise UserError(f"{where}: {_short(text)!r} is no number; a range is {FORMS}")
    return number


def _impossible(one: Range, numbers: Sequence[float]) -> str | None:
    """Say why there is nothing in a range, or None."""
    if one.low >= one.high:
        return f"a range goes up, and {one.low:g} is not below {one.high:g}"
    if one.log and one.low <= 0:
        return "a logarithmic range begins above 0"
    if one.whole and any(number != int(number) for number in numbers):
        return "int: is a range of whole numbers"
    if one.step is not None and one.log:
        return "a logarithmic range has no step"
    if one.step is not None and not 0 < one.step <= one.high - one.low:
        return "the step is above 0, and not longer than the range"
    return None


def _check_value(one: Range, text: str) -> None:
    """Refuse a value that the schema does not allow for the key, whatever the other keys are.

    Raises:
        UserError: it does not allow it.
    """
    settings = Settings()
    try:
        lay_over(settings, [f"{one.key}={text}"])
        Config.model_validate(settings.values)
    except ConfigError as error:
        raise UserError(str(error).replace("--set ", "--set-range ", 1)) from None
    except ValidationError as error:
        problem = error.errors()[0]
        if ".".join(map(str, problem["loc"])).startswith(one.key):
            hint = "; for whole numbers write int:" if problem["type"].startswith("int_") and not one.choices else ""
            raise UserError(explain(problem, settings).replace("--set ", "--set-range ", 1) + hint) from None


def _short(text: str) -> str:
    return printable(text)[:100]
