import json
import random
from itertools import chain
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nmt_attn.config.schema import DataConfig, NormaliseConfig, TokenizerConfig
from nmt_attn.errors import ConfigError, InputError
from nmt_attn.text.normalise import Normaliser
from nmt_attn.text.tokenizer import BOS, EOS, PAD, UNK, Tokenizer

SUBJECTS = ["The baker", "My sister", "Our neighbour", "A young doctor", "The old farmer"]
ACTIONS = ["opens the window", "waters the roses", "reads a long letter", "buys fresh bread", "closes the garden gate"]
SOURCES = [f"{subject} {action}." for subject in SUBJECTS for action in ACTIONS]
SUJETS = ["Le boulanger", "Ma sœur", "Notre voisin", "Un jeune médecin", "Le vieux fermier"]
GESTES = ["ouvre la fenêtre", "arrose les roses", "lit une longue lettre", "achète du pain frais", "ferme la grille"]
TARGETS = [f"{sujet} {geste}." for sujet in SUJETS for geste in GESTES]


def make(
    kind: str = "unigram", vocab_size: int = 70, joint: bool = True, same_ids: bool = False, **normalise: object
) -> Tokenizer:
    config = DataConfig(
        tokenizer=TokenizerConfig.model_validate(
            {"kind": kind, "vocab_size": vocab_size, "joint": joint, "character_coverage": 1.0}
        ),
        normalise=NormaliseConfig.model_validate(normalise),
    )
    return Tokenizer.train(config, SOURCES, TARGETS, same_ids=same_ids)


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return make()


