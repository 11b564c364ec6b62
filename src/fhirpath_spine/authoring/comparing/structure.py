"""What an author changed, in the words of the files: which key of which need, criterion or recommendation, from what to what.

Comments, layout and quotes are no change, as for digests; nor is a move within a table of codes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, NamedTuple

from fhirpath_spine.authoring.profile.digests import TERMINOLOGY
from fhirpath_spine.authoring.source.nodes import Block, Items, Scalar

if TYPE_CHECKING:
    from fhirpath_spine.authoring.loading import Written
    from fhirpath_spine.authoring.source.nodes import Node
    from fhirpath_spine.fhirpath import ValueSet


class Difference(NamedTuple):
    """One change: the file, the keys that lead to it, and the texts before and after. An empty text stands for nothing."""

    file: str
    where: str
    before: str
    after: str
    line: int = 0
    """Where it stands afterwards, or stood before if it is gone."""

    @property
    def part(self) -> str:
        """The file, or the value set, by the name under which digests count it."""
        return f"{self.file}/{self.where}" if self.file == TERMINOLOGY else self.file

    @property
    def place(self) -> str:
        """The file and its line."""
        return f"{self.file}:{self.line}" if self.line else self.file


def differences(old: Written, new: Written) -> list[Difference]:
    """All changes, in the order of files and places."""
    found: list[Difference] = []
    names = dict.fromkeys([*old.content, *new.content])
    for name in sorted(names):
        found += _between(name, (), old.content.get(name), new.content.get(name))
    return [*found, *_value_sets(old, new)]


def _value_sets(old: Written, new: Written) -> Iterator[Difference]:
    before, after = old.terminology.value_sets, new.terminology.value_sets
    for name in sorted({*before, *after}):
        was, now = _codes(before.get(name)), _codes(after.get(name))
        for gone in sorted(was - now):
            yield Difference(TERMINOLOGY, name, "|".join(gone), "")
        for come in sorted(now - was):
            yield Difference(TERMINOLOGY, name, "", "|".join(come))


def _codes(value_set: ValueSet | None) -> set[tuple[str, str]]:
    """The codes of a value set, those that stand for all below them with a star."""
    if value_set is None:
        return set()
    below = {(system, f"{code}*") for system, codes in value_set.prefixes.items() for code in codes}
    return {*value_set.members, *below}


def _between(file: str, path: tuple[str, ...], was: Node | str | None, now: Node | str | None) -> Iterator[Difference]:
    if isinstance(was, Block) and isinstance(now, Block):
        for key in dict.fromkeys([*was, *now]):
            yield from _between(file, (*path, str(key)), was.get(key), now.get(key))
    elif isinstance(was, Items) and isinstance(now, Items):
        yield from _of_lists(file, path, was, now)
    elif was != now:
        where = " ".join(path) or "the whole file"
        yield Difference(file, where, _told(was), _told(now), _line(now) or _line(was))


def _of_lists(file: str, path: tuple[str, ...], was: Items, now: Items) -> Iterator[Difference]:
    """Entries with a name are compared by it, others by their text; what only moved is told as moved."""
    before, after = _named(was), _named(now)
    if before is not None and after is not None:
        for key in dict.fromkeys([*before, *after]):
            yield from _between(file, (*path, key), before.get(key), after.get(key))
        kept = [k for k in before if k in after]
        if kept != [k for k in after if k in before]:
            yield Difference(file, " ".join((*path, "order")), ", ".join(before), ", ".join(after), _line(now))
        return
    one, other = list(map(_told, was)), list(map(_told, now))
    for tag, a, b, c, d in SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
        if tag != "equal":
            line = _line(now[c]) if c < d else _line(was[a])
            yield Difference(file, " ".join(path), "; ".join(one[a:b]), "; ".join(other[c:d]), line)


def _named(items: Items) -> Mapping[str, Node] | None:
    """Entries of a list by their ids or single keys; None where they have none, or share one."""
    found: dict[str, Node] = {}
    for item in items:
        if not isinstance(item, Block):
            return None
        name = item.get("id", item.get("need"))
        if isinstance(name, Scalar):
            entry: tuple[str, Node] = (str(name), item)
        elif len(item) == 1:
            (entry,) = item.items()
        else:
            return None
        if entry[0] in found:
            return None
        found[str(entry[0])] = entry[1]
    return found


def _told(node: Node | str | None) -> str:
    """A node on one line."""
    if node is None:
        return ""
    if isinstance(node, str):
        return str(node)
    if isinstance(node, Block):
        return "{" + ", ".join(f"{k}: {_told(v)}" for k, v in node.items()) + "}"
    return "[" + ", ".join(map(_told, node)) + "]"


def _line(node: Node | str | None) -> int:
    return node.span.line if isinstance(node, Scalar | Block | Items) else 0
