"""The call before the first: it reaches what a first caller would otherwise wait for."""

from __future__ import annotations

from datetime import UTC, datetime

from fhirpath_spine.entrypoints.http import invented, warm
from fhirpath_spine.exchange.outgoing import Ids, Phrases, Wording
from fhirpath_spine.pathway.asking import expressions
from fhirpath_spine.pathway.judging import decide
from fhirpath_spine.pathway.model import Library, Site
from fhirpath_spine.service import Snapshot
from tests.pathway.pathway_kit import shipped

AT = datetime(2026, 6, 15, 12, tzinfo=UTC)


def test_the_invented_charts_enter_pathways_and_have_something_to_say_of_them() -> None:
    decisions = [decide(shipped(), chart, AT, Site()) for chart in invented(shipped(), AT)]
    assert len({e.id for d in decisions for e in d.entries}) > 2
    assert sum(v.status.shown for d in decisions for v in d.verdicts) > 5


def test_after_it_most_expressions_have_been_made_ready() -> None:
    library: Library = shipped()
    warm(Snapshot.of(library, Site(), Wording(library, Phrases(library.phrases), Ids())), AT)
    made = [e for e in expressions(library) if e.prepared]
    assert len(made) > len(list(expressions(library))) / 2
