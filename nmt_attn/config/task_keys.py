"""Keys that only one task asks about: set for another one, they would have no effect."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import BaseModel

KEYS_OF = {
    "translation": (
        "data.target_lang",
        "data.parallel",
        "data.synthetic",
        "data.processes",
        "data.corpus.reverse",
        "data.filter.max_words",
        "data.filter.max_characters",
        "data.filter.max_length_ratio",
        "data.filter.identical",
        "data.tokenizer.joint",
        "model.decoder",
        "model.tie_embeddings",
        "model.attention.coverage",
        "training.teacher_forcing",
        "training.validation.beam_size",
        "decoding.beam_size",
        "decoding.normalisation",
        "decoding.length_penalty",
        "decoding.coverage_penalty",
        "decoding.min_length_ratio",
        "decoding.max_length_ratio",
        "decoding.max_source_tokens",
        "decoding.split_sentences",
        "decoding.no_repeat_ngram",
        "decoding.pruning",
        "evaluation.tokenize",
    ),
    "classification": (
        "data.labelled",
        "data.corpus.fields",
        "data.corpus.ignore_labels",
        "data.filter.max_tokens",
        "data.filter.keep",
        "data.filter.overlap",
        "model.classifier",
        "training.class_weights",
    ),
}
"""Keys and sections by the only task that asks about them."""

VALUES_OF: dict[str, dict[str, tuple[str, ...]]] = {
    "translation": {"training.early_stopping.metric": ("bleu", "chrf", "exact")},
    "classification": {
        "training.early_stopping.metric": ("accuracy", "f1"),
        "model.attention.score": ("mean", "max"),
    },
}
"""Values that only one task knows, by key."""


def check_task_keys(config: BaseModel, task: str) -> None:
    """Refuse what is set for another task than that of a configuration.

    Raises:
        ValueError: a key of another task does not have its default, or a key has a value of another task.
    """
    for other in KEYS_OF.keys() - {task}:
        for dotted in KEYS_OF[other]:
            for name in _changed(config, dotted):
                raise ValueError(f"{name} is for task: {other}, and has no effect on task: {task}; leave it out")
        for dotted, values in VALUES_OF[other].items():
            section, name = _located(config, dotted)
            if (value := getattr(section, name)) in values:
                raise ValueError(f"{dotted}: {value} is for task: {other}, not for task: {task}")


def _changed(config: BaseModel, dotted: str) -> Iterator[str]:
    """Yield the keys at or below a key that do not have their defaults."""
    section, name = _located(config, dotted)
    value = getattr(section, name)
    default = type(section).model_fields[name].get_default(call_default_factory=True, validated_data={})
    if value == default:
        return
    if isinstance(value, BaseModel) and isinstance(default, BaseModel):
        for below in type(value).model_fields:
            yield from _changed(config, f"{dotted}.{below}")
    else:
        yield dotted


def _located(config: BaseModel, dotted: str) -> tuple[BaseModel, str]:
    """Return the section that holds a key, and the name of the key in it."""
    *above, name = dotted.split(".")
    for part in above:
        config = getattr(config, part)
    return config, name
