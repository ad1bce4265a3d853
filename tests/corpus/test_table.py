"""Tables: how many columns, which of them, headers, CSV."""

import random
from pathlib import Path
from typing import Any

import pytest

from nmt_attn.corpus.languages import Languages
from nmt_attn.corpus.pairs import ExtraColumns, Pair
from nmt_attn.corpus.read import read_pairs
from nmt_attn.errors import InputError

EN_FR = Languages("en", "fr")
PAIRS = [Pair("Hello.", "Bonjour."), Pair("See you.", "À plus.")]


def put(folder: Path, content: str, name: str = "a.tsv") -> Path:
    path = folder / name
    path.write_text(content, encoding="utf-8", newline="")
    return path


def read(folder: Path, content: str, name: str = "a.tsv", **options: Any) -> list[object]:
    return list(read_pairs(put(folder, content, name), **{"languages": EN_FR, **options}))


def complaint(folder: Path, content: str, name: str = "a.tsv", **options: Any) -> str:
    with pytest.raises(InputError) as caught:
        read(folder, content, name, **options)
    assert str(caught.value).isprintable()
    return str(caught.value)


# --- more columns than usual ------------------------------------------------------------------------------------

GOOD = "".join(f"Word {number}.\tMot {number}.\n" for number in range(20))


@pytest.mark.parametrize(
    ("line", "columns"),
    [("I\tam hungry.\tJ'ai faim.", 3), ("I\tam\thungry.\tJ'ai faim.", 4), ("\tI am hungry.\tJ'ai faim.", 3),
     ("a\tb\tc\td\te\tf", 6)],
)  # fmt: skip
@pytest.mark.parametrize("place", [0, 10, 20])
def test_a_stray_tab_makes_no_wrong_pair(tmp_path: Path, line: str, columns: int, place: int) -> None:
    lines = GOOD.splitlines()
    lines.insert(place, line)
    found = read(tmp_path, "\n".join(lines))
    assert found[place] == ExtraColumns(f"{tmp_path / 'a.tsv'}, line {place + 1}", columns, 2)
    assert [pair for pair in found if isinstance(pair, Pair)] == [
        Pair(f"Word {number}.", f"Mot {number}.") for number in range(20)
    ]


def test_a_stray_tab_beside_attributions(tmp_path: Path) -> None:
    content = "".join(f"Word {number}.\tMot {number}.\tby somebody\n" for number in range(5))
    assert read(tmp_path, content + "I\tam hungry.\tJ'ai faim.\tby somebody\n")[-1] == ExtraColumns(
        f"{tmp_path / 'a.tsv'}, line 6", 4, 3
    )


@pytest.mark.parametrize(
    "third",
    ["CC-BY 2.0 (France) Attribution: tatoeba.org #1 (CM) & #2 (sacredceltic)", "https://example.org/1", "", " "],
)
def test_a_third_column_that_says_where_a_pair_is_from_may_be_missing_elsewhere(tmp_path: Path, third: str) -> None:
    assert read(tmp_path, f"{GOOD}Hello.\tBonjour.\t{third}\n")[-1] == Pair("Hello.", "Bonjour.")


@pytest.mark.parametrize("place", [0, 20, 39])
def test_a_stray_tab_in_place_of_an_attribution(tmp_path: Path, place: int) -> None:
    """As many columns as other lines, and still the wrong halves."""
    lines = [f"Word {number}.\tMot {number}.\tCC-BY 2.0 (France) #{number}" for number in range(40)]
    lines.insert(place, "I\tam hungry.\tJ'ai faim.")
    found = read(tmp_path, "\n".join(lines))
    assert found[place] == ExtraColumns(f"{tmp_path / 'a.tsv'}, line {place + 1}", 3, 3)
    assert found[place].fault == "the third column is no attribution, as it is on other lines"
    assert sum(isinstance(pair, Pair) for pair in found) == 40


def test_a_file_with_attributions_may_lack_some(tmp_path: Path) -> None:
    content = "".join(f"Word {number}.\tMot {number}.\tby somebody\n" for number in range(5))
    assert read(tmp_path, content + "Hello.\tBonjour.\n")[-1] == Pair("Hello.", "Bonjour.")


def test_the_usual_number_is_that_of_the_first_thousand_lines(tmp_path: Path) -> None:
    content = GOOD * 50 + "a\tb\tc\n" * 5000
    found = read(tmp_path, content)
    assert sum(isinstance(pair, ExtraColumns) for pair in found) == 5000


