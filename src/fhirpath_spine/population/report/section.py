"""What a report says, before it is a page or a file: sections with a question, its answer and the table behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple


class Coded(NamedTuple):
    """A code in plain words. A page shows the words first and the code in small, a CSV has a column of each."""

    words: str
    code: str


class Difference(int):
    """A number that says by how much another has grown; shown with its sign."""


Cell = str | int | Coded
Rows = Sequence[tuple[Cell, ...]]


@dataclass(frozen=True, slots=True)
class Section:
    """A table with what it answers. ``bars`` is the column whose numbers are drawn, ``names`` those that name a bar.

    ``totals`` are the columns whose numbers add up; so are the numbers that are drawn, where several rows have one name.
    ``folded`` are columns by which a page groups the rows, one fold for each group; a bar is then a group.
    """

    id: str
    title: str
    answer: str
    heads: tuple[str | Coded, ...]
    rows: Rows
    bars: int | None = None
    names: tuple[int, ...] = (0,)
    none: str = "None."
    """What is said instead of an empty table."""
    totals: tuple[int, ...] = ()
    folded: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Summary:
    """What stands on top: lines of a word, a sentence and the section that says more, the words that the page defines, and small
    tables.
    """

    lines: tuple[tuple[str, str, str], ...]
    terms: tuple[tuple[str, str], ...]
    tables: tuple[Section, ...]


def words_of(cell: Cell) -> str:
    """A cell as text, without its code."""
    if isinstance(cell, Coded):
        return cell.words
    if isinstance(cell, Difference) and cell:
        return f"{cell:+,}"
    return f"{cell:,}" if isinstance(cell, int) else cell


def called(cells: Sequence[Cell], between: str) -> str:
    """What a bar or a fold is called by some cells; an empty one says nothing."""
    return between.join(filter(None, map(words_of, cells)))
