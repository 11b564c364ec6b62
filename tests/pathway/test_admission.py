"""Which pathways a chart enters: for which lesion, in which state, and what is left undecided."""

from __future__ import annotations

from typing import Any

import pytest

from fhirpath_spine.pathway.asking import Environment, gather
from fhirpath_spine.pathway.judging import Admitted, PolicyApplied, admit
from fhirpath_spine.pathway.truth import Reason, Truth
from tests.pathway.pathway_kit import (
    METASTASIS,
    PAIN,
    PARESIS,
    SCHWANNOMA,
    SITE,
    Json,
    answer,
    condition,
    entries,
    facts,
    judge,
    observation,
    shipped,
)

SINS = observation("sins", "sins-total", at="T8", valueInteger=9)
ECOG = observation("ecog", "ecog", valueInteger=1)
COMFORT = observation("goal", "goals-of-care", **answer("comfort-only"))


def _admitted(*told: Json, **how: Any) -> Admitted:
    def ignore(role: str, owner: str, name: str, answered: Truth) -> None:
        """Stands where nobody observes."""

    everyone = Environment(gather(shipped(), facts(*told, **how), SITE))
    return admit(everyone, PolicyApplied(everyone, "full"), ignore)


@pytest.mark.parametrize(
    ("told", "found"),
    [
        ((METASTASIS,), [("PW-METS", "CLASSIFY")]),
        ((METASTASIS, SINS), [("PW-METS", "CLASSIFY")]),
        ((METASTASIS, SINS, ECOG), [("PW-METS", "TREAT_PLAN")]),
        ((METASTASIS, SINS, ECOG, COMFORT), [("PW-PALL", "PALLIATE")]),
        ((METASTASIS, PARESIS), [("PW-COMPRESS", "EMERGENCY"), ("PW-METS", "CLASSIFY")]),
        ((SCHWANNOMA,), [("PW-OBSERVE", "OBSERVING")]),
        ((condition("m", "spinal-metastasis-site", at="T8", clinical="recurrence"),), [("PW-METS", "RECUR")]),
        ((condition("m", "spinal-metastasis-site", at="T8", verified="provisional"),), [("PW-SUSPECT", "CLASSIFY")]),
        ((condition("m", "spinal-metastasis-site", at="T8", clinical="resolved"),), []),
    ],
    ids=["met", "scored", "planned", "comfort", "deficit", "benign", "recurrent", "provisional", "resolved"],
)
def test_a_chart_enters_its_pathway_in_the_first_state_that_holds(
    told: tuple[Json, ...], found: list[tuple[str, str]]
) -> None:
    assert entries(judge(*told)) == found


def test_entries_stand_in_the_order_of_the_policy() -> None:
    order = list(shipped().policy.order)
    places = [order.index(id_) for id_, _ in entries(judge(SCHWANNOMA, METASTASIS, PARESIS, PAIN))]
    assert len(places) > 2
    assert places == sorted(places)


def test_the_fallback_takes_only_the_lesion_that_no_pathway_takes() -> None:
    mass = observation("mass", "spinal-lesion-on-imaging", at="C4", **answer("suspicious-mass"))
    taken = [(e.id, e.lesion.key if e.lesion else "") for e in judge(METASTASIS, mass).entries]
    assert taken == [("PW-METS", "metastasis:T8"), ("PW-SUSPECT", "unknown:C4")]


def test_a_whole_chart_leaves_nothing_undecided() -> None:
    admitted = _admitted(METASTASIS, SCHWANNOMA)
    assert admitted.undecided == ()
    assert admitted.everyone.circumstances.complete
    assert all(e.certain and e.doubt is None for e in admitted.entries)


def test_what_was_not_read_is_kept_as_undecided_and_named() -> None:
    admitted = _admitted(unread=["conditions"])
    assert not admitted.everyone.circumstances.complete
    assert {m.reason for m in admitted.undecided} == {Reason.UNREAD}
    assert "Tumour of the spine" in {m.item for m in admitted.undecided}
    assert all(e.doubt is not None for e in admitted.entries)


def test_an_entry_in_doubt_is_in_no_certain_state() -> None:
    admitted = _admitted(SCHWANNOMA, unread=["observations-neuro"])
    doubtful = [e for e in admitted.entries if e.doubt is not None]
    assert {e.pathway.id for e in doubtful} >= {"PW-COMPRESS", "PW-OBSERVE"}
    assert not any(e.certain for e in doubtful)


def test_what_is_only_not_recorded_puts_no_pathway_in_doubt() -> None:
    undecided = condition("m", "spinal-metastasis-site", at="T8")
    del undecided["verificationStatus"]
    admitted = _admitted(undecided)
    assert [e.pathway.id for e in admitted.entries] == ["PW-SUSPECT"]
    assert admitted.undecided == ()


def test_what_was_handed_on_before_more_was_known_is_left_as_it_was() -> None:
    everyone = Environment(gather(shipped(), facts(METASTASIS), SITE))
    admitted = admit(everyone, PolicyApplied(everyone, "full"), lambda *_: None)
    (before,), (after,) = everyone.circumstances.lesions, admitted.everyone.circumstances.lesions
    assert (before.item["pathways"], "state" in before.item) == ((), False)
    assert (after.item["pathways"], after.item["state"]) == (["PW-METS"], "CLASSIFY")