@pytest.mark.parametrize("columns", [4, 5, 9])
def test_a_file_of_many_columns_is_refused(tmp_path: Path, columns: int) -> None:
    content = "\n".join("\t".join(f"text {row} {column}" for column in range(columns)) for row in range(3))
    message = complaint(tmp_path, content)
    assert f"a.tsv, line 1: {columns} columns" in message
    assert "data.corpus.columns" in message


def test_a_third_column_of_text_is_mentioned(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    read(tmp_path, "".join(f"one {number}\tun {number}\teins {number}\n" for number in range(20)))
    assert "its third column is not read" in capsys.readouterr().err
    read(tmp_path, "".join(f"one {number}\tun {number}\tCC-BY #{number}\n" for number in range(20)))
    assert capsys.readouterr().err == ""


# --- columns by number --------------------------------------------------------------------------------------------

EXPORT = "1276\tLet's try.\t3091\tEssayons !\n1277\tGo on.\t3092\tContinue.\n"


def test_columns_by_number(tmp_path: Path) -> None:
    expected = [Pair("Let's try.", "Essayons !"), Pair("Go on.", "Continue.")]
    assert read(tmp_path, EXPORT, columns=[2, 4]) == expected
    assert read(tmp_path, EXPORT, columns=[4, 2], reverse=True) == expected
    assert read(tmp_path, EXPORT.replace("\n", "\n\n"), columns=[2, 4]) == [expected[0], None, expected[1], None]


def test_the_columns_asked_for_must_be_there(tmp_path: Path) -> None:
    assert "a.tsv, line 3: 2 columns; data.corpus.columns asks for column 4" in complaint(
        tmp_path, EXPORT + "1278\tStop.\n", columns=[2, 4]
    )


def test_lines_with_more_columns_than_usual_are_dropped_there_too(tmp_path: Path) -> None:
    found = read(tmp_path, EXPORT + "1278\tI\tam hungry.\t3093\tJ'ai faim.\n", columns=[2, 4])
    assert found[2] == ExtraColumns(f"{tmp_path / 'a.tsv'}, line 3", 5, 4)


@pytest.mark.parametrize(
    ("content", "proposal"),
    [(EXPORT, "[2, 4]"), ("1\tHello.\tBonjour.\n2\tBye.\tSalut.\n", "[2, 3]"),
     ("1.0832\tHello.\tBonjour.\n-2,5\tBye.\tSalut.\n", "[2, 3]"),
     ("1\t2\tHello.\tBonjour.\n3\t4\tBye.\tSalut.\n", "[3, 4]"),
     ("1\tHello.\t2\n3\tBye.\t4\n", "[1, 2]")],
)  # fmt: skip
def test_numbers_of_sentences_are_no_sentences(tmp_path: Path, content: str, proposal: str) -> None:
    message = complaint(tmp_path, content)
    assert "the first column holds bare numbers" in message
    assert proposal in message


@pytest.mark.parametrize("content", ["1\tone\n2\ttwo\n", "12\t144\n13\t169\n", "12+3\t15\n4+5\t9\n"])
def test_numbers_in_two_columns_may_be_the_task(tmp_path: Path, content: str) -> None:
    assert all(isinstance(pair, Pair) for pair in read(tmp_path, content))


# --- CSV ----------------------------------------------------------------------------------------------------------

CSV = {
    "commas": "Hello.,Bonjour.\nSee you.,À plus.\n",
    "semicolons": "Hello.;Bonjour.\nSee you.;À plus.\n",
    "tabs": "Hello.\tBonjour.\nSee you.\tÀ plus.\n",
    "Excel's first line": "sep=;\nHello.;Bonjour.\nSee you.;À plus.\n",
    "CRLF and a byte-order mark": "\ufeffHello.,Bonjour.\r\nSee you.,À plus.\r\n",
    "quotes everywhere": '"Hello.","Bonjour."\n"See you.","À plus."\n',
    "a header": "source,target\nHello.,Bonjour.\nSee you.,À plus.\n",
    "a header of codes": "en,fr\nHello.,Bonjour.\nSee you.,À plus.\n",
    "a header of codes the other way round": "fr-FR,eng\nBonjour.,Hello.\nÀ plus.,See you.\n",
    "a header of names": "English words/sentences,French words/sentences\nHello.,Bonjour.\nSee you.,À plus.\n",
    "other columns": "id,en,licence,fr,by\n1,Hello.,CC0,Bonjour.,x\n2,See you.,CC0,À plus.,y\n",
}


@pytest.mark.parametrize("name", CSV)
def test_pairs_are_read_from_csv(tmp_path: Path, name: str) -> None:
    assert read(tmp_path, CSV[name], "a.csv") == PAIRS


def test_quoted_cells(tmp_path: Path) -> None:
    content = 'Hello,"Salut, toi"\n"He said ""go"".","Il a dit\n« va »."\nBye,Salut\n'
    assert read(tmp_path, content, "a.csv") == [
        Pair("Hello", "Salut, toi"), Pair('He said "go".', "Il a dit\n« va »."), Pair("Bye", "Salut"),
    ]  # fmt: skip


def test_commas_in_the_text_of_a_file_of_semicolons(tmp_path: Path) -> None:
    assert read(tmp_path, "Well, yes;Eh bien, oui\nOh, no;Oh, non\n", "a.csv") == [
        Pair("Well, yes", "Eh bien, oui"), Pair("Oh, no", "Oh, non"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "says"),
    [('a,b\nc,"d\ne,f\n', "line 3: not CSV"), ('a,b\n"c"d,e\n', "line 2: not CSV"), ("alone\n", "line 1: no tab"),
     ("", "empty"), ("a,b\nalone\n", "line 2: no tab"), ("source,target\n", None)],
)  # fmt: skip
def test_malformed_csv_is_refused_and_an_empty_one_has_no_pairs(tmp_path: Path, content: str, says: str | None) -> None:
    if says is None:
        assert read(tmp_path, content, "a.csv") == []
    else:
        assert says in complaint(tmp_path, content, "a.csv")


def test_a_quote_that_never_ends_takes_no_memory(tmp_path: Path) -> None:
    assert "not CSV" in complaint(tmp_path, 'a,b\nc,"d\n' + "e,f\n" * 200_000, "a.csv")


@pytest.mark.parametrize("content", ["source\ttarget\n", "EN\tFR\n", "fr\ten\n"])
def test_a_header_over_columns_with_tabs(tmp_path: Path, content: str) -> None:
    swapped = content.startswith("fr")
    assert read(tmp_path, content + ("Bonjour.\tHello.\n" if swapped else "Hello.\tBonjour.\n")) == [PAIRS[0]]


def test_a_header_counts_as_none_of_the_first_lines(tmp_path: Path) -> None:
    assert read(tmp_path, CSV["a header"], "a.csv", max_pairs=1) == PAIRS[:1]
    assert read(tmp_path, CSV["a header"], "a.csv", columns=[2, 1]) == [
        Pair(pair.target, pair.source) for pair in PAIRS
    ]


def test_a_header_of_languages_is_not_to_be_reversed(tmp_path: Path) -> None:
    assert "leave out data.corpus.reverse" in complaint(tmp_path, CSV["a header of codes"], "a.csv", reverse=True)
    assert read(tmp_path, CSV["a header"], "a.csv", reverse=True) == [Pair(pair.target, pair.source) for pair in PAIRS]


def test_a_line_of_a_table_is_no_csv(tmp_path: Path) -> None:
    assert read(tmp_path, '"Hello,\tBonjour",\n') == [Pair('"Hello,', 'Bonjour",')]


def test_any_table_is_pairs_or_one_error(tmp_path: Path) -> None:
    generator = random.Random(1)
    outcomes = set()
    for _ in range(400):
        cells = [
            "a",
            "Hello.",
            "1",
            "22",
            "",
            " ",
            '"',
            '""',
            "x,y",
            "en",
            "fr",
            "source",
            "target",
            "#1",
            "<b>",
            "\ufeff",
        ]
        end, delimiter = generator.choice(["\n", "\r\n", "\r"]), generator.choice(["\t", "\t", ",", ";"])
        width = generator.choice([[2], [2, 3], [1, 2, 3, 4, 5]])
        content = "".join(
            delimiter.join(generator.choices(cells, k=generator.choice(width))) + end
            for _ in range(generator.randrange(9))
        )
        options = {"columns": generator.choice([None, None, [1, 2], [2, 4]]), "reverse": generator.random() < 0.3}
        try:
            read(tmp_path, content, generator.choice(["a.tsv", "a.csv"]), **options)
            outcomes.add("read")
        except InputError as error:
            outcomes.add("refused" if str(error).isprintable() else repr(error))
    assert outcomes == {"read", "refused"}
