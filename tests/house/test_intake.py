"""The page of what is heard has a row for each promise, and each row names its tests."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

PAGE = (Path(__file__).parents[2] / "docs" / "intake.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (\d[\w.-]*) \| ([^|]+) \| ([^|]+) \|$", PAGE, re.MULTILINE)
SECTIONS = {
    "1",
    "1.1",
    *(f"2.{n}" for n in range(1, 14)),
    *(f"3.{n}" for n in range(1, 6)),
    *(f"4.{n}" for n in range(1, 7)),
}
TABLE = "tumour deficit site value allergy unusable code drug date key words"
"""What the law says of each kind of entry."""


def test_each_promise_has_a_row_of_its_own() -> None:
    numbers = [number for number, _, _ in ROWS]
    assert [number for number, times in Counter(numbers).items() if times > 1] == []
    assert {number.partition("-")[0] for number in numbers} == SECTIONS
    assert {number for number in numbers if number.startswith("1-")} == {f"1-{kind}" for kind in TABLE.split()}
    assert len(numbers) == PAGE.count("\n| ") - 1


def test_each_row_says_something_and_names_a_test() -> None:
    """That a link leads to its test is held for all pages by ``test_readme``."""
    assert [number for number, said, held in ROWS if len(said.split()) < 4 or "[test_" not in held] == []
