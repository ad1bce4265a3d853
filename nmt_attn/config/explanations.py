"""One line about what is wrong with a configuration: where, which key, and what may have been meant."""

from __future__ import annotations

import difflib
import re
from typing import Any

from pydantic_core import ErrorDetails

from nmt_attn.config.keys import Key, dotted_name, known_keys, printable
from nmt_attn.config.yaml_text import Settings

# What pydantic says in words of its own, in ours.
_MESSAGES = {
    "model_type": "must be a section of `key: value` lines",
    "string_pattern_mismatch": "may hold letters, digits, '_', '-' and '.', and begins with none of the last two",
}

_KEY = re.compile(r"[a-z_]+(\.[a-z_]+)+")


def explain(error: ErrorDetails, settings: Settings) -> str:
    """Explain one pydantic error in one line: where, which key, what is wrong with it."""
    key: Key = tuple(error["loc"])
    place, dotted = settings.place_of(key), dotted_name(key)
    if error["type"] == "extra_forbidden":
        return f"{place}: unknown key {dotted}; {_nearest(key)}"
    if error["type"] == "missing":
        return f"{place}: {dotted} is missing"
    if error["type"] == "value_error":
        message = error["msg"].removeprefix("Value error, ")
        if isinstance(error["input"], str) and len(error["input"]) > 80:  # which the message may quote
            message = message.replace(error["input"][80:], "…")
        if not key and (named := _KEY.match(message)):  # of the whole, about several keys: the first is to blame
            place = settings.place_of(tuple(named[0].split(".")))
        return f"{place}: {message}" if "." in message else f"{place}: {dotted}: {message}"
    message = _MESSAGES.get(error["type"], error["msg"].replace("Input should be", "must be"))
    return f"{place}: {dotted} {message[:1].lower()}{message[1:]}, found {_shown(error['input'])}"


def _shown(found: Any) -> str:
    """Show a wrong value as far as it fits into a message."""
    if found is None or isinstance(found, dict):
        return "null" if found is None else "a section"
    if isinstance(found, list):
        return f"a list of {len(found)}"
    if isinstance(found, int) and found.bit_length() > 200:  # Python refuses to write out thousands of digits
        return "a number of very many digits"
    return printable(repr(found))[:80]


def _nearest(key: Key) -> str:
    """Say what the user may have meant by the unknown ``key``."""
    known = {name: dotted_name(path) for path in known_keys() for name in (dotted_name(path), str(path[-1]))}
    parents = [dotted_name(path) for path in known_keys() if path[:-1] == key[:-1]]
    close = difflib.get_close_matches(dotted_name(key), parents, n=1, cutoff=0.6)
    if not close:
        by_last_word = difflib.get_close_matches(str(key[-1]), list(known), n=1, cutoff=0.6)
        close = [known[word] for word in by_last_word]
    if close:
        return f"did you mean {close[0]}?"
    names = ", ".join(path.rpartition(".")[2] for path in parents)
    return f"known here: {names}" if names else "see docs/configuration.md for the known keys"
