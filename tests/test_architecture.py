"""The layout of the package: who may import whom. A module imports only from its own room or from rooms below it."""

import ast
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "nmt_attn"

GROUND = ("version", "errors", "files", "lock", "device", "device_names", "parallel", "progress", "starter", "threads")
"""One file each, and nothing of ours below but one another."""

ROOMS = (
    "config",
    "text",
    "distributed",
    "kernels",
    "model",
    "runs",
    "corpus",
    "inference",
    "export",
    "decoding",
    "classification",
    "evaluation",
    "analysis",
    "tasks",
    "training",
    "sweeping",
    "reporting",
    "serving",
    "cli",
    "__main__",
)
"""From the bottom to the top, as CONTRIBUTING.md describes them."""

MOST_LINES_OF_A_FILE, MOST_LINES_OF_A_FUNCTION = 300, 50

LONG_FILES = {"config/schema.py"}
"""Every key with its limits and its sentence is to stand in one place."""

HEIGHT = {**dict.fromkeys(GROUND, 0), **{room: height for height, room in enumerate(ROOMS, start=1)}}


def module_name(path: Path, package: Path) -> str:
    parts = path.relative_to(package.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def import_graph(package: Path) -> dict[str, set[str]]:
    """Read each module's imports of the package's own modules, wherever in the file they stand.

    An import for type checking alone is none at run time, so it makes no circle; it is left out.
    """
    paths = {module_name(path, package): path for path in package.rglob("*.py")}
    return {name: set(_imports(ast.parse(path.read_text(encoding="utf-8")), paths)) for name, path in paths.items()}


def _imports(tree: ast.AST, known: Mapping[str, Path]) -> Iterator[str]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            for other in node.orelse:
                yield from _imports(other, known)
        elif isinstance(node, ast.ImportFrom) and node.module:
            whole = (f"{node.module}.{alias.name}" for alias in node.names)
            names = {name if name in known else node.module for name in whole}
            yield from (name for name in names if name in known)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        else:
            yield from _imports(node, known)


def room_of(module: str) -> str:
    return module.split(".")[1]


def faults(graph: Mapping[str, set[str]]) -> list[str]:
    """Say which imports go up, and which go round in a circle."""
    inner = {name: {other for other in imports if "." in other} for name, imports in graph.items() if "." in name}
    found = [
        f"{name} imports {other}"
        for name, imports in sorted(inner.items())
        for other in sorted(imports)
        if room_of(name) != room_of(other) and not _goes_down(room_of(name), room_of(other))
    ]
    try:
        tuple(TopologicalSorter(inner).static_order())
    except CycleError as error:
        found.append("circle: " + " → ".join(error.args[1]))
    return found


def _goes_down(room: str, other: str) -> bool:
    return HEIGHT[other] < HEIGHT[room] or HEIGHT[other] == HEIGHT[room] == 0


def test_every_room_has_its_place_in_the_order():
    assert {room_of(name) for name in import_graph(PACKAGE) if "." in name} <= set(HEIGHT)


def test_imports_go_down_and_never_in_a_circle():
    assert not faults(import_graph(PACKAGE))


@pytest.mark.parametrize(
    ("file", "line", "fault"),
    [
        ("text/tokenizer.py", "from nmt_attn.model.network import Network", "nmt_attn.text.tokenizer imports"),
        ("model/network.py", "def f():\n    import nmt_attn.cli.app", "nmt_attn.model.network imports"),
        ("model/layers.py", "from nmt_attn.model import network", "circle"),
    ],
)
def test_a_planted_import_upwards_or_in_a_circle_is_found(tmp_path, file, line, fault):
    package = tmp_path / "nmt_attn"
    contents = {"model/network.py": "from nmt_attn.model.layers import Layer", "cli/app.py": "", file: line}
    for name in ("model/network.py", "model/layers.py", "text/tokenizer.py", "cli/app.py"):
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text(contents.get(name, ""))
    (found,) = faults(import_graph(package))
    assert fault in found


@pytest.mark.parametrize(
    "file",
    [
        "text/normalise.py",
        "text/sentence_splitting.py",
        "text/line_division.py",
        "text/text_cut.py",
        "export/program.py",
    ],
)
def test_what_is_put_beside_an_export_needs_nothing_else(file):
    tree = ast.parse((PACKAGE / file).read_text(encoding="utf-8"))
    imported = [node for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom))]  # whenever it is loaded
    modules = [node.module if isinstance(node, ast.ImportFrom) else node.names[0].name for node in imported]
    assert {str(module).split(".")[0] for module in modules} <= set(sys.stdlib_module_names)


@pytest.mark.parametrize("room", ["config", "text", "corpus"])
def test_torch_is_not_needed_to_prepare(room):
    for path in (PACKAGE / room).rglob("*.py"):
        assert "import torch" not in path.read_text(encoding="utf-8"), path


@pytest.mark.parametrize("path", sorted((PACKAGE / "kernels").glob("*.py")), ids=lambda path: path.stem)
def test_kernels_know_nothing_but_tensors(path):
    name = module_name(path, PACKAGE)
    assert {room_of(other) for other in import_graph(PACKAGE)[name] if "." in other} <= {"kernels", "errors"}


def too_long(package: Path) -> list[str]:
    """Say which files and functions are longer than one can take in; decorators are not counted."""
    found = []
    for path in sorted(package.rglob("*.py")):
        name, text = path.relative_to(package).as_posix(), path.read_text(encoding="utf-8")
        lines = len(text.splitlines())
        if lines > MOST_LINES_OF_A_FILE and name not in LONG_FILES:
            found.append(f"{name}: {lines} lines")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > MOST_LINES_OF_A_FUNCTION:
                    found.append(f"{name}, {node.name}: {lines} lines")
    return found


def test_files_and_functions_can_be_taken_in():
    assert not too_long(PACKAGE)


def test_a_planted_long_file_or_function_is_found(tmp_path):
    (tmp_path / "config").mkdir()
    function = "def f():\n" + "    x = 1\n" * 49
    (tmp_path / "config" / "schema.py").write_text("x = 1\n" * 301)
    (tmp_path / "fits.py").write_text(f"@decorated\n{function}" + "x = 1\n" * 249)
    assert too_long(tmp_path) == []
    (tmp_path / "fits_not.py").write_text(f"class C:\n    {function.replace(chr(10), chr(10) + '    ')}    x = 2\n")
    (tmp_path / "long.py").write_text("x = 1\n" * 301)
    assert too_long(tmp_path) == ["fits_not.py, f: 51 lines", "long.py: 301 lines"]
