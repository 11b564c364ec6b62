"""Promises over charts that no one wrote: cases taken apart, mixed, damaged and read in part (design section 10).

``--hypothesis-profile=ci`` tries more of them.
"""

from __future__ import annotations

import copy
import json
import re
from collections import Counter
from datetime import date
from typing import Any

import orjson
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from fhirpath_spine.entrypoints.content import moment
from fhirpath_spine.errors import SpineError
from fhirpath_spine.exchange.incoming import read_bundle
from fhirpath_spine.exchange.outgoing import document
from fhirpath_spine.pathway.decision import CardKind, Status, Verdict
from fhirpath_spine.pathway.judging import decide
from tests.clinical.clinical_kit import (
    CASES,
    Json,
    Judged,
    bundle,
    chart_of,
    failed,
    judge,
    judge_bundle,
    omitted,
    patient_of,
    prefetch,
    queries,
)
from tests.kit.content import library, site, wording

AT = date(2026, 6, 15)
PATIENT = "p"

# Judging a chart costs milliseconds: a fifth of what the profile asks for keeps the whole run short.
some = settings(
    max_examples=max(10, settings.default.max_examples // 5),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def _renamed(case: str) -> list[Json]:
    """The resources of a case as those of one patient, so that charts can be mixed from several."""
    whole = json.dumps([e["resource"] for e in bundle(case)["entry"]])
    return list(json.loads(whole.replace(f'"Patient/{patient_of(bundle(case))}"', f'"Patient/{PATIENT}"')))


POOL = [r for case in CASES for r in _renamed(case) if r["resourceType"] not in ("Patient", "Consent")]
PEOPLE = [{**r, "id": PATIENT} for case in CASES for r in _renamed(case) if r["resourceType"] == "Patient"]


def bundled(resources: list[Json], person: Json) -> Json:
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": r} for r in (person, *resources)]}


@st.composite
def charts(draw: st.DrawFn) -> Json:
    """A chart of one patient, mixed from the cases: most of one, and some of others."""
    case = draw(st.sampled_from(CASES))
    mine = [r for r in _renamed(case) if r["resourceType"] not in ("Patient", "Consent")]
    left_out = draw(st.sets(st.integers(0, len(mine) - 1), max_size=4))
    extra = draw(st.lists(st.sampled_from(POOL), max_size=8, unique_by=lambda r: (r["resourceType"], r["id"])))
    chosen = [r for n, r in enumerate(mine) if n not in left_out]
    known = {(r["resourceType"], r["id"]) for r in chosen}
    chosen += [r for r in extra if (r["resourceType"], r["id"]) not in known]
    return bundled(copy.deepcopy(chosen), copy.deepcopy(draw(st.sampled_from(PEOPLE))))


def bytes_of(found: Json) -> bytes:
    """All that is answered to a chart, as it goes over the wire; of a refusal its kind."""
    result = judge_bundle(found, AT)
    return orjson.dumps(result.document) if result.error is None else result.error.code.encode()


@some
@given(charts())
def test_the_same_input_gives_the_same_bytes(chart: Json) -> None:
    assert bytes_of(chart) == bytes_of(copy.deepcopy(chart))


@some
@given(charts(), st.randoms(use_true_random=False))
def test_the_order_of_resources_changes_nothing(chart: Json, random: Any) -> None:
    entries = list(chart["entry"])
    random.shuffle(entries)
    assert bytes_of({**chart, "entry": entries}) == bytes_of(chart)


UNRELATED: list[Json] = [
    {"resourceType": "Encounter", "id": "e", "status": "finished"},
    {"resourceType": "Claim", "id": "k", "status": "active"},
    {
        "resourceType": "Condition",
        "id": "u1",
        "code": {"coding": [{"system": "http://snomed.info/sct", "code": "444814009"}], "text": "Viral sinusitis"},
    },
    {
        "resourceType": "Observation",
        "id": "u2",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "8867-4"}]},
        "valueQuantity": {"value": 71, "unit": "/min"},
    },
    {
        "resourceType": "Procedure",
        "id": "u3",
        "status": "completed",
        "code": {"coding": [{"system": "http://snomed.info/sct", "code": "80146002"}]},
        "performedDateTime": "2005-08-14",
    },
    {"resourceType": "Immunization", "id": "u4", "status": "completed", "patient": {"reference": f"Patient/{PATIENT}"}},
]


