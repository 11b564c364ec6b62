"""HL7's files, logical models and invariants, and HAPI's classes, judge what the service says and reads.

The counts stand in the last lines of the run.
"""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from fhirpath_spine.exchange import EXTENSION
from fhirpath_spine.exchange.ehr_side import Occasion
from fhirpath_spine.exchange.feedback import parse_feedback
from tests.standard import artifacts, served
from tests.standard.models import Issue, Models

SERVICES, RESPONSE, REQUEST = "CDSHooksServices", "CDSHooksResponse", "CDSHooksRequest"
LIBRARY = {
    *("patient-view", "order-select", "order-sign", "order-dispatch", "encounter-start", "encounter-discharge"),
    *("appointment-book", "problem-list-item-create", "allergyintolerance-create"),
    *("medication-refill", "medication-verify"),
}
"""The hooks of the published library that are not deprecated."""
MODELLED = {"patient-view", "order-select", "order-sign"}
"""Hooks whose context has a model."""
NEWER = {"unrecognized: version", "unrecognized: hookVersion"}
"""What the ballot of 3.0 adds to discovery; the models are of what is published."""
UNKNOWN_TO_HAPI = {"CdsServiceJson.usageRequirements", "CdsServiceResponseSuggestionActionJson.resourceId"}
"""What 2.0 added, and HAPI's classes do not have; the models judge it."""


@pytest.fixture(scope="module")
def models() -> Models:
    return Models(artifacts.models(), agreed=[EXTENSION])


@pytest.fixture(scope="module")
def heard() -> dict[str, Any]:
    """What HAPI's classes say, by name, of all that the service says; asked once."""
    asked: list[tuple[str, str, Any]] = [("discovery", "CdsServicesJson", served.discovery("2.0"))]
    asked += [(one.name, "CdsServiceResponseJson", one.body) for one in served.answers()]
    asked += [(name, "CdsServiceFeedbackJson", item) for name, item in FEEDBACK.items()]
    asked += [(name, kind, body) for name, (kind, body) in WRONG.items()]
    asked.append(("hapi", "feedback-of-hapi", None))
    return {one["name"]: one for one in artifacts.read_by_hapi(asked)}


FEEDBACK = {
    "accepted": {
        "card": "9f6a2a39-3b1b-4bd6-8ba0-0fd1f0a2a5c1",
        "outcome": "accepted",
        "acceptedSuggestions": [{"id": "4e0a3a1e-3283-4575-ab82-028d55fe2719"}],
        "outcomeTimestamp": "2026-06-15T10:05:31Z",
    },
    "overridden": {
        "card": "9f6a2a39-3b1b-4bd6-8ba0-0fd1f0a2a5c1",
        "outcome": "overridden",
        "overrideReason": {
            "reason": {"code": "contraindicated", "system": "https://example.org/reasons"},
            "userComment": "seen",
        },
        "outcomeTimestamp": "2026-06-15T10:05:31Z",
    },
}
CARD = {"summary": "s", "indicator": "info", "source": {"label": "l"}}
WRONG: dict[str, tuple[str, Any]] = {
    "no such indicator": ("CdsServiceResponseJson", {"cards": [{**CARD, "indicator": "hard-stop"}]}),
    "no label": ("CdsServiceResponseJson", {"cards": [{**CARD, "source": {}}]}),
    "misspelt": ("CdsServiceResponseJson", {"cards": [{**CARD, "summry": "s"}]}),
    "extension is a list": ("CdsServiceResponseJson", {"cards": [{**CARD, "extension": []}]}),
    "no description": ("CdsServicesJson", {"services": [{"hook": "patient-view", "id": "a"}]}),
    "no such outcome": ("CdsServiceFeedbackJson", {**FEEDBACK["overridden"], "outcome": "ignored"}),
}


# ------------------------------------------------------------------ the judge is judged


def test_the_models_find_in_each_official_file_what_hl7_finds_and_where(
    models: Models, counted: dict[str, str]
) -> None:
    files = artifacts.official()
    found = {file.name: {issue.place for issue in models.judge(file.model, json.loads(file.text))} for file in files}
    assert found == {file.name: {cut(place) for place in file.places} - {BUNDLE} for file in files}
    good = sum(file.is_good for file in files)
    assert 0 < good < len(files)
    counted["official files judged as HL7 judges them"] = f"{good} good, {len(files) - good} bad"


