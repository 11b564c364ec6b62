"""The call before the first: it reaches what a first caller would otherwise wait for."""

from __future__ import annotations

import gc
from datetime import UTC, datetime

from fhirpath_spine.authoring import profiles_directory
from fhirpath_spine.authoring.loading import load_written
from fhirpath_spine.entrypoints.content import Content
from fhirpath_spine.entrypoints.http import build, in_force, invented, warm
from fhirpath_spine.entrypoints.settings import Settings
from fhirpath_spine.exchange.outgoing import Ids, Phrases, Wording
from fhirpath_spine.pathway.asking import expressions
from fhirpath_spine.pathway.judging import decide
from fhirpath_spine.pathway.model import Site
from fhirpath_spine.service import Snapshot
from tests.kit.content import library as shipped_library
from tests.kit.content import shipped

AT = datetime(2026, 6, 15, 12, tzinfo=UTC)


def test_the_invented_charts_enter_pathways_and_have_something_to_say_of_them() -> None:
    decisions = [decide(shipped_library(), chart, AT, Site()) for chart in invented(shipped_library(), AT)]
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


def test_who_serves_takes_what_is_loaded_out_of_the_collectors_sight_and_who_only_builds_does_not() -> None:
    bounds, seen = gc.get_threshold(), gc.get_freeze_count()
    try:
        build(Settings(mode="dev"), shipped())
        assert gc.get_threshold() == bounds
        assert gc.get_freeze_count() <= seen
        in_force(Settings(mode="dev"), shipped())
        assert gc.get_threshold() != bounds
        assert gc.get_freeze_count() > seen
    finally:
        gc.set_threshold(*bounds)
