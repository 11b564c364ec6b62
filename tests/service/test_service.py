"""One hook call with fake ports: what is fetched, what is judged, what is kept, what comes back.

It is long because every way that a call ends is asked of the same fakes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from fhirpath_spine.errors import Overdue, PatientMismatch, PatientUnknown, ScopeUndecidable, SpineError
from fhirpath_spine.exchange import EXTENSION
from fhirpath_spine.exchange.incoming import HookRequest, Open, UnreadReason, unread
from fhirpath_spine.pathway.decision import Decision
from fhirpath_spine.pathway.facts import Chart, Read
from fhirpath_spine.pathway.model import Site
from fhirpath_spine.service import BYTES, CALL_BYTES, Budget, CallRecord, Client, HookService, Snapshot, Trace
from tests.kit import decisions as make
from tests.kit.ports import Unfetched


@dataclass
class Judge:
    """Remembers what it was asked, and answers as told."""

    answer: Decision | Exception
    charts: list[Chart] = field(default_factory=list)
    given: dict[str, Any] = field(default_factory=dict)

    def __call__(self, _library: Any, chart: Chart, at: Any, _site: Any, **given: Any) -> Decision:
        self.charts.append(chart)
        self.given = {"at": at, **given}
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@dataclass
class Journal:
    records: list[CallRecord] = field(default_factory=list)

    def keep(self, record: CallRecord) -> None:
        self.records.append(record)


@dataclass
class Fetched:
    """A retriever that finds everything complete and empty."""

    asked: list[str] = field(default_factory=list)
    budget: Budget | None = None

    async def fetch(
        self, request: HookRequest, wanted: Mapping[str, Open], client: Client, budget: Budget
    ) -> Mapping[str, Read]:
        assert request.patient
        assert client
        self.budget = budget
        self.asked += wanted
        return {key: Read(source="search") for key in wanted}


PATIENT = {"resourceType": "Patient", "id": "p1"}
OTHER = {"resourceType": "Condition", "id": "c1", "subject": {"reference": "Patient/p1"}}


def body(**changes: Any) -> dict[str, Any]:
    return {
        "hook": "patient-view",
        "hookInstance": "i1",
        "context": {"patientId": "p1", "userId": "Practitioner/1"},
        "prefetch": {"patient": PATIENT, "conditions": None},
        **changes,
    }


class Bench:
    """A service whose ports are fakes."""

    def __init__(self, answer: Decision | Exception, **changes: Any) -> None:
        self.judge, self.journal, self.trace = Judge(answer), Journal(), Trace()
        library = make.library()
        self.service = HookService(
            id="spine-patient-view",
            hook="patient-view",
            snapshot=Snapshot.of(library, Site(), make.wording(library)),
            retriever=changes.pop("retriever", Unfetched()),
            journal=self.journal,
            clock=lambda: make.AT,
            judge=self.judge,
            **changes,
        )

    def call(self, given: Any = None, client: Client | None = None) -> dict[str, Any]:
        return asyncio.run(self.service.answer(given or body(), client or Client(), self.trace))

    @property
    def record(self) -> CallRecord:
        (record,) = self.journal.records
        return record


def test_a_call_is_read_judged_and_worded() -> None:
    bench = Bench(make.decision(make.planned(make.verdict())))
    card = bench.call()["cards"][0]
    assert card["extension"][EXTENSION]["pathway"] == "PW-DEMO"
    asked = {"emergency": "full", "audience": "clinician", "explained": False, "hook": "patient-view"}
    assert bench.judge.given == {"at": make.AT, **asked}
    assert bench.judge.charts[0].patient == "p1"


def test_what_is_absent_could_not_be_read_and_null_is_empty() -> None:
    bench = Bench(make.decision())
    bench.call()
    reads = bench.judge.charts[0].reads
    assert reads["conditions"] == Read()
    assert {key for key, read in reads.items() if not read.complete} == {"medicationRequests", "observations-pain"}
    assert bench.record.unread == ("medicationRequests:absent", "observations-pain:absent")


def test_only_what_the_prefetch_leaves_open_is_fetched() -> None:
    retriever = Fetched()
    bench = Bench(make.decision(), retriever=retriever)
    bench.call()
    assert retriever.asked == ["medicationRequests", "carePlans", "observations-pain"]
    assert all(read.complete for read in bench.judge.charts[0].reads.values())


def test_prefetch_and_search_give_the_same_reads_but_for_their_source() -> None:
    bench = Bench(make.decision(), retriever=Fetched())
    bench.call()
    bench.call(
        body(prefetch={"patient": PATIENT, "conditions": None, "medicationRequests": None, "observations-pain": None})
    )
    fetched, sent = ({k: r.resources for k, r in c.reads.items()} for c in bench.judge.charts)
    assert fetched == sent


def test_of_a_page_that_was_cut_short_what_was_sent_is_kept_as_incomplete() -> None:
    condition = {"resourceType": "Condition", "id": "c", "subject": {"reference": "Patient/p1"}}
    cut = {"resourceType": "Bundle", "entry": [{"resource": condition}], "link": [{"relation": "next", "url": "x"}]}
    bench = Bench(make.decision())
    bench.call(body(prefetch={"conditions": cut}))
    read = bench.judge.charts[0].reads["conditions"]
    assert (read.resources, read.complete) == ((condition,), False)


@pytest.mark.parametrize("user", ["Patient/p1", "RelatedPerson/r"])
def test_a_patient_or_relative_gets_no_card_and_nothing_is_judged(user: str) -> None:
    bench = Bench(make.decision(make.planned(make.verdict())))
    assert bench.call(body(context={"patientId": "p1", "userId": user})) == {"cards": []}
    assert bench.judge.charts == []
    assert bench.record.outcome == "audience"


def test_a_deliberate_silence_is_told_in_the_record() -> None:
    bench = Bench(make.decision(silent="deceased"))
    assert bench.call() == {"cards": []}
    assert bench.record.outcome == "deceased"


@pytest.mark.parametrize("error", [PatientMismatch("x"), ScopeUndecidable("x")])
def test_a_refusal_is_raised_and_recorded_with_its_code(error: SpineError) -> None:
    bench = Bench(error, on_unavailable="412")
    with pytest.raises(type(error)):
        bench.call()
    assert bench.record.outcome == error.code


def test_where_the_scope_cannot_be_decided_a_warning_says_that_nothing_was_judged() -> None:
    bench = Bench(ScopeUndecidable("x"))
    card = bench.call()["cards"][0]
    assert card["indicator"] == "warning"
    assert card["summary"].startswith("Nothing was judged")
    assert "- Could not be read: prescriptions, pain (" in card["detail"]
    assert bench.record.outcome == "scope-undecidable"


def test_a_bug_is_not_swallowed_and_the_trace_names_the_decision() -> None:
    bench = Bench(KeyError("bug"))
    with pytest.raises(KeyError):
        bench.call()
    assert bench.record.outcome == "internal-error"
    assert bench.trace.decision == bench.record.decision


def test_a_retry_has_the_same_ids_and_a_new_hook_instance_has_new_ones() -> None:
    bench = Bench(make.decision(make.planned(make.verdict())))
    first, again = bench.call(), bench.call()
    other = bench.call(body(hookInstance="i2"))
    assert first == again
    assert first["cards"][0]["uuid"] != other["cards"][0]["uuid"]
    plans = [c["cards"][0]["suggestions"][-1]["actions"][0]["resource"]["identifier"] for c in (first, other)]
    assert plans[0] == plans[1]


def test_a_record_holds_nothing_of_the_patient() -> None:
    bench = Bench(make.decision(make.planned(make.verdict()), patient="p-4711"))
    bench.call(body(context={"patientId": "p-4711", "userId": "Practitioner/user-4711"}, hookInstance="4711"))
    assert "4711" not in repr(bench.record)
    assert bench.record.pathways == ("PW-DEMO:TREAT_PLAN",)


def test_what_was_sent_is_taken_off_what_may_be_fetched() -> None:
    retriever = Fetched()
    bench = Bench(make.decision(), retriever=retriever)
    sent = {"patient": PATIENT, "conditions": {"resourceType": "Bundle", "entry": [{"resource": OTHER}, {}]}}
    asyncio.run(bench.service.answer(body(prefetch=sent), Client(resources=10), bench.trace, size=1000))
    assert retriever.budget is not None
    assert retriever.budget.resources == 7
    assert retriever.budget.bytes == CALL_BYTES - 1000


def test_a_client_that_may_send_more_may_have_more_fetched() -> None:
    retriever = Fetched()
    bench = Bench(make.decision(), retriever=retriever)
    bench.call(client=Client(body=10 * BYTES))
    assert retriever.budget is not None
    assert retriever.budget.bytes == 20 * BYTES


# ------------------------------------------------------------------ a patient that the server does not have


KEYS = ("patient", "conditions", "medicationRequests", "carePlans", "observations-pain")
"""The keys of the small library."""


@dataclass
class Lost(Fetched):
    """A retriever that finds no Patient; ``found`` are the reads of other keys."""

    found: Mapping[str, Read] = field(default_factory=dict)

    async def fetch(
        self, request: HookRequest, wanted: Mapping[str, Open], client: Client, budget: Budget
    ) -> Mapping[str, Read]:
        reads = await super().fetch(request, wanted, client, budget)
        return {**reads, "patient": unread(UnreadReason.NOT_FOUND, source="search"), **self.found}


def test_a_patient_that_the_server_does_not_have_is_refused_and_not_taken_for_a_healthy_one() -> None:
    bench = Bench(make.decision(), retriever=Lost())
    with pytest.raises(PatientUnknown, match=r"no such Patient.*merged or deleted"):
        bench.call(body(prefetch={}))
    assert bench.judge.charts == []
    assert bench.record.outcome == "patient-unknown"
    assert bench.record.unread == ("patient:not-found",)


def test_a_site_that_asks_for_cards_is_refused_too_since_this_is_no_chart_of_its_patient() -> None:
    with pytest.raises(PatientUnknown):
        Bench(make.decision(), retriever=Lost(), on_unavailable="card").call(body(prefetch={}))


@pytest.mark.parametrize(
    "found",
    [
        {"conditions": Read(({"resourceType": "Condition", "id": "1", "subject": {"reference": "Patient/p1"}},))},
        {"patient": unread(UnreadReason.NOT_PERMITTED)},
        {key: unread(UnreadReason.NOT_FOUND) for key in KEYS if key != "patient"},
    ],
    ids=["data of it", "not permitted", "nothing is found at all"],
)
def test_where_something_is_known_or_nothing_could_be_read_the_judgement_decides(found: Mapping[str, Read]) -> None:
    bench = Bench(make.decision(), retriever=Lost(found=found))
    bench.call(body(prefetch={}))
    assert len(bench.judge.charts) == 1


def test_the_clients_emergency_setting_reaches_the_judgement() -> None:
    bench = Bench(make.decision())
    bench.call(client=Client(emergency="scope-stop"))
    assert bench.judge.given["emergency"] == "scope-stop"


def test_a_call_whose_caller_leaves_is_recorded_as_such() -> None:
    class Stalled(Fetched):
        async def fetch(self, *given: Any) -> Mapping[str, Read]:
            fetching.set()
            await asyncio.Event().wait()
            return await super().fetch(*given)

    fetching = asyncio.Event()
    bench = Bench(make.decision(), retriever=Stalled())

    async def run() -> None:
        task = asyncio.create_task(bench.service.answer(body(), Client(), bench.trace))
        await fetching.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(run())
    assert bench.record.outcome == "caller-left"
    assert bench.judge.charts == []


def test_a_refused_call_is_recorded_with_what_could_not_be_read() -> None:
    bench = Bench(ScopeUndecidable("x"), on_unavailable="412")
    with pytest.raises(ScopeUndecidable):
        bench.call()
    assert bench.record.unread == ("medicationRequests:absent", "observations-pain:absent")


def test_what_an_ehr_does_not_offer_is_not_fetched() -> None:
    retriever = Fetched()
    bench = Bench(make.decision(), retriever=retriever)
    bench.call(client=Client(not_offered=frozenset({"MedicationRequest"})))
    assert retriever.asked == ["carePlans", "observations-pain"]
    assert bench.record.unread == ("medicationRequests:not-offered",)


def test_a_client_that_asks_for_nothing_for_machines_gets_the_card_and_feedback_still_knows_it() -> None:
    told, plain = (Bench(make.decision(make.planned(make.verdict()))) for _ in range(2))
    (whole,) = told.call()["cards"]
    (card,) = plain.call(client=Client(extension=False))["cards"]
    assert card == {key: value for key, value in whole.items() if key != "extension"}
    assert plain.record.issued == told.record.issued


class Endless:
    """Work that does not come to its end."""

    def __init__(self) -> None:
        self.begun: list[Any] = []

    async def __call__(self, compute: Any, *given: Any) -> Any:
        del given
        self.begun.append(compute)
        await asyncio.Event().wait()


def test_what_is_not_computed_in_time_is_said_and_never_silence() -> None:
    bench = Bench(make.decision(), work=Endless(), seconds=0.01)
    with pytest.raises(Overdue, match="not a statement that nothing is needed"):
        bench.call()
    assert bench.record.outcome == "overdue"


def test_the_time_of_a_call_begins_when_its_body_is_there() -> None:
    work = Endless()
    bench = Bench(make.decision(), work=work, seconds=60.0, stopwatch=lambda: 160.0)
    # A minute ago: nothing is left but the moment that judging always has.
    with pytest.raises(Overdue):
        asyncio.run(bench.service.answer(body(), Client(), bench.trace, started=100.0))
    assert len(work.begun) == 1


def test_discovery_says_the_versions_of_hook_and_standard_from_3_0_on() -> None:
    plain, later = (Bench(make.decision(), **given).service.describe() for given in ({}, {"cds_hooks": "3.0"}))
    assert {"version", "hookVersion"}.isdisjoint(plain)
    assert (later["version"], later["hookVersion"]) == ("3.0.0", "1.0")
    assert plain.items() <= later.items()
