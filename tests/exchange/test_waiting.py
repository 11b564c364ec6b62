"""What several recommendations could not read is said once in the explanation, and nothing of it is lost."""

from __future__ import annotations

from typing import Any

from fhirpath_spine.exchange.outgoing import explain
from fhirpath_spine.pathway.decision import Status
from fhirpath_spine.pathway.truth import Reason
from tests.kit import decisions as make


def detail(*wanted: list[str], reason: Reason = Reason.UNREAD) -> str:
    verdicts: list[Any] = [
        make.verdict(f"R-DEMO-{n}", Status.NEEDS_DATA, missing=tuple(make.missing(i, reason) for i in items))
        for n, items in enumerate(wanted)
    ]
    wording = make.wording()
    return explain(make.decision(make.planned(*verdicts)), "d", wording.library, wording.phrases)[0].text


def test_what_all_wait_for_is_said_once_and_first() -> None:
    text = detail(["Gait", "ECOG"], ["Gait"], ["Gait", "Grade"])
    assert text.count("Gait") == 1
    assert text.index("All of these wait for what could not be read: Gait.") < text.index("R-DEMO-0")
    assert "(R-DEMO-0): Could not be read: ECOG." in text
    assert "(R-DEMO-1): Waits for what all of these wait for." in text


def test_a_list_that_some_share_gets_a_letter() -> None:
    text = detail(["Gait", "Power", "Bladder"], ["Gait", "Power", "Bladder", "ECOG"], ["Grade"])
    assert text.count("Power") == 1
    assert "Group A, named below, could not be read: Gait, Power, Bladder." in text
    assert "(R-DEMO-1): Could not be read: group A, ECOG." in text
    assert "(R-DEMO-2): Could not be read: Grade." in text


def test_short_lists_and_what_is_not_recorded_stay_where_they_are() -> None:
    text = detail(["Gait"], ["Gait"])
    assert text.count("Could not be read: Gait.") == 2
    text = detail(["Gait"], ["Gait"], ["Gait"], reason=Reason.NOT_RECORDED)
    assert text.count("Not recorded: Gait.") >= 3
    assert "All of these wait" not in text
