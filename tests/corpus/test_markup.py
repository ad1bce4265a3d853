"""Files of tags, and sentences about them."""

import pytest

from nmt_attn.corpus.markup import is_web_page, markup_in

MARKUP = {
    "a web page": ["<!DOCTYPE html>", "<html><head>\t<title>404</title>"],
    "a page of one line": ["<!doctype html><html><body>Not Acceptable!</body></html>"],
    "a page without a head": ["<html>", "<body>", "<p>Not found"],
    "a page in capitals": ["<HTML lang=en>"],
    "a test set of WMT in SGML": ['<refset setid="x" srclang="any" trglang="fr">', '<doc docid="1">', "<p>"],
    "segments": ['<seg id="1"> Hello. </seg>', '<seg id="2"> Bye. </seg>'],
    "one segment": ['<seg id="1">Hello.</seg>'],
    "documents": ["<doc>", "Hello.", "</doc>"],
    "a test set of WMT in XML": ["<?xml version='1.0' encoding='utf-8'?>", '<dataset id="x">', "  <doc>"],
    "XML with a comment before": ["<!-- made by a program -->", "<corpus>"],
    "the minutes of a parliament": [
        '<CHAPTER ID="1">',
        "Resumption of the session",
        '<SPEAKER ID="1" NAME="President">',
    ],
    "sentences in tags of other names": [f'<line n="{number}">Text {number}</line>' for number in range(6)],
    "blank lines before": ["", "  ", "<doc>", "<seg>a</seg>"],
}

TEXT = {
    "a sentence": ["<b> is a tag.", "Another."],
    "a sentence about a page": ["<html> is how a page begins.", "Another."],
    "a glossary": ["<body>\tle corps", "<head>\tla tête", "<p>\tle paragraphe"],
    "a glossary of tags": ["<title>\t<titre>", "<doc>\t<document>", "<seg>\t<segment>"],
    "some tags among sentences": ["Click <b>here</b>.", "<b>Save</b>", "Open a file.", "Close it."],
    "a single tag before sentences": ["<doc>", "Hello.", "Bye."],
    "less than": ["<3", "a < b", "<-- look"],
    "nothing": [],
    "blank lines": ["", " "],
    "special tokens": ["<unk>", "<s> hello </s>", "world", "<pad> x"],
    "a pair of lines in tags": ["<b>Yes</b>\t<b>Oui</b>", "No\tNon"],
}


@pytest.mark.parametrize("name", MARKUP)
def test_markup_is_recognised(name: str) -> None:
    found = markup_in(MARKUP[name])
    assert found is not None
    assert (found == "a web page") == ("page" in name)


@pytest.mark.parametrize("name", TEXT)
def test_text_about_tags_is_text(name: str) -> None:
    assert markup_in(TEXT[name]) is None


def test_an_answer_of_a_server() -> None:
    assert is_web_page(b"\xef\xbb\xbf <!doctype html><p>")
    assert is_web_page(b"<?xml version='1.0'?>\n<Error><Code>AccessDenied</Code></Error>")
    assert not is_web_page(b"<?xml version='1.0'?>\n<!DOCTYPE tmx SYSTEM 'tmx14.dtd'>\n<tmx version='1.4'>")
    assert not is_web_page(b"<body>\tle corps\nHello.\tBonjour.\n")
    assert not is_web_page(b"PK\x03\x04")
