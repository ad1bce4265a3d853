"""Whatever a configuration file or ``--set`` says: a configuration, or one line about what is wrong."""

from __future__ import annotations

import random
import types
import typing
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from nmt_attn.config.keys import fields_of, known_keys, section_of
from nmt_attn.config.loading import dump_config, load_config
from nmt_attn.config.schema import Config
from nmt_attn.config.yaml_text import MAX_BYTES
from nmt_attn.errors import ConfigError
from tests.conftest import ROOT

SHIPPED = [path.read_bytes() for path in sorted((ROOT / "configs").glob("*.yaml"))]
KEYS = [".".join(key) for key in known_keys()]

# What is wrong with YAML of strangers: other kinds of values, references, numbers that are none, and what PyYAML
# itself stumbles over.
NASTY = [
    ".inf", "-.inf", ".nan", "1e999", "-1", "0", "1e-400", "0x" + "f" * 5000, "9" * 5000, "1:2" + ":3" * 3000, "0b2",
    "0o17", "017", "1_000", "~", "null", "yes", "no", "'", '"', '"\\ud800"', '"\\0"', '"a\\nb"', "[", "]", "{", "}",
    "[]", "{}", "[[]]", "[" * 500, "{a: " * 100, "&a [*a]", "*a", "&a x", "<<: {a: 1}", "{<<: {a: 1}}", "!!int ''",
    "!!float ''", "!!bool x", "!!null x", "!!timestamp x", "!!binary x", "!!set {a}", "!!omap [a: 1]", "!!str 1",
    "!!python/object/apply:os.getcwd []", "!!python/name:os.system", "!a b", "%YAML 3.0", "---", "...", "? a", "? [a]",
    "= : 1", "=", "|", ">", "- a", "@a", "`a", "\t", "#", "\x00", "\x1b[2J", "\u2028", "\ufeff", "é", "2001-01-01",
    "..", "/", ".", "a/b", "unigram", "[0.9, .nan]", "[0.9]", "[a, b]", "[1, 2, 3]",
]  # fmt: skip


def check(load: Callable[[], Config]) -> None:
    """A configuration that can be written and read again, or one line. Any other exception goes through."""
    try:
        config = load()
    except ConfigError as error:
        message = str(error)
        assert message.isprintable(), repr(message)
        assert 10 < len(message) < 1000, repr(message)
        return
    assert isinstance(config, Config)
    assert Config.model_validate(yaml.safe_load(dump_config(config))) == config


def check_file(folder: Path, content: bytes, *sets: str) -> None:
    (folder / "any.yaml").write_bytes(content)
    check(lambda: load_config(folder / "any.yaml", sets))


# --- files that were made up --------------------------------------------------------------------------------

plain = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from([10**400, 2**63, 1])
)  # fmt: skip
values = st.recursive(
    plain,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(plain, inner, max_size=3),
    max_leaves=6,
)


@st.composite
def files(draw: st.DrawFn) -> bytes:
    """Some keys that there are, with any values; some lines that do not belong there."""
    tree: dict[str, object] = {}
    for key in draw(st.lists(st.sampled_from(KEYS), max_size=6)):
        section = tree
        *above, last = key.split(".")
        for part in above:
            below = section.setdefault(part, {})
            section = below if isinstance(below, dict) else section
        section[last] = draw(values)
    lines = yaml.safe_dump(tree, allow_unicode=draw(st.booleans())).splitlines()
    for line in draw(st.lists(st.sampled_from(NASTY) | st.text(max_size=20), max_size=2)):
        lines.insert(draw(st.integers(0, len(lines))), line)
    return "\n".join(lines).encode("utf-8", "surrogatepass")


def any_file(count: int) -> Callable[[pytest.TempPathFactory], None]:
    @given(files())
    @settings(deadline=None, max_examples=count, suppress_health_check=list(HealthCheck))
    def check_one(folder: Path, content: bytes) -> None:
        check_file(folder, content)

    return lambda factory: check_one(factory.mktemp("made-up"))


def test_any_file_loads_or_gives_one_error(tmp_path_factory: pytest.TempPathFactory) -> None:
    any_file(150)(tmp_path_factory)


@pytest.mark.slow
def test_any_of_5000_files_loads_or_gives_one_error(tmp_path_factory: pytest.TempPathFactory) -> None:
    any_file(5000)(tmp_path_factory)


# --- shipped files that were damaged ------------------------------------------------------------------------


def damaged(generator: random.Random) -> bytes:
    """A shipped file with some bytes changed, cut out or put in, some lines moved, some values replaced."""
    content = bytearray(generator.choice(SHIPPED))
    for _ in range(generator.choice([1, 1, 2, 5])):
        place, length = generator.randrange(len(content) + 1), generator.randrange(20)
        kind = generator.randrange(5)
        if kind == 0:
            content[place : place + 1] = bytes([generator.randrange(256)])
        elif kind == 1:
            del content[place : place + length]
        elif kind == 2:
            content[place:place] = generator.choice(NASTY).encode()
        elif kind == 3:
            lines = bytes(content).split(b"\n")
            number = generator.randrange(len(lines))
            lines.insert(generator.randrange(len(lines)), generator.choice([lines[number], lines.pop(number)]))
            content = bytearray(b"\n".join(lines))
        else:
            lines = bytes(content).split(b"\n")
            number = generator.randrange(len(lines))
            name, colon, _ = lines[number].partition(b":")
            lines[number] = name + colon + b" " + generator.choice(NASTY).encode()
            content = bytearray(b"\n".join(lines))
    return bytes(content)


def check_damaged(folder: Path, count: int, seed: int) -> None:
    generator = random.Random(seed)
    for _ in range(count):
        content = damaged(generator)
        try:
            check_file(folder, content)
        except Exception as error:
            raise AssertionError(f"{type(error).__name__}: {error}\nfor {content!r}") from error


