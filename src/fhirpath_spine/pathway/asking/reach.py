"""What each pathway can read, found once from the compiled expressions: needs, and the order in which verdicts depend."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import lru_cache

from fhirpath_spine.fhirpath import Expression, ValueSet
from fhirpath_spine.pathway.model import Criterion, Finding, Library, RankedFact, Recommendation
from fhirpath_spine.pathway.sentences import Slot

ADVISED = "advised"
"""The variable that holds the ids recommended so far; what reads it is judged last."""
OPEN = "open"
"""The variable that holds the kinds of which some recommendation of the lesion is recommended, blocked or needs data."""


def expressions(*records: object) -> Iterator[Expression]:
    """Every expression that records of the library hold, at any depth and in the order of their fields.

    The walk knows no field by name, so that an expression is found wherever a new field puts one.
    """
    return (part for part in _parts(records) if isinstance(part, Expression))


def _parts(value: object) -> Iterator[Expression | Slot]:
    if isinstance(value, Expression):
        yield value
    elif value is None or isinstance(value, str | int | frozenset | ValueSet):
        return
    elif isinstance(value, Mapping):
        yield from _parts(tuple(value.values()))
    elif isinstance(value, tuple | list):
        for part in value:
            yield from _parts(part)
    elif is_dataclass(value):
        if isinstance(value, Slot):
            yield value
        for member in fields(value):
            yield from _parts(getattr(value, member.name))


def criteria(record: object) -> Iterator[tuple[str, Criterion]]:
    """The criteria of a record, each with the name of the field that holds it."""
    if is_dataclass(record):
        for member in fields(record):
            value = getattr(record, member.name)
            yield from ((member.name, c) for c in value if isinstance(c, Criterion)) if isinstance(value, tuple) else ()


def variables(library: Library, records: Iterable[object]) -> frozenset[str]:
    """All variables that the expressions and sentences of records read, through definitions, findings and ranked facts."""
    read: set[str] = set()
    open_ = list(_named(records))
    while open_:
        name = open_.pop()
        if name not in read:
            read.add(name)
            behind = library.definitions.get(name) or library.findings.get(name) or library.ranked.get(name)
            open_ += _named_by(behind) if behind is not None else ()
    return frozenset(read)


@lru_cache(maxsize=10_000)
def _named_by(record: Expression | Finding | RankedFact) -> frozenset[str]:
    return frozenset(_named((record,)))


def _named(records: Iterable[object]) -> Iterator[str]:
    """The variables that records name themselves. A placeholder may name a need for its rejections alone."""
    for part in _parts(tuple(records)):
        if isinstance(part, Expression):
            yield from part.variables
        elif part.rejected:
            yield part.rejected


@lru_cache(maxsize=20_000)
def read_by(library: Library, expression: Expression) -> frozenset[str]:
    """All variables that one expression reads, through definitions."""
    return variables(library, (expression,))


@lru_cache(maxsize=1_000)
def affected(library: Library, given: frozenset[str]) -> frozenset[str]:
    """The given variables, and the definitions that read one of them."""
    return given | {name for name, test in library.definitions.items() if read_by(library, test) & given}


def needs_behind(library: Library, names: Iterable[str]) -> frozenset[str]:
    """The needs behind variables: their own, and those of findings and ranked facts."""
    needs: set[str] = set()
    for name in names:
        if name in library.needs:
            needs.add(name)
        elif name in library.findings:
            needs |= {s.need for s in library.findings[name].sources} | set(library.findings[name].answered)
        elif name in library.ranked:
            needs |= set(library.ranked[name].needs)
    return frozenset(needs)


@lru_cache(maxsize=256)
def pathway_needs(library: Library, pathway: str) -> frozenset[str]:
    """Every need that a pathway with its modules, and the policy above it, can read."""
    lesions = library.lesions
    named = {lesions.conditions, lesions.imaging, lesions.histology} - {""}
    records = (library.policy, library.frameworks, lesions, library.pathway(pathway))
    return needs_behind(library, variables(library, records)) | frozenset(named & set(library.needs))


@lru_cache(maxsize=4096)
def reads_advice(library: Library, recommendation: str) -> bool:
    """Whether a recommendation asks what else is advised or open."""
    record = next(
        (u.recommendation for p in library.pathways for u in p.uses if u.recommendation.id == recommendation), None
    )
    return bool({ADVISED, OPEN} & variables(library, (record,)))


@lru_cache(maxsize=1_000)
def leaders_first(library: Library, recommendations: tuple[Recommendation, ...]) -> list[Recommendation]:
    """The recommendations in an order in which each comes after those that it follows or asks about."""
    named: dict[str, set[int]] = {}
    for place, recommendation in enumerate(recommendations):
        for name in _names_of(recommendation):
            named.setdefault(name, set()).add(place)
    leaders = [set[int]().union(*(named.get(name, ()) for name in (*r.follows, *r.unless))) for r in recommendations]
    asking = {place for place, r in enumerate(recommendations) if reads_advice(library, r.id)}
    # Whoever asks what is advised comes after all the others but those that wait for someone who asks.
    advising = {place for place, before in enumerate(leaders) if place not in asking and not before & asking}
    ordered: dict[int, Recommendation] = {}
    entered: set[int] = set()

    def visit(place: int) -> None:
        if place in entered:
            return
        entered.add(place)
        for leader in sorted(leaders[place] | (advising if place in asking else set())):
            visit(leader)
        ordered[place] = recommendations[place]

    for place in range(len(recommendations)):
        visit(place)
    return list(ordered.values())


def _names_of(recommendation: Recommendation) -> tuple[str, str]:
    """What ``with`` and ``unless`` may call a recommendation."""
    return recommendation.id, f"kind:{recommendation.kind}"
