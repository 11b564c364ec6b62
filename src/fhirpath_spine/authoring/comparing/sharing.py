"""What two libraries share, so that a chart whose judgement cannot differ is judged once.

The two are walked side by side. Where an expression differs, the old library is asked with both (:class:`Watched`); where a
sentence, a recommendation, a pathway or the window of a need differs, a chart is concerned that holds it. Any other difference
may concern every chart, and each is judged twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from fhirpath_spine.authoring.proving.variants import Watched, watching
from fhirpath_spine.fhirpath import Expression, ValueSet
from fhirpath_spine.pathway.asking import reach
from fhirpath_spine.pathway.facts.needs import Need
from fhirpath_spine.pathway.model import Library, Pathway, Recommendation
from fhirpath_spine.pathway.sentences import Text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fhirpath_spine.pathway.decision import Decision
    from fhirpath_spine.pathway.facts.facts import Facts

NAMES_ONLY = {
    Library: frozenset({"digest", "limits"}),
    Pathway: frozenset({"digest", "version"}),
    Need: frozenset({"within"}),
}
"""Fields that decide nothing, or nothing by themselves: what a limit says stands in expressions and windows."""
INNER: tuple[type, ...] = (Pathway, Recommendation)
"""Records with an id, which concern the charts that enter them and no others."""


class _Unlike(Exception):
    """Two parts differ in a way that no chart tells."""


@dataclass(frozen=True, slots=True, eq=False)
class Shared:
    """The old library, which tells in ``told`` when an expression of the new one answers otherwise."""

    watching: Library
    told: set[str]
    inner: frozenset[str]
    needs: frozenset[str]
    words: frozenset[str]
    """Of each sentence that differs, the longest piece that the old one always says."""

    def is_touched(self, decision: Decision, facts: Facts | None, said: Iterable[str]) -> bool:
        """Whether the new library may say otherwise of the chart that was just judged, and of which this was said."""
        if self.told:
            return True
        if self.inner & {id_ for v in decision.verdicts for id_ in (v.id, v.pathway)}:
            return True
        if self.inner & {entry.id for entry in decision.entries}:
            return True
        if self.words and any(word in sentence for sentence in said for word in self.words):
            return True
        return facts is not None and any(facts.all_found(n) or facts.rejections([n]) for n in self.needs)


def shared(old: Library, new: Library) -> Shared | None:
    """What they share; None where they differ in what may concern every chart."""
    walk = _Walk(old, new)
    try:
        walk.compare(old, new)
    except _Unlike:
        return None
    told: set[str] = set()
    watched = {one: Watched(one, {name: other}, told.add) for one, (name, other) in walk.expressions.items()}
    return Shared(watching(old, watched), told, frozenset(walk.inner), frozenset(walk.needs), frozenset(walk.words))


@dataclass(slots=True, eq=False)
class _Walk:
    old: Library
    new: Library
    expressions: dict[Expression, tuple[str, Expression]] = field(default_factory=dict)
    inner: set[str] = field(default_factory=set)
    needs: set[str] = field(default_factory=set)
    words: set[str] = field(default_factory=set)
    _alike: set[tuple[int, int]] = field(default_factory=set)

    def compare(self, one: Any, other: Any) -> None:
        """Notes what differs. Raises _Unlike where that may concern every chart."""
        if one is other or (id(one), id(other)) in self._alike:
            return
        if type(one) is not type(other):
            raise _Unlike
        self._alike.add((id(one), id(other)))
        match one:
            case Expression():
                self._expression(one, other)
            case Text():
                self._text(one, other)
            case ValueSet():
                self.compare((one.name, one.members, one.prefixes), (other.name, other.members, other.prefixes))
            case str() | int() | float() | frozenset() | set() | Enum():
                _equal(one, other)
            case tuple() | list():
                _equal(len(one), len(other))
                for a, b in zip(one, other, strict=True):
                    self.compare(a, b)
            case Mapping():
                _equal(list(one), list(other))
                for key in one:
                    self.compare(one[key], other[key])
            case _ if is_dataclass(one):
                self._record(one, other)
            case _:
                _equal(one, other)

    def _expression(self, one: Expression, other: Expression) -> None:
        if one.filled == other.filled:
            return
        # Asked in the old library, it has to find there all that it reads, and be asked again whenever that changes.
        read, reads = reach.variables(self.new, [other]), reach.variables(self.old, [one])
        if not read <= reads or one.shape != other.shape:
            raise _Unlike
        self.expressions[one] = (one.filled, other)

    def _text(self, one: Text, other: Text) -> None:
        _equal(len(one.parts), len(other.parts))
        fixed = [part for part in one.parts if isinstance(part, str)]
        for a, b in zip(one.parts, other.parts, strict=True):
            if not (isinstance(a, str) and isinstance(b, str)):
                self.compare(a, b)
            elif a != b:
                self.words.add(max(fixed, key=len))

    def _record(self, one: Any, other: Any) -> None:
        if isinstance(one, Need) and one.within != other.within:
            if None in (one.within, other.within):
                raise _Unlike
            self.needs.add(one.name)
        kind = type(one)
        if kind in INNER:
            _equal(one.id, other.id)
        for part in fields(one):
            if part.name in NAMES_ONLY.get(kind, frozenset()):
                continue
            try:
                self.compare(getattr(one, part.name), getattr(other, part.name))
            except _Unlike:
                # When a pathway applies, and in which state, is asked of every chart.
                if kind not in INNER or part.name in ("applies", "states", "without_lesion", "fallback", "per_lesion"):
                    raise
                self.inner.add(one.id)


def _equal(one: object, other: object) -> None:
    if one != other:
        raise _Unlike
