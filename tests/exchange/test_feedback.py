"""Feedback: every shape that clients send is read, no free text is kept, and rates say how sure they are."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhirpath_spine.errors import BodyTooLarge, RequestError
from fhirpath_spine.exchange.feedback import (
    ITEMS,
    Issued,
    Item,
    Row,
    cards_issued,
    interval,
    latest,
    parse_feedback,
    summary,
)
from fhirpath_spine.exchange.outgoing import write_cards
from tests.kit import decisions as make

AT = "2026-06-15T10:05:31Z"
CARD = "4e0a3a1e-3283-4575-ab82-028d55fe2719"
CODED = {"code": "contraindicated", "system": "https://example.com/reasons"}


def item(**changes: Any) -> dict[str, Any]:
    whole = {"card": CARD, "outcome": "overridden", "outcomeTimestamp": AT, **changes}
    return {k: v for k, v in whole.items() if v is not ...}


# ------------------------------------------------------------------ what is read


def test_several_suggestions_and_several_cards_come_in_one_call() -> None:
    body = {
        "feedback": [
            item(outcome="accepted", acceptedSuggestions=[{"id": "s1"}, {"id": "s2"}]),
            item(overrideReason={"reason": CODED, "userComment": "canary4711"}),
        ]
    }
    assert parse_feedback(body) == (
        Item(CARD, "s1", "accepted", AT),
        Item(CARD, "s2", "accepted", AT),
        Item(CARD, "", "overridden", AT, "https://example.com/reasons|contraindicated"),
    )


@pytest.mark.parametrize(
    "body",
    [
        {"feedback": [item(overrideReason=CODED)]},
        item(overrideReason={"reason": CODED}),
        {"feedback": [item(overrideReason={"reason": {**CODED, "display": "canary4711"}}), item(overrideReason=CODED)]},
    ],
    ids=["flat reason", "no list", "twice"],
)
def test_shapes_of_drafts_and_of_other_services_say_the_same(body: Any) -> None:
    (found,) = parse_feedback(body)
    assert found.reason == "https://example.com/reasons|contraindicated"


@pytest.mark.parametrize("at", ["2020-12-16", "2020-05-13T20:10:12.147Z", "2026-06-15T10:05:31+02:00"])
def test_an_instant_is_kept_as_it_came(at: str) -> None:
    (found,) = parse_feedback(item(outcomeTimestamp=at))
    assert found.timestamp == at


@pytest.mark.parametrize(
    "reason",
    [
        {"userComment": "canary4711 canary4711"},
        {"reason": {"code": "canary4711 is allergic", "system": "https://a.example"}},
        {"reason": {"code": "x", "system": "canary4711"}},
        {"reason": {"code": 1}},
        {"reason": "canary4711"},
    ],
)
def test_no_free_text_comes_through(reason: Any) -> None:
    (found,) = parse_feedback(item(overrideReason=reason))
    assert found.reason == "other"


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {},
        {"feedback": {}},
        {"feedback": ["canary4711"]},
        item(card=...),
        item(card="canary4711 <b>"),
        item(card="x" * 65),
        item(outcome="canary4711"),
        item(outcomeTimestamp=...),
        item(outcomeTimestamp="canary4711"),
        item(outcomeTimestamp="2026-13-45"),
        item(outcome="accepted", acceptedSuggestions="canary4711"),
        item(outcome="accepted", acceptedSuggestions=[{"id": "canary4711 x"}]),
    ],
)
def test_what_is_no_feedback_is_refused_and_not_repeated(body: Any) -> None:
    with pytest.raises(RequestError) as refused:
        parse_feedback(body)
    assert "canary4711" not in f"{refused.value} {refused.value.expression}"


def test_too_many_items_are_refused() -> None:
    assert len(parse_feedback({"feedback": [item(card=f"c{n}") for n in range(ITEMS)]})) == ITEMS
    with pytest.raises(BodyTooLarge):
        parse_feedback({"feedback": [item()] * (ITEMS + 1)})


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=20),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["feedback", "card", "outcome", "outcomeTimestamp", "overrideReason", "reason", "code"]
                ),
                inner,
                max_size=4,
            )
        ),
        max_leaves=15,
    )
)
def test_any_json_is_read_or_refused(body: Any) -> None:
    try:
        found = parse_feedback(body)
    except RequestError:
        return
    json.dumps([one.card for one in found])


# ------------------------------------------------------------------ what was issued


def test_each_suggestion_is_tied_to_its_recommendation() -> None:
    library = make.library()
    worded = write_cards(make.decision(make.planned(make.verdict())), "d", make.wording(library))
    (card,) = worded.cards
    found = cards_issued(worded.cards, library, worded.carried)
    assert found[0] == replace(
        found[0], card=card["uuid"], suggestion="", pathway="PW-DEMO", indicator=card["indicator"]
    )
    assert [one.recommendation for one in found[1:]] == ["R-DEMO-01", "plan"]
    assert {one.suggestion for one in found[1:]} == {s["uuid"] for s in card.get("suggestions", ())}


# ------------------------------------------------------------------ what it adds up to

ROW = Row("a", "c1", "s1", "accepted", AT, "R", "P", "1.0.0", (), known=True)


def test_what_was_said_last_counts_whatever_came_first() -> None:
    later = replace(ROW, outcome="overridden", timestamp="2026-06-15T12:00:00+01:00")
    assert latest([later, ROW]) == [later]


def test_rates_are_of_who_answered_and_have_an_interval() -> None:
    rows = [replace(ROW, card=f"c{n}", outcome="accepted" if n < 3 else "overridden") for n in range(4)]
    rows.append(replace(ROW, card="x", known=False))
    shown = [("a", Issued(f"c{n}", "s1", "R", "P", "1.0.0")) for n in range(10)]
    found = summary(rows, shown)
    assert (found["shown"], found["unknown"]) == (10, 1)
    assert found["total"]["acceptance"] == 0.75
    assert found["by-recommendation"] == [{"name": "R", "shown": 10, **found["total"]}]
    assert found["by-week"][0]["name"] == "2026-W25"


def test_reasons_are_ranked() -> None:
    rows = [replace(ROW, card=f"c{n}", outcome="overridden", reasons=("b" if n else "a",)) for n in range(3)]
    assert summary(rows, [])["reasons"] == [{"reason": "b", "count": 2}, {"reason": "a", "count": 1}]


def test_an_interval_is_that_of_wilson() -> None:
    assert interval(0, 0) is None
    low, high = interval(8, 10) or (0.0, 0.0)
    assert (round(low, 4), round(high, 4)) == (0.4902, 0.9433)


@given(st.integers(1, 500), st.floats(0, 1))
def test_an_interval_holds_its_rate(answered: int, share: float) -> None:
    accepted = round(answered * share)
    low, high = interval(accepted, answered) or (1.0, 0.0)
    assert 0 <= low <= accepted / answered + 1e-9
    assert accepted / answered - 1e-9 <= high <= 1
