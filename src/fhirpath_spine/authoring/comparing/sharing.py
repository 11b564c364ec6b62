"""What two libraries share, so that a chart whose judgement cannot differ is judged once, no further than a difference reaches.

The two are walked side by side. Where an expression differs, the old library is asked with both (:class:`Watched`); where a
sentence, a recommendation, a pathway or the window of a need differs, a chart is concerned that holds it. Recommendations that no
difference reaches are not asked at all. Any other difference may concern every chart, and each is judged twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, Any

from fhirpath_spine.authoring.proving.variants import Watched, holders, watching
from fhirpath_spine.fhirpath import Expression, ValueSet
from fhirpath_spine.pathway.asking import reach
from fhirpath_spine.pathway.facts.needs import Need
from fhirpath_spine.pathway.model import Library, Pathway, Recommendation, Use
from fhirpath_spine.pathway.sentences import Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Set

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
    """The old library, which tells in ``told`` when an expression of the new one answers otherwise, and holds no recommendation
    of which the new one cannot say otherwise.
    """

    watching: Library
    told: set[str]
    inner: frozenset[str]
    """The pathways that differ, or use a recommendation that does."""
    needs: frozenset[str]
    words: frozenset[str]
    """Of each sentence that differs, the longest piece that the old one always says."""
    whole: bool
    """Whether the old library holds all its recommendations, so that what it decides is what it would decide."""

    def is_touched(self, decision: Decision, facts: Facts | None, said: Iterable[str]) -> bool:
        """Whether the new library may say otherwise of the chart that was just judged, and of which this was said."""
        if self.told:
            return True
        if self.inner & {*(v.pathway for v in decision.verdicts), *(entry.id for entry in decision.entries)}:
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
    reached = _reached(old, walk)
    asked = watching(_pruned(old, reached), watched)
    inner = {p.id for p in old.pathways if walk.inner & {p.id, *(use.recommendation.id for use in p.uses)}}
    return Shared(asked, told, frozenset(inner), frozenset(walk.needs), frozenset(walk.words), reached is None)


# ---------------------------------------------------------------------- which recommendations a difference reaches


def _pruned(library: Library, reached: Set[str] | None) -> Library:
    """The library with the recommendations of these ids alone; all of them for None."""
    if reached is None:
        return library
    kept = [tuple(use for use in p.uses if use.recommendation.id in reached) for p in library.pathways]
    return replace(
        library, pathways=tuple(replace(p, uses=uses) for p, uses in zip(library.pathways, kept, strict=True))
    )


def _reached(library: Library, walk: _Walk) -> frozenset[str] | None:
    """The ids of the recommendations that may say otherwise, and of those that they follow; None where it may be any.

    Whatever is asked of a chart before its recommendations is asked all the same.
    """
    uses = [use for pathway in library.pathways for use in pathway.uses]
    within, beyond = _owners(library, uses, [*walk.expressions, *walk.texts])
    names = reach.affected(library, _defined(library, beyond))
    policy = library.policy
    imposed = (policy.holds, policy.goals, policy.exclusions, policy.gate, library.frameworks)
    if any(id(text) in beyond for text in walk.texts) or _may_reach(library, imposed, walk, names):
        return None
    entered = {id(u) for p in library.pathways if p.id in walk.inner for u in p.uses}
    reached = {
        u.recommendation.id
        for u in uses
        if id(u) in within | entered or u.recommendation.id in walk.inner or reach.variables(library, (u,)) & names
    }
    return _with_leaders(library, uses, reached)


def _owners(library: Library, uses: Sequence[Use], parts: Iterable[object]) -> tuple[Set[int], Set[int]]:
    """The uses that hold one of these parts, and the parts and records that anything else but a pathway holds; by identity."""
    held_by, inside = holders(library), {id(use) for use in uses}
    pathways = {id(pathway) for pathway in library.pathways}
    within, beyond = set[int](), set[int]()
    for part in parts:
        seen, open_ = {id(part)}, [id(part)]
        while open_:
            one = open_.pop()
            if one in inside:
                within.add(one)
            elif one == id(library):
                beyond |= seen
            elif one not in pathways:
                more = set(held_by.get(one, ())) - seen
                seen |= more
                open_ += more
    return within, beyond


def _defined(library: Library, beyond: Set[int]) -> frozenset[str]:
    """The names of the definitions, findings and ranked facts among these."""
    named = (library.definitions, library.findings, library.ranked)
    return frozenset(name for of in named for name, one in of.items() if id(one) in beyond)


def _may_reach(library: Library, records: object, walk: _Walk, names: Set[str]) -> bool:
    """Whether one of these records holds an expression that differs, or reads one of these names."""
    differs = any(expression in walk.expressions for expression in reach.expressions(records))
    return differs or bool(reach.variables(library, (records,)) & names)


def _with_leaders(library: Library, uses: Sequence[Use], reached: Set[str]) -> frozenset[str] | None:
    """With all that these recommendations wait for; None where one asks what is advised at all."""
    named: dict[str, set[str]] = {}
    for one in (use.recommendation for use in uses):
        for name in (one.id, f"kind:{one.kind}"):
            named.setdefault(name, set()).add(one.id)
    leaders: dict[str, set[str]] = {}
    for one in (use.recommendation for use in uses):
        leaders[one.id] = set[str]().union(*(named.get(name, ()) for name in (*one.follows, *one.unless)))
    all_, open_ = set(reached), list(reached)
    while open_:
        more = leaders[open_.pop()] - all_
        all_ |= more
        open_ += more
    # What is judged twice costs more than what was left out where most is reached.
    most = 2 * len(all_) > len(leaders)
    return None if most or any(reach.reads_advice(library, id_) for id_ in all_) else frozenset(all_)


@dataclass(slots=True, eq=False)
class _Walk:
    old: Library
    new: Library
    expressions: dict[Expression, tuple[str, Expression]] = field(default_factory=dict)
    inner: set[str] = field(default_factory=set)
    needs: set[str] = field(default_factory=set)
    words: set[str] = field(default_factory=set)
    texts: list[Text] = field(default_factory=list)
    """The old sentences whose words differ."""
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
                self.texts.append(one)

    def _record(self, one: Any, other: Any) -> None:
        if isinstance(one, Need) and one.within != other.within:
            if None in (one.within, other.within):
                raise _Unlike
            self.needs.add(one.name)
        kind = type(one)
        if kind in INNER:
            _equal(one.id, other.id)
        for part in fields(one):
            if part.name in NAMES_ONLY.get(kind, frozenset()) or not (part.compare or part.repr):
                continue  # it decides nothing, or is what a record remembers of charts
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