def test_a_damaged_shipped_file_loads_or_gives_one_error(tmp_path: Path) -> None:
    check_damaged(tmp_path, 250, seed=1)


@pytest.mark.slow
def test_a_shipped_file_damaged_in_5000_ways_loads_or_gives_one_error(tmp_path: Path) -> None:
    check_damaged(tmp_path, 5000, seed=2)


# --- the command line ---------------------------------------------------------------------------------------


def settings_of(generator: random.Random) -> list[str]:
    """One to three arguments of ``--set``."""
    strange = ["", ".", "..", "name", "data", "a.b.c", "training.", ".seed", "seed.seed", "é", "\udcff", "a" * 5000,
               ".".join("a" * 2000), "data.synthetic.kind.kind", "data.parallel.train.target.0"]  # fmt: skip
    texts = []
    for _ in range(generator.randint(1, 3)):
        key = generator.choice(KEYS) if generator.random() < 0.8 else generator.choice(strange)
        value = generator.choice(NASTY) if generator.random() < 0.7 else str(generator.randrange(1 << 20))
        equals = generator.choice(["=", "=", "=", "=", "==", "", ": "])
        texts.append(f"{key}{equals}{value}")
    return texts


def check_settings(count: int, seed: int) -> None:
    generator = random.Random(seed)
    for _ in range(count):
        texts = settings_of(generator)
        try:
            check(partial(load_config, None, texts))
        except Exception as error:
            raise AssertionError(f"{type(error).__name__}: {error}\nfor {texts!r}") from error


def test_any_overrides_load_or_give_one_error() -> None:
    check_settings(400, seed=1)


@pytest.mark.slow
def test_any_of_4000_overrides_load_or_give_one_error() -> None:
    check_settings(4000, seed=2)


@given(st.text(max_size=40))
@settings(deadline=None, max_examples=100)
def test_any_text_as_a_setting(text: str) -> None:
    check(lambda: load_config(None, [text]))


# --- limits -------------------------------------------------------------------------------------------------


def numeric(section: type[BaseModel] = Config, above: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Every key whose value is a number."""
    for name, info in fields_of(section).items():
        below = section_of(info.annotation)
        kinds = typing.get_args(info.annotation) if isinstance(info.annotation, types.UnionType) else (info.annotation,)
        if below is not None:
            yield from numeric(below, f"{above}{name}.")
        elif int in kinds or float in kinds:
            yield above + name, info


NUMERIC = dict(numeric())


def test_the_numeric_keys_are_found() -> None:
    assert {"seed", "training.learning_rate", "decoding.beam_size", "training.max_steps"} <= set(NUMERIC)
    assert len(NUMERIC) > 50


@pytest.mark.parametrize("key", NUMERIC)
def test_every_number_has_its_range(key: str) -> None:
    limits = {name for limit in NUMERIC[key].metadata for name in ("ge", "gt", "le", "lt") if hasattr(limit, name)}
    assert limits & {"ge", "gt"}
    assert limits & {"le", "lt"}
    needed = ["data.synthetic.kind=dates"] if key.startswith("data.synthetic") else []
    for value in (".inf", "-.inf", ".nan", "-1", "1e300", "1" + "0" * 400, "true", "[]"):
        with pytest.raises(ConfigError, match="--set") as caught:
            load_config(None, [f"{key}={value}", *needed])
        assert key.rpartition(".")[2] in str(caught.value)


@pytest.mark.parametrize("value", ["[.nan, 0.9]", "[0.9, .inf]", "[0.9, 1.0]", "[-0.1, 0.9]", "[0.9]"])
def test_betas_are_below_one(value: str) -> None:
    with pytest.raises(ConfigError, match=r"training\.betas"):
        load_config(None, [f"training.betas={value}"])


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"#" * (MAX_BYTES + 1), "are too many for a configuration file"),
        (b"[" * 60_000, "not valid YAML"),
        (b"a: " + b"{b: " * 200 + b"1" + b"}" * 200, "nested too deeply"),
        (b"a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n", "aliases"),
        (b"seed: !!int ''\n", "not valid YAML|not supported"),
        (b"seed: !!bool x\n", "not valid YAML"),
        (b"seed: !!timestamp x\n", "timestamp is not supported"),
        (b"seed: !!python/object/apply:os.getcwd []\n", "os.getcwd is not supported"),
        (b"seed: 0x" + b"f" * 6000 + b"\n", "found a number of very many digits"),
        (b'data: {directory: "a\\0b"}\n', r"data\.directory: must be the name of a file"),
        (b'data: {directory: ""}\n', r"data\.directory: must be the name of a file"),
        (b"data: {corpus: {path: a, url: 'http://x/ y'}}\n", r"data\.corpus\.url: must be an address"),
        (b"name: " + b"a" * 101, "at most 100 characters"),
    ],
    ids=lambda value: value[:20] if isinstance(value, bytes) else None,
)
def test_malformed_files_give_one_printable_error(tmp_path: Path, content: bytes, says: str) -> None:
    (tmp_path / "c.yaml").write_bytes(content)
    with pytest.raises(ConfigError, match=says) as caught:
        load_config(tmp_path / "c.yaml")
    assert str(caught.value).isprintable()


def test_only_as_much_of_a_file_is_read_as_a_configuration_may_have(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="are too many"):
        load_config(Path("/dev/zero"))


def test_a_section_for_every_value(tmp_path: Path) -> None:
    """Of every key, a value of every other kind."""
    for key in KEYS:
        for value in ("3", "x", "[x]", "{x: 1}", "null", "true"):
            check(partial(load_config, None, [f"{key}={value}"]))
            check(partial(load_config, None, [f"{key}.x={value}"]))
