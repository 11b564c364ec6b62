"""Rooms have faces: who stands outside the package names a room and never a file in it, and nobody patches our own code."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "fhirpath_spine"
OUTSIDE = sorted(p for folder in ("tests", "benchmarks", "tools", "sandbox") for p in (ROOT / folder).rglob("*.py"))
ROOMS = {
    ".".join(("fhirpath_spine", *path.parent.relative_to(PACKAGE).parts)): path.parent
    for path in sorted(PACKAGE.glob("*/*/__init__.py"))
}
"""Dotted name -> folder. A room has files; what they give to others stands in its face."""
LAZY = [room for room, folder in ROOMS.items() if "face(" in (folder / "__init__.py").read_text(encoding="utf-8")]


@lru_cache(maxsize=1)
def nodes(text: str) -> list[ast.AST]:
    """The whole tree of a source, parsed once for all that is asked of it in turn."""
    return list(ast.walk(ast.parse(text)))


def too_deep(text: str) -> Iterator[str]:
    """What a source imports from below a room."""
    for node in nodes(text):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module is not None:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        for name in names:
            room, inside = ".".join(name.split(".")[:3]), name.split(".")[3:]
            if room in ROOMS and (inside[1:] or (inside and (ROOMS[room] / f"{inside[0]}.py").is_file())):
                yield name


def test_nobody_outside_names_a_file_of_a_room() -> None:
    found = {p.relative_to(ROOT).as_posix(): list(too_deep(p.read_text(encoding="utf-8"))) for p in OUTSIDE}
    assert {file: names for file, names in found.items() if names} == {}


def test_a_file_of_a_room_is_found_however_it_is_named() -> None:
    deep = [
        "from fhirpath_spine.pathway.facts.chart import Chart",
        "from fhirpath_spine.pathway.facts import chart",
        "import fhirpath_spine.pathway.facts.chart as chart",
        "def f():\n    from fhirpath_spine.exchange.incoming import parsing",
    ]
    assert [list(too_deep(text)) == [] for text in deep] == [False] * len(deep)
    assert list(too_deep("from fhirpath_spine.pathway.facts import Chart\nimport fhirpath_spine.pathway.model")) == []


@pytest.mark.parametrize("room", LAZY)
def test_a_face_gives_each_name_and_no_other(room: str) -> None:
    face, folder = import_module(room), ROOMS[room]
    assert [name for name in face.__all__ if getattr(face, name) is None] == []
    assert {name for name in face.__all__ if (folder / f"{name}.py").is_file()} == set(), "the module would be given"
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        face.nothing  # noqa: B018 - asking for the name is the test


def test_a_face_imports_nothing_until_it_is_asked() -> None:
    # Whoever names a room of fhirpath has its face already, which is that of the expression and takes all of it.
    lazy = [room for room in LAZY if not room.startswith("fhirpath_spine.fhirpath.")]
    asked = f"import sys, {', '.join(lazy)}; print(*[m for m in sys.modules if m.startswith('fhirpath_spine.')])"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    imported = set(done.stdout.split()) - set(lazy)
    assert [name for name in imported if name.count(".") > 2] == []
    assert len(lazy) > 12


# ------------------------------------------------------------------ our own code is not patched


REPLACING = re.compile(r"\b(?:setattr|delattr|setitem|patch|object)\b")
"""What a function is called that replaces something."""


def ours(text: str) -> Mapping[str, str]:
    """Name in a file -> what of ours it stands for."""
    found = {}
    for node in nodes(text):
        if isinstance(node, ast.ImportFrom | ast.Import):
            module = node.module or "" if isinstance(node, ast.ImportFrom) else ""
            for alias in node.names:
                whole = f"{module}.{alias.name}".strip(".")
                if whole.split(".")[0] in ("fhirpath_spine", "sandbox", "benchmarks"):
                    found[alias.asname or whole.split(".")[0 if isinstance(node, ast.Import) else -1]] = whole
    return found


def patched(text: str) -> Iterator[str]:
    """What of ours a source replaces in place: named as a text, or as an object, or as an attribute of one."""
    if not REPLACING.search(text):
        return  # most files, which need not be parsed
    names = ours(text)
    for node in nodes(text):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args):
            continue
        target = node.args[0]
        while isinstance(target, ast.Attribute):
            target = target.value
        if REPLACING.fullmatch(node.func.attr):
            if isinstance(target, ast.Constant) and str(target.value).startswith("fhirpath_spine"):
                yield str(target.value)
            elif isinstance(target, ast.Name) and target.id in names:
                yield names[target.id]


@pytest.mark.parametrize(
    "path", [p for p in OUTSIDE if ROOT / "tests" in p.parents], ids=lambda p: p.relative_to(ROOT).as_posix()
)
def test_no_test_patches_our_own_code(path: Path) -> None:
    assert list(patched(path.read_text(encoding="utf-8"))) == []


def test_a_patch_is_found_however_it_is_written() -> None:
    head = "import sys\nimport fhirpath_spine.service\nfrom fhirpath_spine.adapters import peer\n"
    bad = [
        'monkeypatch.setattr("fhirpath_spine.service.judge", 1)',
        'monkeypatch.setattr(peer.Peer, "get", 1)',
        'patch.setattr(fhirpath_spine.service, "judge", 1)',
        'monkeypatch.delattr(peer, "PAGES")',
    ]
    assert [len(list(patched(head + line))) for line in bad] == [1] * len(bad)
    assert list(patched(head + 'monkeypatch.setattr(sys, "argv", [])')) == []
