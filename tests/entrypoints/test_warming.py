"""The call before the first: it reaches what a first caller would otherwise wait for."""

from __future__ import annotations

from datetime import UTC, datetime

from fhirpath_spine.authoring import profiles_directory
from fhirpath_spine.authoring.loading import load_written
from fhirpath_spine.entrypoints.content import Content
from fhirpath_spine.entrypoints.http import invented, warm
from fhirpath_spine.exchange.outgoing import Ids, Phrases, Wording
from fhirpath_spine.pathway.asking import expressions
from fhirpath_spine.pathway.judging import decide
from fhirpath_spine.pathway.model import Site
from fhirpath_spine.service import Snapshot
from tests.pathway.pathway_kit import shipped

AT = datetime(2026, 6, 15, 12, tzinfo=UTC)


def test_the_invented_charts_enter_pathways_and_have_something_to_say_of_them() -> None:
    decisions = [decide(shipped(), chart, AT, Site()) for chart in invented(shipped(), AT)]
    assert len({e.id for d in decisions for e in d.entries}) > 2
    assert sum(v.status.shown for d in decisions for v in d.verdicts) > 5


def test_it_makes_ready_what_the_charts_ask_and_a_start_makes_ready_most() -> None:
    library, written = load_written(profiles_directory())
    everything, wording = list(expressions(library)), Wording(library, Phrases(library.phrases), Ids())
    assert not any(e.prepared for e in everything)
    warm(Snapshot.of(library, Site(), wording), AT)
    assert sum(e.prepared for e in everything) > len(everything) / 5
    Content(library, Site(), wording, tuple(c.expression for c in written.expressions if c.criterion)).prepare()
    assert sum(e.prepared for e in everything) > len(everything) / 2
