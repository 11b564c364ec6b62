"""What the source of the package may not hold, and how long a file may be."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import fhirpath_spine

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "fhirpath_spine"
FILES = sorted(PACKAGE.rglob("*.py"))
LIMIT = 300
"""Lines after which a file says at its top why it is not two."""
PYTHON = [path for folder in ("src", "tests", "tools", "benchmarks") for path in sorted((ROOT / folder).rglob("*.py"))]
COPIES = {"tests/clinical/score.py", "benchmarks/workload/gen.py", "benchmarks/workload/conds.py"}
"""Files that are copies and may not change."""

CLINICAL = {
    "id of a recommendation": re.compile(r"\bR-[A-Z]+-\d\d\b"),
    "id of a pathway": re.compile(r"\bPW-[A-Z]+\b"),
    "code of SNOMED CT or RxNorm": re.compile(r"[\"'|]\d{6,18}[\"'|]"),
    "code of LOINC": re.compile(r"[\"'|]\d{1,5}-\d[\"'|]"),
    "code of ICD-10": re.compile(r"[\"'|][A-TV-Z]\d\d(?:\.\w{1,4})?[\"'|]"),
    "threshold with a unit": re.compile(r"[<>]=? *\d+(?:\.\d+)? *'(?:mg/dL|mm|cm|Gy|mL/min|g/dL|10\*\d/uL)'"),
}


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def texts_of(tree: ast.Module) -> Iterator[str]:
    """Each text of a source, in quotes; without comments and docstrings, since an example in a sentence is no rule."""
    open_: list[ast.AST] = [tree]
    while open_:
        node = open_.pop()
        match node:
            case ast.Expr(value=ast.Constant(value=str())):
                continue
            case ast.Constant(value=str(text)):
                yield f"'{text}'"
        open_ += ast.iter_child_nodes(node)


def clinical(texts: Iterable[str]) -> set[tuple[str, str]]:
    """What of the content of profiles stands in texts: what it is, and how it is written."""
    every = "\n".join(texts)
    return {(what, match[0]) for what, pattern in CLINICAL.items() for match in pattern.finditer(every)}


def test_nothing_clinical_stands_in_python() -> None:
    found = {name(path): clinical(texts_of(tree_of(path))) for path in FILES}
    assert {file: what for file, what in found.items() if what} == {}


def test_the_search_for_clinical_content_can_find_some() -> None:
    samples = ['"R-NEU-02"', "'PW-' 'NEURO'", '"189948006"', "'2160-0'", "f'{x}|C79.51'", "['x > 2 \\'mg/dL\\'']"]
    assert [s for s in samples if not clinical(texts_of(ast.parse(f"x = {s}")))] == []
    assert clinical(texts_of(ast.parse("'An example: R-NEU-02.'"))) == set()


def test_only_the_two_rims_catch_everything() -> None:
    found = []
    for path in FILES:
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.ExceptHandler):
                caught = {n.id for n in ast.walk(node.type) if isinstance(n, ast.Name)} if node.type else {"bare"}
                if caught & {"bare", "Exception", "BaseException"}:
                    found.append(name(path))
    assert sorted(found) == [
        "src/fhirpath_spine/entrypoints/commands/main.py",
        "src/fhirpath_spine/entrypoints/http/rim.py",
    ]


def test_a_long_file_says_at_its_top_why() -> None:
    files = {name(p): p.read_text(encoding="utf-8").splitlines() for p in PYTHON if name(p) not in COPIES}
    why = re.compile(r"\b(long|one file|lines)\b", re.IGNORECASE)
    unsaid = [file for file, lines in files.items() if len(lines) > LIMIT and not why.search("\n".join(lines[:25]))]
    assert unsaid == [], f"more than {LIMIT} lines: make it two, or say at its top why it is one file"


def test_every_module_begins_with_a_sentence() -> None:
    said = {name(path): ast.get_docstring(tree_of(path)) or "" for path in FILES}
    assert [
        file
        for file, text in said.items()
        if not (text.split("\n", 1)[0].rstrip().endswith((".", ":", "?")) or "." in text)
    ] == []


def test_the_version_has_three_numbers() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+(?:\.dev\d+|rc\d+)?", fhirpath_spine.__version__)
