"""The phrase book is checked before anything is said with it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fhirpath_spine.errors import ProfileError
from fhirpath_spine.exchange.outgoing import KEYS, Phrases, fit, plain
from fhirpath_spine.pathway.facts import Rejection
from fhirpath_spine.pathway.sentences import Charted
from fhirpath_spine.pathway.truth import Reason
from tests.kit import decisions as make


@pytest.fixture(scope="module")
def phrases() -> Phrases:
    return Phrases(make.book())


def test_the_book_that_ships_holds_every_sentence(phrases: Phrases) -> None:
    assert set(KEYS) <= set(phrases.keys)


def test_a_missing_sentence_is_refused_by_name() -> None:
    book = make.book()
    del book["title-blocked"]
    with pytest.raises(ProfileError, match="missing: title-blocked"):
        Phrases(book)


@pytest.mark.parametrize("text", ["{nobody}", "{title} {", "{0}"])
def test_a_placeholder_that_nothing_fills_is_refused_by_name(text: str) -> None:
    with pytest.raises(ProfileError, match="unknown placeholder in: head"):
        Phrases({**make.book(), "head": text})


def test_summaries_that_say_nothing_of_the_patient_fit(phrases: Phrases) -> None:
    for key in ("summary-incomplete", "summary-unavailable"):
        assert len(phrases.text(key)) < 140


def test_chart_text_stays_marked_until_it_is_rendered(phrases: Phrases) -> None:
    said = phrases.say("evidence", label="Pain", value=(Charted("<b>"),))
    assert [part for part in said if isinstance(part, Charted)] == ["<b>"]


def test_all_that_is_missing_for_one_reason_stands_in_one_sentence(phrases: Phrases) -> None:
    said = phrases.missing(
        [
            make.missing("Grade"),
            make.missing("Labs", Reason.STALE, date="2026-05-01", days=7),
            make.missing("Level"),
            make.missing("Allergies", Reason.UNREAD),
        ]
    )
    assert [plain(s) for s in said] == [
        "Could not be read: Allergies.",
        "Older than 7 days: Labs (2026-05-01).",
        "Not recorded: Grade, Level.",
    ]


def test_a_conflict_shows_both_values_with_date_and_author_and_chooses_none(phrases: Phrases) -> None:
    both = (make.evidence("yes", author="Dr. A"), make.evidence("no", author="", date="2026-06-02"))
    said = phrases.missing([make.missing("Fitness", Reason.CONFLICT, alternatives=both)])
    assert plain(said[0]) == ("Conflict: Fitness yes (2026-06-01, Dr. A); no (2026-06-02). No value was chosen.")


def test_a_rejection_says_value_date_and_reason(phrases: Phrases) -> None:
    rejection = Rejection("c", "Creatinine", "no-unit", "Observation/o", (Charted("1.9"),), "2026-06-14")
    assert plain(phrases.rejection(rejection)) == "Creatinine 1.9 (2026-06-14) has no unit: not used."


def test_a_reason_without_a_sentence_is_its_own_words(phrases: Phrases) -> None:
    assert phrases.word("rejected", "odd-shape") == "odd shape"
    assert phrases.word("state", "TREAT_PLAN") == "treatment planning"


def test_a_title_is_cut_at_a_word() -> None:
    assert fit("one two three", 9) == "one two…"
    assert fit("short", 9) == "short"
    assert fit("a " + "x" * 20, 9) == "a xxxxxx…"


def test_a_lesion_is_called_by_class_and_levels(phrases: Phrases) -> None:
    assert phrases.lesion(replace(make.LESION, title="demo tumour", levels=("T8", "T9"))) == "demo tumour at T8, T9"
    assert phrases.lesion(replace(make.LESION, title="demo tumour", levels=())) == "demo tumour"
    assert phrases.lesion(make.LESION) == "demo tumour at T8"
