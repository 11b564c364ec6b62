"""Words that raise a doubt: a table of texts with the right answer, and what holds for every text."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from fhirpath_spine.pathway import facts
from fhirpath_spine.pathway.facts import LENGTH, Doubt, Lists, Stop, Word, Words, fold, tokens
from tests.kit import content
from tests.kit.costs import in_proportion

STRONG, WEAK, NONE = Doubt.STRONG, Doubt.WEAK, Doubt.NONE


class Row(NamedTuple):
    doubt: Doubt
    deficit: bool
    text: str


def rows(name: str) -> list[Row]:
    found = []
    for line in (Path(__file__).parent / name).read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            doubt, deficit, text = line.split("|", 2)
            found.append(Row(Doubt[doubt.strip()], deficit.strip() == "yes", text.strip()))
    return found


@cache
def lists() -> dict[str, Lists]:
    return dict(content.library().words)


@cache
def shipped(*languages: str) -> Words:
    return facts.for_site(lists(), languages or ("en",))


ENGLISH, GERMAN = rows("words.txt"), rows("words.de.txt")


def name(row: Row) -> str:
    return row.text.encode("ascii", "backslashreplace").decode() or "no text"


def test_a_text_raises_the_doubt_that_its_words_mean() -> None:
    heard = {row.text: (shipped().doubt_of(row.text), shipped().says_deficit(row.text)) for row in ENGLISH}
    assert heard == {row.text: (row.doubt, row.deficit) for row in ENGLISH}


@pytest.mark.parametrize("row", GERMAN, ids=name)
def test_a_text_of_a_site_that_writes_german_too(row: Row) -> None:
    heard = shipped("de", "en")
    assert (heard.doubt_of(row.text), heard.says_deficit(row.text)) == (row.doubt, row.deficit)


def test_another_language_beside_takes_no_doubt_away() -> None:
    both = shipped("en", "de")
    assert [row.text for row in ENGLISH if not both.doubt_of(row.text) >= row.doubt] == []


def test_the_table_is_long_and_holds_every_answer() -> None:
    assert len({row.text for row in ENGLISH}) == len(ENGLISH) >= 150
    assert {(row.doubt, row.deficit) for row in ENGLISH} >= {
        (STRONG, False),
        (WEAK, False),
        (NONE, True),
        (NONE, False),
    }


def test_every_word_of_the_lists_is_heard_when_it_stands_alone() -> None:
    for language, one in lists().items():
        heard = facts.compile([one])
        for kind, doubt in (("strong", STRONG), ("weak", WEAK)):
            silent = [w.say for w in getattr(one, kind) if heard.doubt_of(said(w)) < doubt]
            assert silent == [], language
        assert [w.say for w in one.deficit if not heard.says_deficit(said(w))] == [], language


def said(word: Word) -> str:
    """A text that is just this word."""
    return word.say.replace("*", "").replace(" ..", "")


def test_every_stop_of_the_lists_stops_a_word() -> None:
    """Of each stop some text is silent that is heard without it."""
    for language, one in lists().items():
        whole = facts.compile([one])
        for stop in one.stops:
            rest = facts.compile(
                [Lists(one.strong, one.weak, one.deficit, (), one.breaks, one.patient, one.abbreviations)]
            )
            assert any(_quieter(whole, rest, text) for text in _stopped(stop, one)), (language, stop.say)


def _stopped(stop: Stop, one: Lists) -> list[str]:
    say = stop.say.replace("*", "")
    kinds = [getattr(one, kind) for kind in sorted(stop.kinds)]
    around = [said(found[0]) for found in kinds if found]
    texts = {"following": "{say} {word}", "preceding": "{word} {say}", "both": "{word} {say}", "itself": "{say}"}
    return [texts[stop.governs].format(say=say, word=word) for word in around]


def _quieter(whole: Words, rest: Words, text: str) -> bool:
    less = whole.doubt_of(text) < rest.doubt_of(text) or (rest.says_deficit(text) and not whole.says_deficit(text))
    return less and whole.doubt_of(text) is NONE


# ------------------------------------------------------------------ for every text

TEXTS = st.sampled_from([row.text for row in ENGLISH])
HEARD = [row.text for row in ENGLISH if row.doubt is not NONE]
APART = st.sampled_from(["; ", ". ", ".\n", "\n", " ; "])
PLAIN = ["knee", "pain", "left", "of", "the", "seen", "today", "stable", "blood", "pressure", "12", "2019"]
SENTENCE = st.lists(st.sampled_from(PLAIN), max_size=8).map(" ".join)


@given(st.text(max_size=200))
def test_a_text_without_any_word_of_a_list_is_none(text: str) -> None:
    plain = {t.text for t in tokens(fold(text))}
    assume(
        not any(
            w.say.strip("*").split()[0].strip("*") in t
            for t in plain
            for k in ("strong", "weak")
            for w in getattr(lists()["en"], k)
        )
    )
    assert shipped().doubt_of(text) is NONE


@given(TEXTS)
def test_case_does_not_matter(text: str) -> None:
    assert shipped().doubt_of(text.upper()) is shipped().doubt_of(text.lower()) is shipped().doubt_of(text)


@given(
    TEXTS,
    st.sampled_from(["  ", "\t", " \t ", "\u00a0", "\u2003"]),
    st.sampled_from(['"', "(", "*", " ", ": ", "?", "..."]),
)
def test_spacing_and_signs_around_do_not_matter(text: str, space: str, sign: str) -> None:
    assert shipped().doubt_of(sign + text.replace(" ", space) + sign) is shipped().doubt_of(text)


@given(TEXTS, APART, SENTENCE)
def test_an_unrelated_clause_behind_or_before_changes_nothing(text: str, apart: str, plain: str) -> None:
    doubt = shipped().doubt_of(text)
    assert shipped().doubt_of(text + apart + plain) is doubt
    assert shipped().doubt_of(plain + apart + text) is doubt


@given(TEXTS, APART, TEXTS)
def test_two_sentences_say_what_the_louder_one_says(one: str, apart: str, other: str) -> None:
    both = one + apart + other
    assert shipped().doubt_of(both) is max(shipped().doubt_of(one), shipped().doubt_of(other))
    assert shipped().says_deficit(both) == (shipped().says_deficit(one) or shipped().says_deficit(other))


CLAUSE_STOPS = ["screening for", "no evidence of", "fear of", "risk of", "ruled out", "vaccine against"]


@given(
    st.sampled_from(CLAUSE_STOPS),
    SENTENCE,
    st.sampled_from([", ", "; ", ". ", " and ", " but "]),
    st.sampled_from(HEARD),
)
def test_a_stop_before_another_clause_cancels_nothing(stop: str, plain: str, apart: str, text: str) -> None:
    assert shipped().doubt_of(f"{stop} {plain}{apart}{text}") is shipped().doubt_of(text)


@given(st.text(max_size=300))
def test_any_text_has_an_answer(text: str) -> None:
    assert shipped("en", "de").doubt_of(text) in Doubt


def test_a_text_longer_than_is_read_is_a_doubt_by_itself() -> None:
    assert shipped().doubt_of("a " * LENGTH) is WEAK
    assert shipped().doubt_of("cancer " + "a " * LENGTH) is STRONG
    assert shipped().doubt_of("a" * LENGTH) is NONE


@pytest.mark.parametrize(
    "piece",
    [
        "cancer ",
        "no evidence of cancer ",
        "family history of ",
        "weak a ",
        "ruled out ",
        "a",
        "1.",
        "-",
        "' ",
        "cannot ",
    ],
)
def test_time_grows_with_the_text_and_no_faster(piece: str) -> None:
    """Ten times the text in at most some thirty times the work, whatever is repeated: squared it would be a hundred."""

    texts = {length: (piece * length)[:length] for length in (LENGTH // 10, LENGTH)}
    assert in_proportion(lambda length: shipped().doubt_of(texts[length]), LENGTH // 10, LENGTH, times=30)


# ------------------------------------------------------------------ a site's own words


def test_a_sites_own_words_are_heard_beside_those_of_its_language() -> None:
    own = Lists(strong=(Word("neoplazm"),), deficit=(Word("jelly legs"),))
    heard = facts.for_site(lists(), ("en",), own)
    assert heard.doubt_of("Neoplazm of lung") is STRONG
    assert heard.doubt_of("No evidence of neoplazm") is NONE
    assert heard.says_deficit("Jelly legs")
    assert heard.doubt_of("Breast cancer") is STRONG
    assert shipped().doubt_of("Neoplazm of lung") is NONE
