"""What each pathway can read, and the order in which verdicts depend on each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import cache
from typing import Any, get_args, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhirpath_spine.fhirpath import Expression, Shape, compile  # noqa: A004
from fhirpath_spine.pathway import asking
from fhirpath_spine.pathway.facts import Need
from fhirpath_spine.pathway.model import Criterion, Exclusion, Library, Recommendation
from fhirpath_spine.pathway.sentences import Slot, Text
from tests.pathway.pathway_kit import shipped

LIBRARY = shipped()
ALL: dict[str, Recommendation] = {u.recommendation.id: u.recommendation for p in LIBRARY.pathways for u in p.uses}


def test_a_definition_is_read_through_to_its_needs() -> None:
    read = asking.read_by(LIBRARY, LIBRARY.definitions["gate-open"])
    assert {"gate-cause", "any-pressing", "motor", "spine-mri-full", "cord-decision", "lesions"} <= read


def test_behind_a_finding_and_a_ranked_fact_stand_their_needs() -> None:
    needs = asking.needs_behind(LIBRARY, ["motor", "unfit", "ecog", "lesion"])
    assert {"paresis", "motor-power", "spine-mri", "unfit-statement", "asa", "ecog"} <= needs
    assert needs <= set(LIBRARY.needs)


@pytest.mark.parametrize("pathway", [p.id for p in LIBRARY.pathways])
def test_every_pathway_reads_its_lesions_and_what_the_policy_reads(pathway: str) -> None:
    read = asking.pathway_needs(LIBRARY, pathway)
    assert {"tumours", "lesion-on-imaging", "histology", "goals", "spine-mri"} <= read
    assert read <= set(LIBRARY.needs)


def test_a_pathway_reads_only_what_is_its_own() -> None:
    assert "sins-total" in asking.pathway_needs(LIBRARY, "PW-METS")
    assert asking.pathway_needs(LIBRARY, "PW-METS") != asking.pathway_needs(LIBRARY, "PW-OBSERVE")


def test_what_is_given_affects_the_definitions_that_read_it_and_no_other() -> None:
    affected = asking.affected(LIBRARY, frozenset({"state"}))
    assert {"state", "planning", "work-up-state", "follow-up-state"} <= affected
    assert not {"gate-open", "adult", "ecog"} & affected


@given(st.lists(st.sampled_from(sorted(ALL)), unique=True))
def test_each_recommendation_comes_after_those_that_it_follows(ids: list[str]) -> None:
    ordered = asking.leaders_first(LIBRARY, tuple(ALL[i] for i in ids))
    assert sorted(r.id for r in ordered) == sorted(ids)
    place = {r.id: n for n, r in enumerate(ordered)}
    for one in ordered:
        for leader in (*one.follows, *one.unless):
            for other in ordered:
                if other is not one and leader in (other.id, f"kind:{other.kind}") and not _follows(other, one):
                    assert place[other.id] < place[one.id]


def _follows(one: Recommendation, other: Recommendation) -> bool:
    return bool({other.id, f"kind:{other.kind}"} & {*one.follows, *one.unless})


def test_what_asks_for_advice_is_known_by_its_criteria() -> None:
    assert asking.reads_advice(LIBRARY, "R-TX-09")
    assert not asking.reads_advice(LIBRARY, "R-MET-06")


PLANTED = compile("%planted.exists()", variables={"planted": Shape(many=True)})
SENTENCE = Text((Slot("planted", PLANTED),))
REJECTED = Text((Slot("planted.rejected", None, rejected="planted"),))


def _holders(record: type, seen: dict[type, list[tuple[str, type]]]) -> dict[type, list[tuple[str, type]]]:
    """Every dataclass of the library, with those of its fields that hold an expression, a sentence or criteria of their own."""
    if record not in seen:
        seen[record] = []
        for name, hint in get_type_hints(record).items():
            for part in _within(hint):
                if part in (Expression, Text):
                    seen[record].append((name, part))
                elif is_dataclass(part):
                    _holders(part, seen)
    return seen


def _within(hint: Any) -> Iterator[Any]:
    yield hint
    for part in get_args(hint):
        yield from _within(part)


# The library itself names its definitions; one is read where an expression of a record names it.
FIELDS = sorted(
    (holder.__name__, name, part.__name__, holder)
    for holder, held in _holders(Library, {}).items()
    for name, part in held
    if holder not in (Library, Slot)
)


@cache
def _members(kind: Any) -> tuple[str, ...]:
    return tuple(member.name for member in fields(kind)) if is_dataclass(kind) else ()


def _parts(value: Any) -> list[Any]:
    if isinstance(value, Mapping | tuple):
        return list(value.values() if isinstance(value, Mapping) else value)
    return [getattr(value, name) for name in _members(type(value))]


@dataclass(frozen=True)
class _Walked:
    """What stands in a library, found in one walk: of each kind the first, in the order of the fields, and who holds whom."""

    first: dict[type, Any]
    holders: dict[int, set[int]]

    def of(self, holder: type) -> Any:
        """The first record of that kind."""
        return next(one for kind, one in self.first.items() if issubclass(kind, holder))

    def around(self, record: Any) -> set[int]:
        """Who holds a record, itself or in what it holds."""
        found, open_ = set[int](), [id(record)]
        while open_:
            more = self.holders.get(open_.pop(), set()) - found
            found |= more
            open_ += more
        return found


@cache
def _walked() -> _Walked:
    whole = with_a_need_that_nothing_reads()
    first, holders, seen = dict[type, Any](), dict[int, set[int]](), set[int]()
    open_ = [whole, whole.pathways]
    while open_:
        one = open_.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        first.setdefault(type(one), one)
        parts = _parts(one)
        for part in parts:
            holders.setdefault(id(part), set()).add(id(one))
        open_ += reversed(parts)
    return _Walked(first, holders)


def _exchanged(value: Any, old: Any, new: Any, around: Set[int]) -> Any:
    """The value with one record in it replaced, wherever it stands; what does not hold it is the same as before. ``around`` are
    those who hold it.
    """
    if value is old:
        return new
    if id(value) not in around:
        return value
    parts = [_exchanged(part, old, new, around) for part in _parts(value)]
    if isinstance(value, Mapping):
        return dict(zip(value, parts, strict=True))
    if isinstance(value, tuple):
        return tuple(parts)
    return replace(value, **dict(zip(_members(type(value)), parts, strict=True)))


def _planted(old: Any, name: str, part: Any) -> Any:
    """The record with the part in that field, in the form that the field has."""
    now = getattr(old, name)
    if isinstance(now, tuple):
        first = now[0] if now and isinstance(now[0], tuple) else None
        part = ((first[0], part),) if first else (part,)
    return replace(old, **{name: part})


@cache
def with_a_need_that_nothing_reads() -> Library:
    """What ships, with a need more."""
    needs = {**LIBRARY.needs, "planted": Need("planted", "planted", ("Observation",), ("x",))}
    # The shipped policy excludes nothing.
    exclusion = Exclusion("X", LIBRARY.definitions["gate-open"], (), Text(("one of the two",)))
    whole = replace(LIBRARY, needs=needs, policy=replace(LIBRARY.policy, exclusions=(exclusion,)))
    assert not any("planted" in asking.pathway_needs(whole, p.id) for p in whole.pathways)
    return whole


@pytest.mark.parametrize(
    ("name", "held", "holder"), [(n, h, c) for _, n, h, c in FIELDS], ids=[".".join(f[:2]) for f in FIELDS]
)
def test_reach_finds_what_any_field_of_any_record_reads(name: str, held: str, holder: type) -> None:
    """A criterion may come to stand in a new place; its data must be asked for and named as unread all the same."""
    whole = with_a_need_that_nothing_reads()
    old = _walked().of(holder)
    around = _walked().around(old)
    for part in (PLANTED,) if held == "Expression" else (SENTENCE, REJECTED):
        library = _exchanged(whole, old, _planted(old, name, part), around)
        assert any("planted" in asking.pathway_needs(library, p.id) for p in library.pathways)


def test_every_field_that_may_hold_an_expression_is_tried() -> None:
    assert {(f[0], f[1]) for f in FIELDS} >= {
        ("Recommendation", "safety"),
        ("Recommendation", "indicator"),
        ("Gate", "hidden"),
        ("Hold", "say"),
        ("Goal", "unread"),
        ("FindingSource", "abnormal"),
        ("RankedSource", "answer"),
        ("Criterion", "say"),
    }


def test_a_criterion_is_named_with_the_field_that_holds_it() -> None:
    one = next(r for r in ALL.values() if r.blocked)
    assert [c for field, c in asking.criteria(one) if field == "blocked"] == list(one.blocked)
    assert all(isinstance(c, Criterion) for _, c in asking.criteria(one))
