"""Hand-made decisions, libraries and needs, small enough to see what a test is about. Nothing here is clinical."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from fhirpath_spine.exchange.outgoing import Ids, Phrases, Wording
from fhirpath_spine.fhirpath import ValueSet
from fhirpath_spine.pathway.decision import (
    CardKind,
    Decision,
    Evidence,
    Missing,
    PathwayResult,
    PlannedCard,
    Status,
    Step,
    Verdict,
)
from fhirpath_spine.pathway.facts import Need, Unread
from fhirpath_spine.pathway.lesions import LesionRef, Lesions
from fhirpath_spine.pathway.model import Activity, Budget, Claim, Indicator, Library, Policy, Source
from fhirpath_spine.pathway.sentences import Charted
from fhirpath_spine.pathway.truth import Reason
from tests.kit.files import yaml_of

ROOT = Path(__file__).parents[2]
AT = datetime(2026, 6, 15, 23, 59, 59, tzinfo=UTC)
LESION = LesionRef("demo:T8", "demo tumour at T8", ("T8",), ("c2", "c1"), called="Demo T8")
ENTRY = PathwayResult("PW-DEMO", "1.2.3", "Demo pathway", "0" * 64, "TREAT_PLAN", True, LESION)


def book() -> dict[str, str]:
    """The phrase book that ships; who is given it may change it."""
    return dict(_book())


@cache
def _book() -> dict[str, str]:
    return yaml_of(ROOT / "profiles" / "phrases.yaml")


def need(name: str, kind: str, key: str, codes: set[tuple[str, str]] | None = None) -> Need:
    """A need of one type under one key."""
    value_set = ValueSet(name, codes) if codes is not None else None
    return Need(name=name, label=name, resources=(kind,), keys=(key,), codes=value_set)


def library(**changes: Any) -> Library:
    """A library with two sources, two claims and four needs, and no pathway."""
    needs = (
        need("tumours", "Condition", "conditions", {("sct", "1")}),
        need("pain", "Observation", "observations-pain", {("loinc", "b"), ("loinc", "a")}),
        need("drugs", "MedicationRequest", "medicationRequests", {("rx", "9")}),
        need("person", "Patient", "patient"),
    )
    return replace(
        Library(
            digest="d" * 64,
            pathways=(),
            policy=Policy((), None, (), (), (), Budget(), 30),
            lesions=Lesions((), "tumours", "pain", frozenset(), frozenset(), {}, {}, (), "", {}),
            needs={n.name: n for n in needs},
            definitions={},
            findings={},
            ranked={},
            labels={},
            phrases=book(),
            sources={
                "S": Source(
                    "S", "A page", "A site", "2025-01-02", "patient-education", "very-low", "https://a.example/p"
                ),
                "K": Source("K", "One patient", "A journal", "", "case-report", "very-low"),
            },
            claims={"S1": Claim("S1", "S", "drive", '"may"'), "K1": Claim("K1", "K", "support")},
            value_sets={},
        ),
        **changes,
    )


def wording(lib: Library | None = None) -> Wording:
    """Wording with the public key."""
    lib = lib or library()
    return Wording(lib, Phrases(lib.phrases), Ids())


def evidence(value: str = "yes", **changes: Any) -> Evidence:
    """A datum from the chart."""
    return Evidence("pain", "Pain severity", (Charted(value),), "2026-06-01", "Observation/o1")._replace(**changes)


def verdict(id_: str = "R-DEMO-01", status: Status = Status.RECOMMENDED, **changes: Any) -> Verdict:
    """A verdict with one criterion and one datum."""
    found = evidence()
    base = Verdict(
        id=id_,
        title=f"Title of {id_}",
        kind="referral",
        status=status,
        pathway="PW-DEMO",
        lesion=LESION,
        indicator=Indicator.INFO,
        claims=("S1",),
        because=(("pain recorded (", "Pain severity", ": ", Charted("yes"), ")"),),
        steps=(Step("when", "pain-recorded", True, "%pain.exists()", (found,)),),
        activity=Activity("ServiceRequest", "Ask for an opinion"),
    )
    return base._replace(**changes)


def missing(item: str = "Grade", reason: Reason = Reason.NOT_RECORDED, **changes: Any) -> Missing:
    """A datum that would decide."""
    return Missing(item, reason, "grade")._replace(**changes)


def planned(*verdicts: Verdict, **changes: Any) -> PlannedCard:
    """A card of the demo entry."""
    indicator = changes.pop("indicator", Indicator.INFO)
    kind = changes.pop("kind", CardKind.PATHWAY)
    entry = changes.pop("entry", ENTRY)
    return replace(PlannedCard(kind, indicator, entry, verdicts, plans=(entry,), entries=(entry,)), **changes)


def decision(*cards: PlannedCard, **changes: Any) -> Decision:
    """A decision that plans these cards."""
    verdicts = tuple(v for c in cards for v in c.verdicts)
    return replace(
        Decision(AT, "p1", "d" * 64, "f" * 64, (ENTRY,) if cards else (), verdicts, cards),
        **changes,
    )


def not_read(key: str = "conditions", detail: str = "absent") -> Unread:
    """A key that could not be read."""
    return Unread(key, "Condition", Reason.UNREAD, detail)
