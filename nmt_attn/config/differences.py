"""The keys of a configuration that are not as they would be if nothing were said."""

from __future__ import annotations

from typing import Any

from nmt_attn.config.loading import config_of, flat_values, plain_values
from nmt_attn.config.schema import Config
from nmt_attn.errors import ConfigError


def changed_values(config: Config) -> dict[str, Any]:
    """Return each dotted key whose value differs from the default of its task, with its value."""
    try:
        default = config_of({"task": config.task}, "the defaults")
    except ConfigError:  # a task whose defaults alone are no configuration
        default = Config()
    before = dict(flat_values(plain_values(default)))
    return {key: value for key, value in flat_values(plain_values(config)) if before.get(key, _ABSENT) != value}


_ABSENT = object()