@some
@given(charts(), st.lists(st.sampled_from(UNRELATED), min_size=1, max_size=6, unique_by=lambda r: r["id"]))
def test_unrelated_resources_change_nothing(chart: Json, unrelated: list[Json]) -> None:
    more = [{"resource": {"subject": {"reference": f"Patient/{PATIENT}"}, **r}} for r in unrelated]
    assert _judged({**chart, "entry": [*more[::2], *chart["entry"], *more[1::2]]}) == _judged(chart)


def _judged(chart: Json) -> Json:
    """The document without its explanation, which counts all that was sent."""
    return {key: value for key, value in orjson.loads(bytes_of(chart)).items() if key != "explanation"}


GATE = {"R-EMG-01", "R-EMG-02", "R-EMG-03", "R-STER-01"}
"""A deficit that was read is pressing though an older or milder one may be unread: the gate errs to be seen (1.6, 2.5)."""


def _before_birth(chart: Json) -> bool:
    patient, *others = sorted((e["resource"] for e in chart["entry"]), key=lambda r: r["resourceType"] != "Patient")
    days = re.findall(rb'"([12][0-9]{3}-[0-9]{2}-[0-9]{2})', orjson.dumps(others))
    return min(days, default=b"9999").decode() < patient["birthDate"]


@some
@given(charts(), st.sets(st.sampled_from(sorted(queries())), min_size=1, max_size=5), st.booleans())
def test_what_cannot_be_read_recommends_nothing_and_rules_nothing_out(chart: Json, lost: set[str], fails: bool) -> None:
    # A day before the birth is refused only where the birth date can be read: no patient has such a chart.
    assume(not _before_birth(chart))
    sent = prefetch(chart, AT)
    full = judge(chart_of(sent, PATIENT), AT)
    for key in sorted(lost):
        sent = failed(sent, key) if fails else omitted(sent, key)
    less = judge(chart_of(sent, PATIENT), AT)
    if full.error is not None:
        return
    # In the gate, and only there, what is unknown counts as met (rulings 1.6).
    gate = ("PW-COMPRESS", "EMERGENCY") in less.entries
    assert less.recommended - full.recommended <= (GATE if gate else set())
    places = {lesion for _, lesion in full.verdicts}
    for (id_, lesion), status in less.verdicts.items():
        if status == "not-applicable" and lesion in places:
            # Not printed is not applicable: no pathway of the lesion uses it.
            assert full.verdicts.get((id_, lesion), "not-applicable") == "not-applicable", (id_, lesion)
        elif status == "not-applicable":
            assert full.statuses.get(id_, {"not-applicable"}) & {"not-applicable"}, id_
    if full.cards:
        assert less.error is not None or less.cards


WISHED = {"not-recorded", "stale", "not-offered"}
"""Why a datum is missing where nothing failed and nothing contradicts."""


def _only_wishes(verdict: Verdict) -> bool:
    """Whether it waits for data, while no ``when`` of it holds, and nothing was unread, rejected or contradicted."""
    asked = any(step.role == "when" and step.answer for step in verdict.steps)
    return verdict.status is Status.NEEDS_DATA and not asked and {m.reason.ruled for m in verdict.missing} <= WISHED


def _place(verdict: Verdict) -> str:
    """Where it belongs: its lesion, or of the patient its pathway."""
    return verdict.lesion.key if verdict.lesion else verdict.pathway


def _key(verdict: Verdict) -> tuple[str, str, str]:
    return verdict.id, verdict.lesion.key if verdict.lesion else "", verdict.status.value


