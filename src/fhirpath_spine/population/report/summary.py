"""What stands on top of a report: five lines and two small tables, for who reads no further."""

from __future__ import annotations

from collections.abc import Sequence

from fhirpath_spine.population.report.changed import NO_CRITERION, Tally
from fhirpath_spine.population.report.counted import Counted
from fhirpath_spine.population.report.section import Cell, Difference, Section, Summary
from fhirpath_spine.population.report.unheard import refused
from fhirpath_spine.population.report.words import REFUSED, STATUSES, called, count, day

_LISTED = 5
"""Data of the small table; the section has all."""
_TERMS = (
    ("A step", "is one recommendation of a pathway."),
    ("A decision", "is one step judged for one patient, or for one lesion of a patient."),
)


def summary(run: Counted, earlier: Counted | None = None, tally: Tally | None = None) -> Summary:
    """The summary of a run; with an earlier one and all that changed since, the numbers of both."""
    lines = [("Patients", _patients(run)), ("Open gates", _gates(run, earlier)), ("Missed most", _missed(run))]
    lines += [("Refused", _refused(run)), ("Changed", _changed(earlier, tally))]
    return Summary(tuple(lines), _TERMS, (_numbers(run, earlier), _data(run, earlier)))


def _patients(run: Counted) -> str:
    total, judged = run.outcomes.total(), run.outcomes["judged"]
    return f"{count(total, 'patient')} in the export, {judged:,} judged, {run.entered:,} in a pathway."


def _gates(run: Counted, earlier: Counted | None) -> str:
    now = f"{count(run.open_gates, 'patient has', 'patients have')} an open emergency gate"
    return f"{now}; it was {earlier.open_gates:,} before." if earlier else f"{now}."


def _missed(run: Counted) -> str:
    if not run.lacked:
        return "no decision waits for a datum."
    first, held = run.lacked[0], run.held_up.total()
    whom = f"{count(first.decisions, 'decision')} of {count(first.patients, 'patient')}"
    in_all = count(held, "decision is", "decisions are")
    return f"{run.words.need(first.need).words} holds up {whom}. In all, {in_all} held up by data."


def _refused(run: Counted) -> str:
    found = refused(run)
    people: dict[str, int] = {}
    for (patient, code, _), number in found.items():
        if patient:
            people[code] = people.get(code, 0) + number
    astray = sum(number for (patient, *_), number in found.items() if not patient)
    ranked = sorted(people.items(), key=lambda pair: (-pair[1], pair[0]))
    why = "; ".join(f"{number:,}: {called(REFUSED, code).words}" for code, number in ranked)
    told = f"{count(run.outcomes['refused'], 'patient')} ({why})." if people else "nobody."
    lost = f" {count(astray, 'resource is', 'resources are')} of nobody who could be told: any patient may lack them."
    return told + (lost if astray else "")


def _changed(earlier: Counted | None, tally: Tally | None) -> str:
    if earlier is None or tally is None:
        return "this run is compared with no other."
    since = f"since {day(earlier.record['at'])}"
    if not tally.patients:
        return f"nothing {since}."
    told = (
        f"{count(tally.decisions.total(), 'decision')} and {count(tally.states.total(), 'state')} of "
        f"{count(len(tally.patients), 'patient')} {since}."
    )
    criteria = [(number, *why) for why, number in tally.causes.items() if why not in NO_CRITERION]
    if not criteria:
        return told
    number, name, answers = max(criteria)
    return f"{told} The criterion that turned most is “{name}” ({answers}): {count(number, 'decision')}."


def _numbers(run: Counted, earlier: Counted | None) -> Section:
    names = {
        "recommended": STATUSES["recommended"],
        "needs-data": STATUSES["needs-data"],
        "blocked": STATUSES["blocked"],
    }

    def of(one: Counted) -> list[int]:
        outcomes, decisions = one.outcomes, one.decisions
        people = [outcomes.total(), outcomes["judged"], outcomes["refused"], one.entered, one.open_gates]
        return [*people, decisions.total(), *(decisions[status] for status in names)]

    labels = ["patients in the export", "judged", "refused", "in a pathway", "with an open emergency gate", "decisions"]
    labels += list(names.values())
    rows = _beside(labels, of(run), of(earlier) if earlier else None)
    return Section("summary-numbers", "In numbers", "", ("what", *_columns(earlier, "number")), rows)


def _data(run: Counted, earlier: Counted | None) -> Section:
    before = {one.need: one.decisions for one in earlier.lacked} if earlier else {}
    first = run.lacked[:_LISTED]
    was = [before.get(one.need, 0) for one in first] if earlier else None
    rows = _beside([run.words.need(one.need) for one in first], [one.decisions for one in first], was)
    title = "Data missed most, by decisions held up"
    return Section("summary-data", title, "", ("datum", *_columns(earlier, "decisions held up")), rows)


def _columns(earlier: Counted | None, alone: str) -> tuple[str, ...]:
    return ("before", "now", "difference") if earlier else (alone,)


def _beside(labels: Sequence[Cell], now: Sequence[int], before: Sequence[int] | None) -> list[tuple[Cell, ...]]:
    if before is None:
        return list(zip(labels, now, strict=True))
    return [(label, b, a, Difference(a - b)) for label, a, b in zip(labels, now, before, strict=True)]
