"""What comes after what: the order in which each name follows the names that it needs, and the circles in its way."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def in_order(needed: Mapping[str, Iterable[str]]) -> tuple[list[str], list[list[str]]]:
    """The names, each after those that it needs; and each circle, from its first name round to that name again.

    A circle is opened at its last step, so that the circles beside it are found too.
    """
    place = {name: number for number, name in enumerate(needed)}
    graph = {name: dict.fromkeys(others) for name, others in needed.items()}
    circles: list[list[str]] = []
    while True:
        try:
            return list(TopologicalSorter(graph).static_order()), circles
        except CycleError as error:
            circle = _from_first(error.args[1], place)
            del graph[circle[-2]][circle[-1]]
            circles.append(circle)


def _from_first(found: list[str], place: Mapping[str, int]) -> list[str]:
    """The circle, which graphlib tells from what is needed to what needs it, turned round and begun at its first name."""
    names = found[:0:-1]
    start = min(range(len(names)), key=lambda number: place[names[number]])
    return [*names[start:], *names[: start + 1]]
