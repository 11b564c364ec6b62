"""What each pathway can read, found once from the compiled expressions: needs, and the order in which verdicts depend."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any

from fhirpath_spine.fhirpath import Expression, ValueSet
from fhirpath_spine.pathway.model import Criterion, Library, Recommendation
from fhirpath_spine.pathway.once import once
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
    open_: list[Any] = [value]
    while open_:
        one = open_.pop()
        if isinstance(one, Expression):
            yield one
        elif one is None or isinstance(one, str | int | frozenset | ValueSet):
            continue
        elif isinstance(one, Mapping):
            open_ += reversed(tuple(one.values()))
        elif isinstance(one, tuple | list):
            open_ += reversed(one)
        elif names := _members(one.__class__):
            if isinstance(one, Slot):
                yield one
            open_ += [getattr(one, name) for name in reversed(names)]


@cache
def _members(record: Any) -> tuple[str, ...]:
    return tuple(member.name for member in fields(record)) if is_dataclass(record) else ()


def criteria(record: object) -> Iterator[tuple[str, Criterion]]:
    """The criteria of a record, each with the name of the field that holds it."""
    if is_dataclass(record):
        for member in fields(record):
            value = getattr(record, member.name)
            yield from ((member.name, c) for c in value if isinstance(c, Criterion)) if isinstance(value, tuple) else ()


def variables(library: Library, records: Iterable[object]) -> frozenset[str]:
    """All variables that the expressions and sentences of records read, through definitions, findings and ranked facts."""
    read: set[str] = set()
    known = _named(library)
    open_ = [name for record in _records(records) for name in _named_by(known, record)]
    while open_:
        name = open_.pop()
        if name not in read:
            read.add(name)
            behind = library.definitions.get(name) or library.findings.get(name) or library.ranked.get(name)
            open_ += _named_by(known, behind) if behind is not None else ()
    return frozenset(read)


def _records(value: object) -> Iterator[object]:
    """The records in lists and mappings of them, at any depth."""
    if isinstance(value, Mapping):
        value = tuple(value.values())
    if isinstance(value, tuple | list) and not _members(value.__class__):
        for part in value:
            yield from _records(part)
    elif not (value is None or isinstance(value, str)):
        yield value


def _named_by(known: dict[int, tuple[object, frozenset[str]]], record: object) -> frozenset[str]:
    """The variables that a record names itself. A placeholder may name a need for its rejections alone."""
    if id(record) not in known:
        parts = (
            (part.variables if isinstance(part, Expression) else {part.rejected} - {""}) for part in _parts(record)
        )
        known[id(record)] = record, frozenset[str]().union(*parts)
    return known[id(record)][1]


def names_as(made: Library, library: Library) -> Library:
    """A library that was made from another: what the records that both hold name is known of the first, too."""
    if made is not library:
        _named(made).update(_named(library))
    return made


@once
def _named(library: Library) -> dict[int, tuple[object, frozenset[str]]]:
    """What each record of a library names, by the identity of the record, which is kept with it."""
    del library
    return {}


@once
def read_by(library: Library, expression: Expression) -> frozenset[str]:
    """All variables that one expression reads, through definitions."""
    return variables(library, (expression,))


@once
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


@once
def pathway_needs(library: Library, pathway: str) -> frozenset[str]:
    """Every need that a pathway with its modules, and the policy above it, can read."""
    lesions = library.lesions
    named = {lesions.conditions, lesions.imaging, lesions.histology} - {""}
    records = (library.policy, library.frameworks, lesions, library.pathway(pathway))
    return needs_behind(library, variables(library, records)) | frozenset(named & set(library.needs))


@once
def reads_advice(library: Library, recommendation: str) -> bool:
    """Whether a recommendation asks what else is advised or open."""
    record = next(
        (u.recommendation for p in library.pathways for u in p.uses if u.recommendation.id == recommendation), None
    )
    return bool({ADVISED, OPEN} & variables(library, (record,)))


@once
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
