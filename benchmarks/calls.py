"""Whole hook calls in process: bytes in, bytes out, with everything between them that the service does."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Callable
from typing import Any

import orjson

from benchmarks.profile_set import identifier
from benchmarks.stacks import AT, Answers
from fhirpath_spine.exchange.incoming import parse
from fhirpath_spine.exchange.outgoing import PUBLIC_KEY, Ids, Phrases, Wording, write_cards
from fhirpath_spine.pathway.decision import Decision, Status
from fhirpath_spine.pathway.facts import Chart, Read
from fhirpath_spine.pathway.judging import decide
from fhirpath_spine.pathway.model import Library, Site
from fhirpath_spine.service import CallRecord, Client, HookService, Snapshot, Trace
from tests.kit.ports import Unfetched

TRUTH = {Status.RECOMMENDED: True, Status.NOT_APPLICABLE: False, Status.NEEDS_DATA: None}


class Forgetful:
    """A journal that keeps nothing."""

    def keep(self, record: CallRecord) -> None:
        """Drops the record."""


def service(library: Library) -> HookService:
    """The service of a library, with nothing to fetch from and a fixed clock."""
    snapshot = Snapshot.of(library, Site(), Wording(library, Phrases(library.phrases), Ids(PUBLIC_KEY)))
    return HookService("spine-patient-view", "patient-view", snapshot, Unfetched(), Forgetful(), lambda: AT)


def caller(library: Library) -> Callable[[bytes], bytes]:
    """One whole call after another on one event loop, as a worker answers them. The loop ends with the caller."""
    answering, client, loop = service(library), Client(), asyncio.new_event_loop()

    def call(body: bytes) -> bytes:
        return orjson.dumps(loop.run_until_complete(answering.answer(parse(body), client, Trace())))

    weakref.finalize(call, loop.close)
    return call


def worded(decision: Decision, answering: HookService) -> bytes:
    """The cards of a decision as bytes."""
    return orjson.dumps(write_cards(decision, "bench", answering.snapshot.wording).cards)


def sixty_answers(library: Library, body: dict[str, Any]) -> Answers:
    """What the pathway engine says to the 60 questions."""
    reads = {}
    for key, value in body["prefetch"].items():
        found = [e["resource"] for e in value["entry"]] if value["resourceType"] == "Bundle" else [value]
        reads[key] = Read(tuple(found))
    decision = decide(library, Chart(body["context"]["patientId"], reads), AT, Site())
    verdicts = {v.id: v for v in decision.verdicts}
    return [TRUTH[verdicts[identifier(number)].status] for number in range(60)]
