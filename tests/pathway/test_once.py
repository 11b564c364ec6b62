"""What follows from a library is found once for it, and a library that nobody uses any more is gone."""

from __future__ import annotations

import gc
import weakref
from dataclasses import replace
from datetime import UTC, datetime

from fhirpath_spine.entrypoints.http import invented
from fhirpath_spine.exchange.outgoing import Ids, Phrases, Wording, write_cards
from fhirpath_spine.pathway.judging import decide
from fhirpath_spine.pathway.model import Library, Site
from fhirpath_spine.pathway.once import once
from fhirpath_spine.service import Snapshot

AT = datetime(2026, 6, 15, 12, tzinfo=UTC)


class Set:
    """Anything that can be forgotten."""


def test_an_answer_is_found_once_for_what_it_follows_from_and_the_rest_of_the_question() -> None:
    asked = []

    @once
    def both(of: Set, more: str) -> str:
        asked.append((of, more))
        return more * 2

    one, other = Set(), Set()
    assert [both(one, "a"), both(one, "a"), both(one, "b"), both(other, "a")] == ["aa", "aa", "bb", "aa"]
    assert asked == [(one, "a"), (one, "b"), (other, "a")]


def test_no_more_answers_are_kept_than_it_may_keep() -> None:
    asked = []

    def same(of: Set, number: int) -> int:
        del of
        asked.append(number)
        return number

    bounded, one = once(same, most=3), Set()
    assert [bounded(one, n) for n in (1, 2, 3, 3, 4, 1)] == [1, 2, 3, 3, 4, 1]
    assert asked == [1, 2, 3, 4, 1]


def test_a_library_is_gone_once_nobody_holds_it_whatever_was_judged_and_said_with_it(library: Library) -> None:
    mine = replace(library)
    wording = Wording(mine, Phrases(mine.phrases), Ids())
    for hook in mine.policy.hooks:
        Snapshot.of(mine, Site(), wording, hook.name)
    for chart in invented(mine, AT):
        write_cards(decide(mine, chart, AT, Site()), "i", wording)
    seen = weakref.ref(mine)
    del mine, wording, chart
    gc.collect()
    assert seen() is None
