"""The layers of the package are a test, since nobody can keep them in mind."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src"
FACE = "fhirpath_spine"  # its names are looked up when asked for; under TYPE_CHECKING it names what it looks up


def test_the_layers_hold() -> None:
    done = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert " 0 broken" in done.stdout


def imports(sources: Mapping[str, str]) -> dict[str, set[str]]:
    """Module -> the modules that it imports anywhere: inside functions and for types only, too."""
    graph: dict[str, set[str]] = {}
    for module, text in sources.items():
        found = graph.setdefault(module, set())
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module is not None:
                inner = {f"{node.module}.{alias.name}" for alias in node.names}
                found |= (inner & set(sources)) or {node.module}
    return {module: found & set(sources) - {module, FACE} for module, found in graph.items()}


def circle(graph: Mapping[str, set[str]]) -> list[str]:
    """The first circle of modules, or an empty list."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_no_files_import_each_other_for_types_neither() -> None:
    files = {
        ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__"): path.read_text("utf-8")
        for path in SOURCE.rglob("*.py")
    }
    assert len(files) > 100
    assert circle(imports(files)) == []


def test_a_circle_that_types_alone_close_is_found() -> None:
    first = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from house.second import Room\n"
    files = {
        "house.first": first,
        "house.second": "def room():\n    from house import third\n",
        "house.third": "import house.first",
    }
    assert set(circle(imports(files))) == set(files)