KINDS = ["unigram", "bpe", "word", "char"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("joint", [True, False])
def test_training_text_comes_back(kind: str, joint: bool) -> None:
    trained = make(kind, vocab_size=300 if kind in ("word", "char") else 70 if joint else 42, joint=joint)
    ids = trained.encode_target(TARGETS)
    assert trained.decode(ids) == TARGETS
    assert all(UNK < token < trained.target_size for sequence in ids for token in sequence)
    assert all(0 < token < trained.source_size for sequence in trained.encode_source(SOURCES) for token in sequence)


@pytest.mark.parametrize(("kind", "vocab_size"), [("unigram", 75), ("word", 300)])
def test_each_side_keeps_what_it_needs_of_a_joint_vocabulary(kind: str, vocab_size: int) -> None:
    whole, divided = (make(kind, vocab_size, same_ids=same_ids) for same_ids in (True, False))
    assert (whole.joint, divided.joint) == (True, False)
    assert divided.source_pieces(SOURCES) == whole.source_pieces(SOURCES)
    assert divided.target_pieces(TARGETS) == whole.target_pieces(TARGETS)
    assert max(divided.source_size, divided.target_size) < whole.target_size
    found = set(chain.from_iterable(divided.encode_target(TARGETS)))
    assert all(len(piece) == 1 for piece in divided.written(sorted(set(range(4, divided.target_size)) - found)))


def test_letters_of_the_other_side_can_still_be_written(tokenizer: Tokenizer) -> None:
    """As can those of names, which sentences of the other language hold."""
    assert tokenizer.decode(tokenizer.encode_target(SOURCES)) == SOURCES


def test_a_joint_vocabulary_of_merges_stays_whole() -> None:
    """What bpe merges on the way to a piece need not be in any sentence."""
    assert make("bpe").joint


covered = st.text(sorted(set("".join(TARGETS))), min_size=1, max_size=40)


@given(covered)
@settings(max_examples=200)
def test_any_text_of_known_characters_comes_back(tokenizer: Tokenizer, text: str) -> None:
    assert tokenizer.decode(tokenizer.encode_target([text])) == [Normaliser()(text)]


@given(st.lists(st.text(max_size=30), max_size=4))
@settings(max_examples=200)
def test_any_text_gives_ids_of_the_vocabulary(tokenizer: Tokenizer, texts: list[str]) -> None:
    sequences = tokenizer.encode_source(texts)
    assert len(sequences) == len(texts)
    assert all(token not in (PAD, BOS, EOS) for sequence in sequences for token in sequence)
    assert all(0 < token < tokenizer.source_size for sequence in sequences for token in sequence)


def test_text_is_normalised_before_it_is_tokenised(tokenizer: Tokenizer) -> None:
    assert tokenizer.encode_target(["  Ma\u00a0sœur\tlit "]) == tokenizer.encode_target(["Ma sœur lit"])


def test_nothing_in_nothing_out(tokenizer: Tokenizer) -> None:
    assert tokenizer.encode_source([]) == []
    assert tokenizer.encode_source(["", " \u200b"]) == [[], []]
    assert tokenizer.decode([]) == []
    assert tokenizer.decode([[], [BOS, EOS, PAD]]) == ["", ""]


def test_special_ids_are_skipped_and_unknown_is_shown(tokenizer: Tokenizer) -> None:
    [ids] = tokenizer.encode_target(["Ma sœur lit"])
    assert tokenizer.decode([[BOS, *ids, EOS, PAD, PAD]]) == ["Ma sœur lit"]
    assert "⁇" in tokenizer.decode([[UNK]])[0]


def test_a_markup_word_is_no_special_token(tokenizer: Tokenizer) -> None:
    [ids] = tokenizer.encode_source(["<s> </s> <pad>"])
    assert not {PAD, BOS, EOS} & set(ids)


def test_pieces_spell_the_text(tokenizer: Tokenizer) -> None:
    [ids] = tokenizer.encode_target(["Le boulanger"])
    assert "".join(tokenizer.written(ids)) == "▁Le▁boulanger"
    assert tokenizer.target_pieces(["Le boulanger"]) == [tokenizer.written(ids)]
    for text in ("The baker", "寿司 The 🍣 baker"):
        [ids], [pieces] = tokenizer.encode_source([text]), tokenizer.source_pieces([text])
        assert len(pieces) == len(ids)
        assert "".join(pieces) == "▁" + text.replace(" ", "▁")


def test_training_is_deterministic() -> None:
    assert make("unigram").target_model == make("unigram").target_model


def test_separate_vocabularies_differ() -> None:
    separate = make("word", vocab_size=500, joint=False)
    assert separate.source_size != separate.target_size
    assert separate.source_model != separate.target_model


@pytest.mark.parametrize("kind", ["word", "char"])
def test_words_and_characters_take_what_there_is(kind: str) -> None:
    assert 4 < make(kind, vocab_size=8000).target_size < 200


@pytest.mark.parametrize("kind", KINDS)
def test_the_vocabulary_is_never_larger_than_asked_for(kind: str) -> None:
    assert make(kind, vocab_size=60).target_size <= 60


@pytest.mark.parametrize("kind", ["unigram", "bpe"])
def test_a_vocabulary_too_large_names_the_largest_that_works(kind: str) -> None:
    with pytest.raises(ConfigError, match=r"data\.tokenizer\.vocab_size to (\d+) or less") as caught:
        make(kind, vocab_size=8000)
    largest = int(str(caught.value).split("vocab_size to ")[1].split(" ")[0])
    assert make(kind, vocab_size=largest, same_ids=True).target_size == largest
    with pytest.raises(ConfigError):
        make(kind, vocab_size=largest + 1)


@pytest.mark.parametrize("kind", ["unigram", "bpe"])
def test_a_vocabulary_too_small_for_the_characters(kind: str) -> None:
    with pytest.raises(ConfigError, match=r"vocab_size is 16, but the characters .* take \d+ tokens"):
        make(kind, vocab_size=16)


def test_the_side_that_is_at_fault_is_named() -> None:
    config = DataConfig(tokenizer=TokenizerConfig(vocab_size=40, joint=False))
    with pytest.raises(ConfigError, match=r"target side \(fr\)"):
        Tokenizer.train(config, SOURCES, ["Oui."])


def test_a_joint_vocabulary_without_a_word_of_one_side() -> None:
    config = DataConfig(tokenizer=TokenizerConfig(kind="word", vocab_size=16))
    with pytest.raises(ConfigError, match=r"has none for one of the two languages; raise data\.tokenizer\.vocab_size"):
        Tokenizer.train(config, [f"{SOURCES[0]} {SOURCES[-1]} one two three four five"] * 9, ["un deux trois"])


@pytest.mark.parametrize("texts", [[], ["", " "]])
def test_no_text_is_one_clear_line(texts: list[str]) -> None:
    with pytest.raises(ConfigError, match="no text"):
        Tokenizer.train(DataConfig(), texts, texts)


@pytest.mark.parametrize("joint", [True, False])
def test_saved_and_loaded_it_does_the_same(tmp_path: Path, joint: bool) -> None:
    trained = make("bpe", joint=joint, lowercase=True, punctuation="split")
    trained.save(tmp_path / "tokenizer")
    loaded = Tokenizer.load(tmp_path / "tokenizer")
    assert loaded == trained
    assert loaded.lowercase
    assert loaded.joint is joint
    assert loaded.encode_source(["THE baker, my Sister!"]) == trained.encode_source(["the baker , my sister !"])
    assert loaded.decode(loaded.encode_target(TARGETS)) == [trained.normaliser(text) for text in TARGETS]


def two_languages(source_lang: str, target_lang: str) -> Tokenizer:
    config = DataConfig(
        source_lang=source_lang,
        target_lang=target_lang,
        normalise=NormaliseConfig(lowercase=True),
        tokenizer=TokenizerConfig(kind="char", vocab_size=300, character_coverage=1.0, joint=False),
    )
    return Tokenizer.train(config, [*SOURCES, "IŞIK İYİ ı i"], [*TARGETS, "IŞIK İYİ ı i"])


@pytest.mark.parametrize(
    ("source_lang", "target_lang", "source", "target"),
    [
        ("tr", "en", "ışık iyi", "işik i̇yi̇"), ("fr", "tur", "işik i̇yi̇", "ışık iyi"),
        ("az", "crh", "ışık iyi", "ışık iyi"),
        ("gag", "az-Cyrl", "ışık iyi", "işik i̇yi̇"), ("x-a", "tr_TR", "işik i̇yi̇", "ışık iyi"),
    ],
)  # fmt: skip
def test_a_side_is_lowercased_as_its_language_is(
    source_lang: str, target_lang: str, source: str, target: str, tmp_path: Path
) -> None:
    trained = two_languages(source_lang, target_lang)
    trained.save(tmp_path)
    for tokenizer in (trained, Tokenizer.load(tmp_path)):
        assert tokenizer.source_pieces(["IŞIK İYİ"]) == tokenizer.source_pieces([source])
        assert tokenizer.decode(tokenizer.encode_target(["IŞIK İYİ"])) == [target]
        assert UNK not in tokenizer.encode_source(["IŞIK İYİ ı i"])[0]


def test_a_tokenizer_of_before_goes_on_as_it_was(tmp_path: Path) -> None:
    trained = two_languages("tr", "tr")
    trained.save(tmp_path)
    info = json.loads((tmp_path / "tokenizer.json").read_text(encoding="utf-8"))
    for later in ("source_lang", "target_lang"):
        del info[later]
    del info["normalise"]["html_entities"]
    (tmp_path / "tokenizer.json").write_text(json.dumps(info), encoding="utf-8")
    old = Tokenizer.load(tmp_path)
    assert old.source_normaliser("IŞIK İYİ &amp;") == "işik i̇yi̇ &amp;"
    assert old != trained


def damaged_model(folder: Path) -> None:
    content = bytearray((folder / "target.model").read_bytes())
    content[len(content) // 2] ^= 1
    (folder / "target.model").write_bytes(content)


def swapped_model(folder: Path) -> None:
    (folder / "target.model").write_bytes(make("bpe", vocab_size=60).target_model)


def missing_model(folder: Path) -> None:
    (folder / "target.model").unlink()


def cut_off_description(folder: Path) -> None:
    (folder / "tokenizer.json").write_text('{"format": 1, "kin', encoding="utf-8")


def path_that_leads_out(folder: Path) -> None:
    info = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    info["source"]["file"] = "../../secret"
    (folder / "tokenizer.json").write_text(json.dumps(info), encoding="utf-8")


def language_that_is_none(folder: Path) -> None:
    info = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    info["source_lang"] = "../../secret"
    (folder / "tokenizer.json").write_text(json.dumps(info), encoding="utf-8")


def missing_description(folder: Path) -> None:
    (folder / "tokenizer.json").unlink()


@pytest.mark.parametrize(
    "damage",
    [
        damaged_model, swapped_model, missing_model, cut_off_description, path_that_leads_out, language_that_is_none,
        missing_description,
    ],
)  # fmt: skip
def test_a_damaged_folder_is_refused(tmp_path: Path, tokenizer: Tokenizer, damage: object) -> None:
    assert callable(damage)
    tokenizer.save(tmp_path)
    damage(tmp_path)
    with pytest.raises(InputError):
        Tokenizer.load(tmp_path)


def test_a_model_with_other_special_ids_is_refused() -> None:
    with pytest.raises(InputError, match="no sentencepiece model"):
        Tokenizer.from_models("unigram", Normaliser(), b"nonsense", b"nonsense")


@pytest.mark.parametrize(("kind", "alpha"), [("unigram", 0.1), ("bpe", 0.3)])
def test_sampled_ids_differ_each_time_and_spell_the_same_text(kind: str, alpha: float) -> None:
    tokenizer = make(kind)
    first, again, other = (tokenizer.sample(SOURCES, TARGETS, alpha, seed) for seed in (7, 7, 8))
    assert first == again
    assert first != other
    assert first.sources != tokenizer.encode_source(SOURCES)
    assert tokenizer.decode(first.targets) == TARGETS
    assert len(first.sources) == len(SOURCES)


@pytest.mark.parametrize("kind", ["unigram", "bpe"])
def test_with_bytes_to_fall_back_on_any_text_comes_back(kind: str) -> None:
    settings = {"kind": kind, "vocab_size": 330, "character_coverage": 1.0}
    texts = ["Le 猫 dort.", "Zażółć gęślą jaźń", "🏳️‍🌈", "ש"]
    plain, with_bytes = (
        Tokenizer.train(DataConfig(tokenizer=TokenizerConfig.model_validate({**settings, **more})), SOURCES, TARGETS)
        for more in ({"vocab_size": 70}, {"byte_fallback": True})
    )
    assert any(UNK in ids for ids in plain.encode_target(texts))
    assert not any(UNK in ids for ids in with_bytes.encode_target(texts))
    assert with_bytes.decode(with_bytes.encode_target(texts)) == [Normaliser()(text) for text in texts]
    with pytest.raises(ValueError, match="needs data"):
        TokenizerConfig(kind="word", byte_fallback=True)


@pytest.mark.parametrize("kind", ["unigram", "bpe", "word", "char"])
@pytest.mark.parametrize(
    "long", ["字" * 30_000, "漢字仮名" * 8_000, "ab cd " * 5_000, "x" * 30_000], ids=lambda text: text[:3]
)
def test_a_text_of_any_length_does_not_stop_the_training(kind: str, long: str) -> None:
    """Whoever raises data.filter.max_characters gets a tokenizer all the same."""
    settings = {"kind": kind, "vocab_size": 60, "character_coverage": 1.0}
    config = DataConfig.model_validate({"tokenizer": settings, "filter": {"max_characters": 1_000_000}})
    draw = random.Random(1)
    syllables = ["ba", "ko", "mi", "ter", "sul", "ven", "gar", "lo"]
    words = ["".join(draw.choices(syllables, k=3)) for _ in range(100)]
    others = [" ".join(draw.choices(words, k=5)) for _ in range(200)]
    tokenizer = Tokenizer.train(config, [long, *others], [*others, long])
    assert all(tokenizer.encode_source([others[0], long]))
