"""The examples in the docstrings run, and give what they say."""

import doctest
import shutil
from pathlib import Path

import pytest

import nmt_attn
from nmt_attn import Classifier, Translator
from nmt_attn.classification import classifier, prediction, weighed_text
from nmt_attn.decoding import alignment, scoring, translator

MODULES = (nmt_attn, translator, alignment, scoring, classifier, prediction, weighed_text)
EXAMPLES = {
    test.name: test
    for module in MODULES
    for test in doctest.DocTestFinder(exclude_empty=True).find(module)
    if test.examples
}


@pytest.fixture(scope="module")
def folder(trained, trained_classifier, tmp_path_factory) -> Path:
    """A folder with the runs ``runs/tiny`` and ``runs/opinions``, as the examples call them."""
    folder = tmp_path_factory.mktemp("examples")
    shutil.copytree(trained / "runs" / "toy", folder / "runs" / "tiny")
    shutil.copytree(trained_classifier / "runs" / "opinions", folder / "runs" / "opinions")
    return folder


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_gives_what_it_says(name, folder, monkeypatch):
    monkeypatch.chdir(folder)
    test, said = EXAMPLES[name], []
    test.globs = dict(test.globs)
    owner, _, method = name.rpartition(".")
    if owner in EXAMPLES and method[0].islower():  # a method goes on with what the example of its class has made
        _run(EXAMPLES[owner], test.globs, said)
    _run(test, test.globs, said)
    assert not said, "".join(said)


def _run(test: doctest.DocTest, names: dict[str, object], said: list[str]) -> None:
    """Run an example with ``names``, to which it adds its own."""
    again = doctest.DocTest(test.examples, names, test.name, test.filename, test.lineno, test.docstring)
    again.globs = names  # the constructor takes a copy
    doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(again, out=said.append, clear_globs=False)


@pytest.mark.parametrize("kind", [Translator, alignment.Alignment, Classifier])
def test_every_public_method_has_an_example(kind):
    methods = [name for name, value in vars(kind).items() if not name.startswith("_") and callable(getattr(kind, name))]
    assert methods
    documented = {name.rpartition(".")[2] for name in EXAMPLES if f".{kind.__name__}." in name}
    assert set(methods) <= documented
