"""The same judgement from four sides: everything sent, everything searched, any mixture, and one Bundle (``decide``)."""

from __future__ import annotations

import copy
import random
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fhirpath_spine.errors import SpineError
from fhirpath_spine.exchange.incoming import Servers, read_bundle
from fhirpath_spine.exchange.outgoing import document
from fhirpath_spine.pathway.decision import Decision
from fhirpath_spine.pathway.judging import decide
from fhirpath_spine.pathway.model import Site
from fhirpath_spine.service import Client
from tests.adapters.stub_ehr import Stub, from_bundle, of_json, outcome
from tests.adapters.whole_service import (
    AT,
    ROOT,
    Json,
    Setup,
    chart,
    in_process,
    library,
    patient_of,
    request_body,
    snapshot,
)

SANDBOX = sorted(p.stem[:2] for p in (ROOT / "sandbox" / "patients").glob("[0-9]*.json"))
CASES = sorted(p.stem for p in (ROOT / "tests" / "clinical" / "cases").glob("C*.json"))
KEYS = list(snapshot().templates)


def said(decision: Decision) -> Json:
    """What a decision says, without the ids of its cards and where it was read from."""
    found = document(decision, snapshot().wording)
    return {"pathways": found["pathways"], "verdicts": found["verdicts"], "silent": decision.silent}


def from_a_bundle(bundle: Json) -> Json | str:
    try:
        return said(decide(library(), read_bundle(bundle), AT, Site()))
    except SpineError as error:
        return error.code


def from_a_call(setup: Setup) -> Json | str:
    """What came of the last call: the decision on its chart with all that it rests on, or the code of its refusal."""
    if not setup.decisions:
        return setup.records[-1].outcome
    decision = decide(library(), setup.charts[-1], AT, Site())
    assert [(v.id, v.status) for v in setup.decisions[-1].verdicts] == [(v.id, v.status) for v in decision.verdicts]
    return said(decision)


def sent(stub: Stub, patient: str) -> Json:
    """A prefetch that the EHR fills from its own server, whole."""
    return in_process(Stub(stub.resources, faults=stub.faults), lambda setup: _prefetch(setup, patient))


async def _prefetch(setup: Setup, patient: str) -> Json:
    out: Json = {}
    http = setup.ehr._http
    for key, query in snapshot().templates.items():
        response = await http.get(f"http://127.0.0.1:1/fhir/{query.replace('{{context.patientId}}', patient)}")
        out[key] = response.json()
    return out


def called(stub: Stub, patient: str, prefetch: Json) -> Json | str:
    async def work(setup: Setup) -> Json | str:
        await setup.call(request_body(patient, stub.base, prefetch=prefetch))
        return from_a_call(setup)

    return in_process(stub, work, client=Client(servers=Servers(loopback=True), pages=100))


@pytest.mark.parametrize("name", [*SANDBOX, *CASES])
def test_prefetch_search_and_bundle_give_equal_verdicts(name: str) -> None:
    bundle = chart(name)
    stub, patient = from_bundle(bundle), patient_of(bundle)
    expected = from_a_bundle(bundle)
    whole = sent(stub, patient)
    assert called(stub, patient, whole) == expected, "prefetch"
    stub.page_size = 5
    assert called(stub, patient, {}) == expected, "search, 5 per page"
    stub.page_size = 1
    assert called(stub, patient, {}) == expected, "search, 1 per page"


def as_served(resource: Json, number: int) -> Json:
    """A resource as a server gives it out: with a version of its own, and a narrative that it made."""
    meta = {"versionId": str(number), "lastUpdated": f"2026-06-15T08:00:{number % 60:02}Z", "source": f"#{number}"}
    return {**resource, "meta": meta, "text": {"status": "generated", "div": f"<div>{number}</div>"}}


@pytest.mark.parametrize("name", ["C13", "09"])
def test_what_was_sent_and_what_was_searched_of_one_chart_have_the_same_ids(name: str) -> None:
    """Answers are the same bytes, though the server writes beside each resource what the sender's file has not."""
    bundle = chart(name)
    stub, patient = from_bundle(bundle), patient_of(bundle)
    whole = sent(stub, patient)
    stub.resources = [as_served(r, n) for n, r in enumerate(stub.resources)]

    async def work(setup: Setup) -> tuple[bytes, bytes]:
        bodies = [request_body(patient, stub.base, prefetch=prefetch) for prefetch in (whole, {})]
        first, second = [(await setup.call(body)).content for body in bodies]
        return first, second

    first, second = in_process(stub, work)
    assert b'"decision"' in first
    assert first == second


def cut(value: Json, stub: Stub, key: str, size: int) -> Json | None:
    """The first page of a search and the link to the second, as the EHR's own server gives it; None if it has only one."""
    if value.get("resourceType") != "Bundle" or len(value.get("entry", ())) <= size:
        return None
    stub._searches[f"of-the-ehr-{key}"] = [e["resource"] for e in value["entry"]]
    link = f"{stub.base}?_getpages=of-the-ehr-{key}&_getpagesoffset={size}&_count={size}"
    return {**value, "entry": value["entry"][:size], "link": [{"relation": "next", "url": link}]}


@st.composite
def mixtures(draw: st.DrawFn) -> tuple[str, dict[str, str], int, int, bool]:
    """A chart, what the EHR does with each key, the server's page size, an order of the resources, and whether the server
    searches by code.
    """
    name = draw(st.sampled_from([n for n in (*SANDBOX, *CASES) if n not in ("14", "17")]))
    ways = draw(st.fixed_dictionaries({key: st.sampled_from(("sent", "omitted", "cut")) for key in KEYS}))
    return name, ways, draw(st.integers(1, 7)), draw(st.integers(0, 2**16)), draw(st.booleans())


@settings(deadline=None, max_examples=min(60, settings.default.max_examples))
@given(mixtures())
def test_any_mixture_of_sent_searched_and_cut_gives_the_same_verdicts(drawn: Any) -> None:
    name, ways, size, order, by_code = drawn
    bundle = chart(name)
    stub, patient = from_bundle(bundle), patient_of(bundle)
    random.Random(order).shuffle(stub.resources)  # noqa: S311 - an order of test data
    whole = sent(stub, patient)
    stub.page_size = size
    if not by_code:
        stub.faults.setdefault("Observation", lambda a: of_json(outcome(), 400) if "code=" in a.target else None)
    prefetch: Json = {}
    for key, way in ways.items():
        part = cut(copy.deepcopy(whole[key]), stub, key, size) if way == "cut" else None
        if way == "sent" or (way == "cut" and part is None):
            prefetch[key] = whole[key]
        elif part is not None:
            prefetch[key] = part
    assert called(stub, patient, prefetch) == from_a_bundle(bundle)


def test_a_search_asks_what_the_templates_ask_and_nothing_else() -> None:
    bundle = chart("C13")
    stub, patient = from_bundle(bundle), patient_of(bundle)
    called(stub, patient, {})
    asked = sorted(unquote(a.target.removeprefix("/fhir/")) for a in stub.asked)
    templates = [q.replace("{{context.patientId}}", patient) for q in snapshot().templates.values()]
    assert asked == sorted(templates)
