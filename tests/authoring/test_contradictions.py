"""All thirty contradictions are presented, each at a place that the profiles hold."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.kit import content

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "contradictions.md").read_text(encoding="utf-8")
ROWS = dict(re.findall(r"^\| (X\d+) \|.*\| ([^|]+) \|$", PAGE, re.MULTILINE))


@pytest.fixture(scope="module")
def library():
    return content.library()


def test_all_thirty_are_listed_once_and_in_order():
    assert re.findall(r"^\| (X\d+) \|", PAGE, re.MULTILINE) == [f"X{n}" for n in range(1, 31)]
    assert len(ROWS) == 30


def test_each_names_where_and_all_of_it_exists(library):
    policy = library.policy
    known = {use.recommendation.id for pathway in library.pathways for use in pathway.uses}
    known |= {part.id for part in (*policy.holds, *policy.goals, *library.frameworks)}
    known |= {*library.definitions, *library.needs, *library.sources}
    named = {x: re.findall(r"`([^`]+)`", where) for x, where in ROWS.items()}
    assert [x for x, where in named.items() if not where] == []
    assert {x: lost for x, where in named.items() if (lost := set(where) - known)} == {}


@pytest.mark.parametrize(
    ("row", "claims"),
    [("X1", {"N11"}), ("X7", {"E10", "E11"}), ("X9", {"T11"}), ("X12", {"P1"}), ("X29", {"N21"})],
)
def test_what_is_never_a_reason_can_never_show(library, row, claims):
    uses = [use.recommendation for pathway in library.pathways for use in pathway.uses]
    found = [one for one in uses if claims & {c.id for c in one.claims}]
    assert found
    assert all(one.suppressed or one.unreachable for one in found)
    assert any(one.id in ROWS[row] for one in found)


def test_only_kinds_that_are_no_guideline_stand_behind_the_claims(library):
    assert {s.kind for s in library.sources.values()} <= {
        "clinician-article",
        "web-article",
        "case-report",
        "patient-education",
    }
    assert {s.certainty for s in library.sources.values()} == {"very-low"}


SAID = (
    # row, the recommendation or hold, words that it can say
    ("X2", "NEUROFIBROMATOSIS", "radiation-induced tumour"),
    ("X2", "RE-IRRADIATION", "radiation-induced tumour"),
    ("X3", "R-TX-09", "has not been shown to act on tumours of the cord"),
    ("X3", "R-MET-06", "follows the primary, not the spine"),
    ("X4", "R-NEU-07", "the seed author's examples"),
    ("X4", "R-NEU-07", "off-label for this tumour: no dose, no order"),
    ("X5", "R-NEU-10", "The source names no gene change"),
    ("X5", "R-NEU-10", "A germline result alone is no target"),
    ("X6", "R-SURV-01", "gives no end date"),
    ("X7", "R-PAL-03", "one reported patient"),
    ("X9", "R-STER-01", "not against the tumour. No dose"),
    ("X12", "R-SUS-01", "to an evaluation, not to a diagnosis"),
    ("X13", "R-SUS-03", "MRI does not replace tissue"),
    ("X14", "R-SUS-06", "tissue is the deciding step"),
    ("X14", "R-SUS-06", "biopsy in a specialist centre only"),
    ("X15", "R-SUS-05", "can miss purely lytic disease and excludes nothing"),
    ("X16", "R-SUS-07", "the list is not complete and rules nothing out"),
    ("X17", "R-SUS-10", "age prompts the differential and decides nothing"),
    ("X18", "R-RISK-04", "contributes indirectly"),
    ("X19", "R-SELF-02", "Diet, not supplements"),
    ("X20", "R-TX-04", "A laminectomy alone does not stabilise"),
    ("X22", "R-PAIN-05", "Stability comes before exercise"),
    ("X25", "R-NEU-00", "Not for malignant or metastatic tumours"),
    ("X26", "R-NEU-02", "the surgeon's judgement"),
    ("X27", "PAEDIATRIC", "silent on children"),
    ("X27", "PREGNANCY", "The sources are silent on pregnancy"),
    ("X27", "PREGNANCY-NOT-STATED", "the sources are silent on pregnancy"),
    ("X27", "RE-IRRADIATION", "the sources are silent on earlier doses"),
    ("X27", "RADIATION-HISTORY", "the sources are silent on earlier doses"),
    ("X27", "BLEEDING", "the sources are silent on anticoagulation"),
    ("X27", "R-PAIN-04", "the sources are silent on anticoagulation"),
    ("X27", "R-PAIN-06", "the sources are silent on anticoagulation"),
    ("X27", "R-SUS-03", "The sources are silent on MRI contraindications"),
    ("X27", "R-EMG-02", "The sources are silent on MRI contraindications"),
    ("X28", "R-NEU-11", "A listed option without a study"),
    ("X28", "R-NEU-12", "A listed option without a study"),
)


@pytest.mark.parametrize(("row", "where", "words"), SAID)
def test_what_a_row_promises_stands_in_a_sentence_of_its_place(library, row, where, words):
    spoken = {
        use.recommendation.id: [
            *(line.say for line in use.recommendation.lines),
            *(c.say for part in (use.recommendation.blocked, use.recommendation.caution) for c in part if c.say),
        ]
        for pathway in library.pathways
        for use in pathway.uses
    }
    spoken |= {hold.id: [hold.say, *(line.say for line in hold.head)] for hold in library.policy.holds}
    assert where in ROWS[row]
    assert any(words in text.source for text in spoken[where])
