"""Every line of the standard stands on its page once, with a test that is collected or with a reason why there is none."""

from __future__ import annotations

import ast
import re
import tomllib
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from tests.kit.standard import OTHERS, PAGE, Line, lines, summary

ROOT = Path(__file__).parents[2]
CATALOGUE = ROOT.parent / "shared" / "cds-hooks.md"
_EACH = (
    "GEN 10 DISC 19 REQ 16 PRE 26 FHIR 12 RESP 9 CARD 15 SRC 5 SUG 6 ACT 7 SYS 3 LNK 7 "
    "FB 14 JWT 19 SEC 2 CORS 1 PERF 4 EXT 3 HOOK 7"
)
NUMBERS = {family: int(number) for family, number in re.findall(r"([A-Z]+) (\d+)", _EACH)}
"""How many lines each family has."""


@cache
def collected(path: str) -> frozenset[str]:
    """The tests that pytest finds in a file: functions of the module itself, in a file that is named as one of tests."""
    file = ROOT / path
    if not (path.startswith("tests/") and re.fullmatch(r"test_\w+\.py", file.name) and file.is_file()):
        return frozenset()
    tree = ast.parse(file.read_text(encoding="utf-8"))
    functions = (node for node in tree.body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)))
    return frozenset(node.name for node in functions if node.name.startswith("test_"))


def lacking(line: Line) -> str:
    """What a line lacks; empty if nothing."""
    if not line.kind:
        return "names neither a test nor a reason"
    if gone := [name for name, path in line.tests if name not in collected(path)]:
        return f"names what is not collected: {', '.join(gone)}"
    if line.kind in OTHERS and len(line.reason.split()) < 5:
        return "has no reason of five words"
    return "" if line.rule.strip() and line.why.strip() else "says nothing"


def test_each_line_stands_once_and_each_family_has_all_of_its_lines() -> None:
    numbers = [line.number for line in lines()]
    assert [number for number, times in Counter(numbers).items() if times > 1] == []
    assert Counter(number.split("-")[0] for number in numbers) == NUMBERS


def test_each_line_has_a_test_that_is_collected_or_a_reason() -> None:
    assert {line.number: what for line in lines() if (what := lacking(line))} == {}


@pytest.mark.parametrize(
    ("held", "said"),
    [
        ("[test_no_such](../tests/house/test_standard.py)", "not collected"),
        ("[test_no_such](../tests/house/no_such.py)", "not collected"),
        ("[test_standard](../tests/kit/standard.py)", "not collected"),
        ("not done: ([test_no_such](../tests/house/test_standard.py)) and so on", "not collected"),
        ("client: so it is", "reason"),
        ("somewhere", "neither"),
        ("[test_the_page_says_how_many_there_are_of_each_kind](../tests/house/test_standard.py)", ""),
        ("open: arrives with what nobody has built", ""),
    ],
)
def test_what_is_lacking_is_found(held: str, said: str) -> None:
    found = lacking(Line("GEN-01", "SHALL", "a rule", "a reason", held))
    assert said in found if said else not found


def test_the_page_says_how_many_there_are_of_each_kind() -> None:
    """So that an open line is seen by whoever reads the page, and by whoever changes it."""
    assert summary() in PAGE.read_text(encoding="utf-8")


def test_tests_that_hold_a_line_are_run_somewhere_in_ci() -> None:
    """By default, or by a step of their own: a marker that no step chooses would leave a line to nobody."""
    marked = {path for line in lines() for _, path in line.tests}
    left_out = re.findall(r"not (\w+)", " ".join(_options()["addopts"]))
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    folders = {Path(path).parts[1] for path in marked} & set(left_out)
    assert [name for name in folders if f"-m {name} tests/{name}" not in ci] == []
    assert folders, "the judges of others hold no line any more"


def _options() -> dict[str, list[str]]:
    found: dict[str, list[str]] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["pytest"][
        "ini_options"
    ]
    return found


def test_the_page_has_every_line_of_the_catalogue() -> None:
    if not CATALOGUE.is_file():
        pytest.skip("NOT CHECKED: the shared catalogue is not beside this repository")
    theirs = re.findall(r"^\| ([A-Z]{2,5}-\d\d) \|", CATALOGUE.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(theirs) == sorted(line.number for line in lines())
