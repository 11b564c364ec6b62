"""The page of values to be signed names each DEFAULT value at its place, and the profiles hold it there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.kit.files import yaml_of

ROOT = Path(__file__).resolve().parents[2]
PROFILES = ROOT / "profiles"
PAGE = ROOT / "docs" / "approvals.md"
SPEC = ROOT.parent / "shared" / "clinical" / "pathways.md"
QUOTED = re.compile(r"`([^`]+)`")
WINDOW = re.compile(r"\b\d+ (?:days|months)\b")


@dataclass(frozen=True)
class Row:
    """One row of the page: what is decided, the texts that hold the value, the file, and its entries."""

    meaning: str
    values: tuple[str, ...]
    file: str
    keys: tuple[str, ...]
    signed: bool


def rows() -> Iterator[Row]:
    """The rows of all tables of the page."""
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if line.startswith("|") and len(cells) >= 3 and QUOTED.search(cells[2]):
            file, *keys = QUOTED.findall(cells[2])
            yield Row(cells[0], tuple(QUOTED.findall(cells[1])), file, tuple(keys), len(cells) == 4)


ROWS = list(rows())
by_meaning = pytest.mark.parametrize("row", ROWS, ids=[row.meaning for row in ROWS])


def entries(file: str, key: str) -> list[str]:
    """The text of each entry of that name in a profile: its line and what is indented below it."""
    lines = (PROFILES / file).read_text(encoding="utf-8").splitlines()
    found = []
    for number, line in enumerate(lines):
        if re.match(rf" *(?:- )?(?:id: )?{re.escape(key)}(?::|$| )", line):
            depth = len(line) - len(line.lstrip(" "))
            below = []
            for later in lines[number + 1 :]:
                if later.strip() and len(later) - len(later.lstrip(" ")) <= depth:
                    break
                below.append(later)
            found.append("\n".join([line, *below]))
    return found


@by_meaning
def test_the_value_stands_in_each_entry_that_the_page_names(row: Row) -> None:
    assert row.values
    assert row.keys
    for key in row.keys:
        texts = entries(row.file, key)
        assert texts, f"{row.file} has no entry {key}"
        for value in row.values:
            assert any(re.search(rf"(?<![\d.]){re.escape(value)}(?!\d)", text) for text in texts), (key, value)


def test_every_limit_and_every_window_of_the_data_is_on_the_page() -> None:
    listed = {(row.file, key) for row in ROWS for key in row.keys}
    data = yaml_of(PROFILES / "data.yaml")
    wanted = set(data["limits"])
    wanted |= {name for name, need in data["needs"].items() if _is_written_out(need.get("within"))}
    wanted |= {name for name, test in data["define"].items() if WINDOW.search(str(test))}
    wanted |= {name for name, ranked in data["ranked"].items() if _is_written_out(ranked.get("gap"))}

    missing = {name for name in wanted if ("data.yaml", name) not in listed}
    assert missing == set()


def _is_written_out(window: str | None) -> bool:
    return window is not None and not window.startswith("limit.")


def test_every_sentence_that_says_default_has_its_number_on_the_page() -> None:
    numbers = {n for row in ROWS if row.signed for text in (row.meaning, *row.values) for n in re.findall(r"\d+", text)}
    for file in sorted(PROFILES.rglob("*.yaml")):
        for line in file.read_text(encoding="utf-8").splitlines():
            for sentence in re.findall(r"[^\".;,:]*\bDEFAULT\b", line):
                assert set(re.findall(r"\b\d+\b", sentence)) <= numbers, (file.name, sentence)


def test_the_rows_to_sign_are_unsigned() -> None:
    text = PAGE.read_text(encoding="utf-8")
    open_rows = [line for line in text.splitlines() if line.startswith("|") and line.endswith("| |")]
    assert len(open_rows) == sum(row.signed for row in ROWS)
    assert len(open_rows) >= 45


@pytest.mark.skipif(
    not SPEC.is_file(), reason="the clinical pages lie beside the checkout only where they were written"
)
def test_every_number_of_the_list_for_approval_is_on_the_page() -> None:
    section = SPEC.read_text(encoding="utf-8").split("## 11. DEFAULT values", 1)[1].split("\n\n", 2)[1]
    page = PAGE.read_text(encoding="utf-8")
    wanted = set(re.findall(r"\d+", section)) - {"15", "9"}  # the day after 14; the exponent of a unit
    assert {number for number in wanted if not re.search(rf"\b{number}\b", page)} == set()
