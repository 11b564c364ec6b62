"""What the source of the package may not hold, and how long a file may be."""

from __future__ import annotations

import ast
import re
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


def code_of(path: Path) -> str:
    """The source without comments and docstrings: an example in a sentence is no rule."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [s for s in body if not _is_text(s)] or [ast.Pass()]  # type: ignore[attr-defined]
    return ast.unparse(ast.fix_missing_locations(tree))


def _is_text(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


def test_nothing_clinical_stands_in_python() -> None:
    codes = {name(path): code_of(path) for path in FILES}
    found = [
        (file, what, match[0])
        for file, code in codes.items()
        for what, pattern in CLINICAL.items()
        if (match := pattern.search(code))
    ]
    assert found == []


def test_the_search_for_clinical_content_can_find_some() -> None:
    samples = ["R-NEU-02", "PW-NEURO", '"189948006"', "'2160-0'", "'C79.51'", "> 2 'mg/dL'"]
    assert [s for s in samples if not any(p.search(s) for p in CLINICAL.values())] == []


def test_only_the_two_rims_catch_everything() -> None:
    found = []
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
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
    said = {name(path): ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "" for path in FILES}
    assert [
        file
        for file, text in said.items()
        if not (text.split("\n", 1)[0].rstrip().endswith((".", ":", "?")) or "." in text)
    ] == []


def test_the_version_has_three_numbers() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+(?:\.dev\d+|rc\d+)?", fhirpath_spine.__version__)