BUNDLE = "CDSHooksRequest.context.draftOrders"
"""Below it stand rules of FHIR for the entries of any Bundle (full URLs, extensions of other guides), and none of CDS Hooks."""


def cut(place: str) -> str:
    """A place down to the resource that it is in; what is wrong inside is said of the resource."""
    outer = place.split("/*")[0]
    return BUNDLE if outer.startswith(BUNDLE) else outer


MISTAKES: dict[str, tuple[str, Any]] = {
    "cds-resp-1": (
        RESPONSE,
        {**CARD, "selectionBehavior": "at-most-one", "suggestions": [{"label": "a", "isRecommended": True}] * 2},
    ),
    "cds-resp-2": (
        RESPONSE,
        {
            **CARD,
            "selectionBehavior": "any",
            "suggestions": [{"label": "a", "actions": [{"type": "delete", "description": "d"}]}],
        },
    ),
    "cds-resp-3": (
        RESPONSE,
        {**CARD, "links": [{"label": "l", "url": "https://a", "type": "absolute", "appContext": "c"}]},
    ),
    "cds-resp-4": (RESPONSE, {**CARD, "overrideReasons": [{"code": "c", "system": "https://a"}]}),
    "cds-resp-5": (
        RESPONSE,
        {**CARD, "selectionBehavior": "any", "suggestions": [{"label": "a", "actions": [{"type": "create"}]}]},
    ),
    "cds-resp-6": (RESPONSE, {**CARD, "suggestions": [{"label": "a"}]}),
    "cds-r-1": (REQUEST, {"fhirServer": ...}),
    "cds-r-2": (REQUEST, {"scope": "Patient/Observation.read"}),
    "ord-1": (REQUEST, {"selections": ["no-type"]}),
}
"""An invariant -> a card that breaks it, or what is changed in a request that breaks none."""


def request(scope: str = "user/*.read", selections: Any = ("ServiceRequest/1",), **changes: Any) -> dict[str, Any]:
    bundle = {"resourceType": "Bundle", "type": "collection"}
    access = {"access_token": "t", "token_type": "Bearer", "expires_in": 1, "scope": scope, "subject": "s"}
    context = {"userId": "Practitioner/1", "patientId": "p", "selections": list(selections), "draftOrders": bundle}
    whole = {
        "hook": "order-select",
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "fhirServer": "https://ehr.example.org/fhir",
        "fhirAuthorization": access,
        "context": context,
        **changes,
    }
    return {k: v for k, v in whole.items() if v is not ...}


@pytest.mark.parametrize("key", MISTAKES)
def test_each_invariant_of_the_models_is_broken_by_a_mistake_and_by_nothing_else(models: Models, key: str) -> None:
    model, change = MISTAKES[key]
    sound, broken = ({"cards": [CARD]}, {"cards": [change]}) if model == RESPONSE else (request(), request(**change))
    assert models.judge(model, sound) == []
    assert {issue.rule for issue in models.judge(model, broken)} == {key}


def test_no_invariant_is_left_out(models: Models, counted: dict[str, str]) -> None:
    assert models.invariants == set(MISTAKES)
    counted["invariants run by our engine, each seen to fail"] = str(len(MISTAKES))


@pytest.mark.parametrize("name", WRONG)
def test_the_classes_of_hapi_refuse_what_is_wrong(heard: dict[str, Any], name: str) -> None:
    assert heard[name].get("error") or heard[name]["missing"] or heard[name]["unknown"]


# ------------------------------------------------------------------ what the service says


def test_discovery_is_as_the_models_say_and_a_newer_version_adds_what_the_ballot_adds(models: Models) -> None:
    assert models.judge(SERVICES, served.discovery("2.0")) == []
    assert {issue.rule for issue in models.judge(SERVICES, served.discovery("3.0"))} == NEWER


def test_only_hooks_of_the_library_are_offered_each_at_an_address_of_its_own() -> None:
    services = served.discovery("2.0")["services"]
    hooks = [service["hook"] for service in services]
    assert set(hooks) <= LIBRARY
    assert len(hooks) == len(set(hooks))
    assert [service["id"] for service in services] == [f"spine-{hook}" for hook in hooks]


