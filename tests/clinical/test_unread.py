"""A prefetch key that fails, is left out or is cut short: no verdict is gained by it, and no one is left in silence.

Design section 10, rulings 1.9 and 9. A verdict may become needs-data, or the call may be refused.
"""

from __future__ import annotations

from functools import cache

import pytest

from tests.clinical.clinical_kit import (
    CASES,
    LOSSES,
    Json,
    Judged,
    bundle,
    chart_of,
    day,
    judge,
    judged,
    patient_of,
    prefetch,
    queries,
    silent,
)


@cache
def sent(case: str) -> Json:
    return prefetch(bundle(case), day(case))


def judged_without(case: str, key: str, loss: str) -> Judged:
    return judge(chart_of(LOSSES[loss](sent(case), key), patient_of(bundle(case))), day(case))


@pytest.mark.parametrize("case", CASES)
def test_the_prefetch_of_a_case_gives_the_verdicts_of_its_bundle(case: str) -> None:
    assert judge(chart_of(sent(case), patient_of(bundle(case))), day(case)).verdicts == judged(case).verdicts


EACH = [(case, key, loss) for case in CASES for key in queries() for loss in LOSSES]
"""Every loss of every key of every case: 20 seconds of work. `make test` takes each eleventh, CI all: eleven divides neither
the keys nor the losses, so that each key is lost in each way, and each case loses some."""


@pytest.mark.parametrize(
    ("case", "key", "loss"),
    [pytest.param(*one, marks=[] if n % 11 == 0 else pytest.mark.thorough) for n, one in enumerate(EACH)],
)
def test_a_lost_key_recommends_nothing_new_rules_nothing_out_and_is_not_hushed_up(
    case: str, key: str, loss: str
) -> None:
    full, lost = judged(case), judged_without(case, key, loss)
    assert lost.recommended - full.recommended == set()
    for id_ in lost.having("not-applicable"):
        # Not printed is not applicable: its pathway does not apply at all.
        assert full.statuses.get(id_, {"not-applicable"}) & {"not-applicable"}, id_
    if full.cards:
        assert not silent(lost)
    gone = {id_ for id_ in full.recommended if id_ not in lost.statuses}
    if gone and lost.error is None:
        # Of what cannot be judged at all a card says that the data are incomplete.
        assert any(card["source"]["topic"]["code"] == "SPINEdataincomplete" for card in lost.cards), gone


@pytest.mark.parametrize("case", CASES)
def test_a_chart_of_which_nothing_was_read_is_refused(case: str) -> None:
    result = judge(chart_of({}, patient_of(bundle(case))), day(case))
    assert result.error is not None
    assert result.error.code == "scope-undecidable"


def test_a_lost_key_that_matters_is_named_on_a_card() -> None:
    lost = judged_without("C13", "observations-laboratory", "failed")
    assert lost.statuses["R-NEU-07"] == {"needs-data"}
    assert lost.says("Neutrophils")
    assert any(card["source"]["topic"]["code"] == "SPINEdataincomplete" for card in lost.cards)
