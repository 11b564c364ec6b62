"""One section of a report, before it is a page or a file: a question, its answer in a sentence, and the table behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

Cell = str | int


@dataclass(frozen=True, slots=True)
class Section:
    """A table with what it answers. ``bars`` is the column whose numbers are drawn, ``names`` those that name a bar."""

    id: str
    title: str
    answer: str
    heads: tuple[str, ...]
    rows: Sequence[tuple[Cell, ...]]
    bars: int | None = None
    names: tuple[int, ...] = (0,)
    none: str = "None."
    """What is said instead of an empty table."""