def test_every_answer_is_as_the_models_say(models: Models, counted: dict[str, str]) -> None:
    wrong: dict[str, list[Issue]] = {}
    for answer in served.answers():
        if found := models.judge(RESPONSE, answer.body):
            wrong[answer.name] = found
    assert wrong == {}
    cards = [card for answer in served.answers() for card in answer.body["cards"]]
    suggestions = [one for card in cards for one in card.get("suggestions", ())]
    assert {card["indicator"] for card in cards} == {"info", "warning", "critical"}
    actions = [action for one in suggestions for action in one["actions"]]
    assert {action["resource"]["resourceType"] for action in actions if "resource" in action} == {
        "CarePlan",
        "ServiceRequest",
    }
    assert {action["type"] for action in actions} == {"create", "delete"}
    assert any("overrideReasons" in card for card in cards)
    assert any("links" in card for card in cards)
    assert any("links" not in card for card in cards)
    counted["answers judged"] = (
        f"{len(served.answers())}, with {len(cards)} cards and {len(suggestions)} suggestions, for {len(served.CLIENTS)} clients"
    )


def test_hapi_reads_discovery_and_every_answer(heard: dict[str, Any]) -> None:
    said = [heard["discovery"], *(heard[one.name] for one in served.answers())]
    assert [one for one in said if one.get("error") or one["missing"]] == []
    assert {name for one in said for name in one["unknown"]} == UNKNOWN_TO_HAPI


def test_every_call_that_our_tools_make_is_as_the_models_say(models: Models, counted: dict[str, str]) -> None:
    calls = [call for call in served.calls() if call.body["hook"] in MODELLED]
    token = Occasion("patient-view", "p", "Practitioner/1", date(2026, 6, 15), "https://a.example.org/fhir", token="t")
    bodies = {call.name: call.body for call in calls}
    bodies["with a token"] = token.request("d1577c69-dfbe-44ad-ba6d-3e05e953b2ea", {})
    assert {name: found for name, body in bodies.items() if (found := models.judge(REQUEST, body))} == {}
    counted["calls of our tools judged"] = str(len(bodies))


# ------------------------------------------------------------------ what the service reads


@pytest.mark.parametrize("name", FEEDBACK)
def test_feedback_that_hapi_reads_is_read_here(heard: dict[str, Any], name: str) -> None:
    assert heard[name] == {"name": name, "unknown": [], "missing": []}
    (item,) = parse_feedback({"feedback": [FEEDBACK[name]]})
    assert (item.card, item.outcome) == (FEEDBACK[name]["card"], name)


def test_feedback_that_hapi_writes_is_read_here(heard: dict[str, Any], counted: dict[str, str]) -> None:
    written = heard["hapi"]["body"]
    (item,) = parse_feedback({"feedback": [written]})
    assert (item.card, item.outcome, item.timestamp) == (written["card"], "accepted", written["outcomeTimestamp"])
    assert [item.suggestion] == [one["id"] for one in written["acceptedSuggestions"]]
    counted["bodies read by the classes of HAPI"] = str(len(heard) - 1)


def test_an_official_request_is_answered_or_refused_with_a_reason(counted: dict[str, str]) -> None:
    served_hooks = {service["hook"] for service in served.discovery("2.0")["services"]}
    requests = [file for file in artifacts.official() if file.model.endswith(REQUEST)]
    statuses = []
    for file in requests:
        body = json.loads(file.text)
        hook = body["hook"] if body["hook"] in served_hooks else "patient-view"
        answer = served.client().post(f"/cds-services/spine-{hook}", json=body)
        statuses.append(answer.status_code)
        if hook != body["hook"]:
            assert answer.status_code == 400, file.name
        elif file.is_good:
            assert answer.status_code == 200, file.name
        if answer.status_code == 200:
            assert answer.json()["cards"] is not None
        else:
            assert answer.json()["resourceType"] == "OperationOutcome"
    assert set(statuses) <= {200, 400, 412}
    counted["official requests answered"] = (
        f"{statuses.count(200)}, refused with a reason: {len(statuses) - statuses.count(200)}"
    )
