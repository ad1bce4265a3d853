"""A module imports only from its own folder or from floors below it."""

import ast
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "nmt_attn"

FLOORS = {
    "errors": 1,
    "language": 1,
    "files": 1,
    "lock": 1,
    "threads": 1,
    "config": 1,
    "config_file": 1,
    "rundir": 1,
    "checkpoint": 1,
    "inspection": 1,
    "pieces": 1,
    "text": 2,
    "corpus": 3,
    "model": 3,
    "decoding": 4,
    "export": 4,
    "evaluation": 5,
    "training": 6,
    "cli": 7,
    "__main__": 8,
}
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path.parent != PACKAGE or path.stem != "__init__")


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported_rooms(path: Path) -> set[str]:
    rooms = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        for name in names:
            parts = name.split(".")
            if parts[0] == "nmt_attn" and len(parts) > 1:
                rooms.add(parts[1])
    return rooms


def test_every_room_has_a_floor():
    assert {room_of(path) for path in MODULES} == set(FLOORS)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_down(path):
    room = room_of(path)
    for imported in imported_rooms(path) - {room}:
        assert FLOORS[imported] < FLOORS[room] or FLOORS[imported] == FLOORS[room] == 1, imported


@pytest.mark.parametrize("file", ["text/normalise.py", "text/cut.py"])
def test_what_is_put_beside_an_export_needs_nothing_else(file):
    tree = ast.parse((PACKAGE / file).read_text(encoding="utf-8"))
    imported = [node for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom))]  # whenever it is loaded
    modules = [node.module if isinstance(node, ast.ImportFrom) else node.names[0].name for node in imported]
    assert {str(module).split(".")[0] for module in modules} <= set(sys.stdlib_module_names)


@pytest.mark.parametrize("room", ["text", "corpus"])
def test_torch_is_not_needed_to_prepare(room):
    for path in (PACKAGE / room).rglob("*.py"):
        assert "import torch" not in path.read_text(encoding="utf-8"), path