@some
@given(charts())
def test_every_shown_verdict_stands_on_exactly_one_card(chart: Json) -> None:
    try:
        decision = decide(library(), read_bundle(chart), moment(AT.isoformat(), site()), site())
    except SpineError:
        return
    result = Judged(document(decision, wording()))
    wanted = Counter(_key(v) for v in decision.verdicts if v.status.shown)
    stand = Counter(result.on_cards)
    assert not stand - wanted
    # A card of wishes that nothing has asked for is none (rulings 5.1). So what stands on no card is such a wish, and no card of
    # a pathway speaks of its place: beside something to say it would be a line.
    lost = [v for v in decision.verdicts if v.status.shown and _key(v) in wanted - stand]
    assert [_key(v) for v in lost if not _only_wishes(v)] == []
    cards = [c for c in decision.cards if c.kind is CardKind.PATHWAY and c.entry and c.entry.id != "PW-COMPRESS"]
    assert not {_place(v) for v in lost} & {_place(v) for c in cards for v in c.verdicts}
    levels = [card["indicator"] for card in result.cards]
    assert levels.count("critical") <= 1
    assert "critical" not in levels[1:]


JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**12), 10**12),
    st.floats(allow_nan=False),
    st.text(max_size=12),
    st.sampled_from(
        [
            *("2026", "2026-06", "2026-06-15T10:00:00+14:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"),
            *("final", "active", "Patient/p", "Patient/other", "#x", "urn:uuid:1", "\x00", "\u202e"),
        ]
    ),
    st.lists(st.integers(-9, 9), max_size=2),
    st.dictionaries(
        st.sampled_from(["coding", "reference", "value", "code", "system"]), st.integers(-9, 9), max_size=2
    ),
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every node below a value, as a path."""
    out = [path] if path else []
    if isinstance(value, dict):
        for key, item in value.items():
            out += places(item, (*path, key))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            out += places(item, (*path, number))
    return out


@st.composite
def damaged(draw: st.DrawFn) -> Json:
    """A chart of which some nodes are gone, or of another type, or twice."""
    chart = draw(charts())
    for _ in range(draw(st.integers(1, 6))):
        paths = places(chart)
        if not paths:
            break
        path = draw(st.sampled_from(paths))
        parent: Any = chart
        for step in path[:-1]:
            parent = parent[step]
        match draw(st.sampled_from(["drop", "junk", "wrap", "swap"])):
            case "drop":
                del parent[path[-1]]
            case "junk":
                parent[path[-1]] = draw(JUNK)
            case "wrap":
                parent[path[-1]] = [parent[path[-1]]]
            case _:
                other = draw(st.sampled_from(paths))
                value: Any = chart
                try:
                    for step in other:
                        value = value[step]
                    parent[path[-1]] = copy.deepcopy(value)
                except (KeyError, IndexError, TypeError):
                    continue
    return chart


@settings(some, max_examples=settings.default.max_examples)
@given(damaged())
def test_a_damaged_chart_is_judged_or_refused_and_never_crashes(chart: Json) -> None:
    # judge_bundle lets nothing but SpineError pass as a result.
    result = judge_bundle(chart, AT)
    assert result.error is None or isinstance(result.error, SpineError)
    orjson.dumps(result.document)


@settings(some, max_examples=settings.default.max_examples // 2)
@given(damaged(), st.sampled_from(sorted(queries())))
def test_a_damaged_prefetch_is_judged_or_refused_and_never_crashes(chart: Json, key: str) -> None:
    entries = chart.get("entry")
    resources = [e.get("resource") for e in entries if isinstance(e, dict)] if isinstance(entries, list) else []
    try:
        judge(chart_of({key: {"resourceType": "Bundle", "entry": [{"resource": r} for r in resources]}}, PATIENT), AT)
    except SpineError as error:
        assert error.code  # noqa: PT017 - only errors of ours may come
