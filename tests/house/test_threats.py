"""The page of threats lists each of them once, and each has a test or says why it is open."""

from __future__ import annotations

import re
from pathlib import Path

PAGE = (Path(__file__).parents[2] / "docs" / "threats.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (T\d\d) \| ([^|]+) \| ([^|]+) \|$", PAGE, re.MULTILINE)


def test_each_threat_is_listed_once() -> None:
    assert [number for number, _, _ in ROWS] == [f"T{n:02}" for n in range(1, 24)]


def test_each_has_a_test_or_a_reason_why_it_is_open() -> None:
    """That a link leads to its test is held for all pages by ``test_readme``."""
    bare = [number for number, _, held in ROWS if "[test_" not in held and not re.match(r"open: \w+ ", held)]
    assert bare == []
