"""Lines with what ends sentences and what only looks like it, and the check that parts of a line lie in it."""

from hypothesis import strategies as st

ANY_LINE = st.lists(
    st.one_of(
        st.sampled_from("aBñ我あ한नمя .,!?。、！？।؟…;\t\u3000\"'”»«「」『』()¿12"),
        st.sampled_from(
            ["Mr. ", "z. B. ", "U.S. ", "3. ", "... ", "No. ", " 「はい。」", "I. ", "www.a.de ", ".\u201d ", "😀"]
        ),
    ),
    max_size=40,
).map("".join)
"""Between letters of many scripts."""


def place_of(parts: list[str], text: str) -> None:
    """Each part lies in the text, behind the one before it, with white space or nothing between."""
    place = 0
    for part in parts:
        found = text.index(part, place)
        assert not text[place:found].strip()
        place = found + len(part)
    assert not text[place:].strip()
