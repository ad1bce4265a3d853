"""Reading a configuration: YAML and ``--set`` in, a :class:`~nmt_attn.config.schema.Config` or one clear error out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from nmt_attn.config.explanations import explain
from nmt_attn.config.keys import LEAVES, named_fields, printable
from nmt_attn.config.old_names import rename_old_keys
from nmt_attn.config.overrides import lay_over
from nmt_attn.config.schema import Config
from nmt_attn.config.yaml_text import Settings, parse_yaml, read_yaml
from nmt_attn.errors import ConfigError


def load_config(path: Path | None, overrides: Sequence[str] = ()) -> Config:
    """Read ``path`` (None: defaults only), lay ``dotted.key=value`` overrides over it, and check the whole.

    Raises:
        ConfigError: the file cannot be read, is no YAML, or says something the schema does not allow.
    """
    return _checked(_settings(path, overrides))


def load_text(text: str, origin: str) -> Config:
    """Check the text of a configuration; ``origin`` stands for it in messages.

    Raises:
        ConfigError: it is no YAML, or says something the schema does not allow.
    """
    settings = parse_yaml(text, origin)
    rename_old_keys(settings)
    return _checked(settings)


def all_errors(path: Path, overrides: Sequence[str] = ()) -> list[str]:
    """Say all that :func:`load_config` would refuse, one line each; nothing where it would not.

    A file that is no YAML, and keys that do not fit together, are known one at a time.
    """
    try:
        settings = _settings(path, overrides)
        Config.model_validate(settings.values)
    except ConfigError as error:
        return [str(error)]
    except ValidationError as error:
        return list(dict.fromkeys(explain(one, settings) for one in error.errors()))
    return []


def _settings(path: Path | None, overrides: Sequence[str]) -> Settings:
    settings = read_yaml(path) if path is not None else Settings()
    rename_old_keys(settings)
    lay_over(settings, overrides)
    return settings


def set_keys(overrides: Sequence[str]) -> list[str]:
    """Name the dotted keys that overrides set, those in the sections that they set included.

    Raises:
        ConfigError: an override cannot be read.
    """
    settings = Settings()
    lay_over(settings, overrides)
    return [key for key, _ in flat_values(settings.values)]


def refuse_other_keys(overrides: Sequence[str], used: Sequence[str], what: str) -> None:
    """Refuse overrides that would have no effect on what a trained model does.

    Args:
        overrides: ``dotted.key=value``, already found valid in themselves.
        used: sections and keys that have an effect.
        what: what is done with the model, for the message.

    Raises:
        ConfigError: an override is of another key.
    """
    for key in set_keys(overrides):
        if not any(key == part or key.startswith(f"{part}.") for part in used):
            known = ", ".join(part if part in LEAVES else f"{part}.*" for part in used)
            raise ConfigError(f"--set {printable(key)[:200]} has no effect on {what}; of its keys {known} have one")


def config_of(values: Mapping[str, Any], origin: str) -> Config:
    """Check plain values as :func:`plain_values` gives them; ``origin`` stands for them in messages.

    Raises:
        ConfigError: the schema does not allow them.
    """
    return _checked(Settings(dict(values), {(): origin}))


def plain_values(config: Config) -> dict[str, Any]:
    """Return the value of every key as YAML has it, with sections as dictionaries."""
    return config.model_dump(mode="json", by_alias=True)


def dump_config(config: Config) -> str:
    """Return the configuration as YAML with every key written out; :func:`load_config` reads it back unchanged."""
    return yaml.safe_dump(plain_values(config), sort_keys=False, allow_unicode=True)


def flat_values(values: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each dotted key below ``above`` with its value."""
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from flat_values(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value


def given_keys(section: BaseModel, above: str = "") -> Iterator[str]:
    """Name each dotted key that was written down, in the file or with ``--set``, whatever its value."""
    names = {info_name: name for name, (info_name, _) in named_fields(type(section)).items()}
    for field_name in section.model_fields_set:
        value = getattr(section, field_name)
        if isinstance(value, BaseModel):
            yield from given_keys(value, f"{above}{names[field_name]}.")
        else:
            yield f"{above}{names[field_name]}"


def _checked(settings: Settings) -> Config:
    try:
        return Config.model_validate(settings.values)
    except ValidationError as error:
        raise ConfigError(explain(error.errors()[0], settings)) from None
