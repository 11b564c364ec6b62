"""What stands on top of a report: a few lines and small tables, for who reads no further."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from fhirpath_spine.exchange import Json
from fhirpath_spine.population.report.changed import NO_CRITERION, Tally, Why, status
from fhirpath_spine.population.report.counted import Counted
from fhirpath_spine.population.report.counting import held_up
from fhirpath_spine.population.report.section import Cell, Coded, Difference, Rows, Section, Summary, words_of
from fhirpath_spine.population.report.unheard import lost, refused
from fhirpath_spine.population.report.words import REFUSED, STATUSES, called, count, day, in_words

_LISTED = 5
"""Data of the small table; the section has all."""
_FIRST = 3
"""Of what is ranked in a line."""
_TERMS = (
    ("A step", "is one recommendation of a pathway."),
    ("A decision", "is one step judged for one patient, or for one lesion of a patient."),
    ("A criterion", "is a condition of a step, under the name that its author gave it."),
    ("Held up", "is a decision that lacks a datum: it waits for it, or its statements contradict each other."),
    ("An open emergency gate", "is an emergency that the chart does not exclude; it stands above all other steps."),
)


def summary(
    run: Counted, sections: Mapping[str, Section], earlier: Counted | None = None, tally: Tally | None = None
) -> Summary:
    """The summary of a run, whose sections stand under their ids; with an earlier one and all that changed since, the numbers of
    both.
    """
    lines = [
        ("Patients", _patients(run), "funnel"),
        ("Open gates", _gates(run, earlier), "gates"),
        ("Missed most", _missed(run), "missing"),
        ("Blocks most", _blocking(sections["blocked"]), "blocked"),
        ("Not judged", _not_judged(run), "refusals"),
        ("Not recognised", _unheard(sections["unrecognised"]), "unrecognised"),
        ("Changed", _changed(run, earlier, tally), "changed-steps" if tally else ""),
    ]
    tables = [_numbers(run, earlier), _data(run, earlier)]
    if earlier and (rows := _edits(earlier.record, run)):
        tables.append(Section("summary-edited", "Edited", "", ("what", "before", "now"), rows))
    return Summary(tuple(lines), _TERMS, tuple(tables))


def edited(old: Json, new: Json) -> str:
    """Whether the content differs between two runs, in words."""
    if old["library"] == new["library"]:
        return "nothing: the same content judged both"
    if _numbers_of(old) == _numbers_of(new):
        return "the content, under the same versions and limits"
    return "versions and limits, which stand under “Edited” below"


def _edits(old: Json, run: Counted) -> Rows:
    """What of the content differs: versions of pathways, and limits with their values."""
    was, now = _numbers_of(old), _numbers_of(run.record)
    names = [key for key in {**was, **now} if was.get(key) != now.get(key)]
    return [
        (
            Coded(
                f"{run.words.pathway(name).words}, version" if kind == "version" else f"{in_words(name)}, limit", name
            ),
            was.get((kind, name), "none"),
            now.get((kind, name), "none"),
        )
        for kind, name in names
    ]


def _numbers_of(record: Json) -> dict[tuple[str, str], str]:
    versions = {("version", id_): str(pathway["version"]) for id_, pathway in record["pathways"].items()}
    return versions | {("limit", name): str(value) for name, value in record.get("limits", {}).items()}


def _patients(run: Counted) -> str:
    total, judged = run.outcomes.total(), run.outcomes["judged"]
    return f"{count(total, 'patient')} in the export, {judged:,} judged, {run.entered:,} in a pathway."


def _gates(run: Counted, earlier: Counted | None) -> str:
    now = f"{count(run.open_gates, 'patient has', 'patients have')} an open emergency gate"
    return f"{now}; it was {earlier.open_gates:,} before." if earlier else f"{now}."


def _missed(run: Counted) -> str:
    if not run.lacked:
        return "no decision waits for a datum."
    first = run.lacked[0]
    whom = f"{count(first.decisions, 'decision')} of {count(first.patients, 'patient')}"
    return f"{run.words.need(first.need).words} holds up {whom}. In all, {held_up(run)}"


def _blocking(section: Section) -> str:
    """What blocks most decisions, whatever the step."""
    by: Counter[str] = Counter()
    for _, criterion, _, decisions, _ in section.rows:
        by[words_of(criterion)] += int(str(decisions))
    return f"{_ranked(by, 'decision')}." if by else "no step is blocked."


def _ranked(by: Mapping[str, int], noun: str) -> str:
    first = sorted(by.items(), key=lambda pair: (-pair[1], pair[0]))[:_FIRST]
    return ", ".join(f"{name} ({count(number, noun)})" for name, number in first)


def _not_judged(run: Counted) -> str:
    found = refused(run)
    people: dict[str, int] = {}
    for (patient, code, _), number in found.items():
        if patient:
            people[code] = people.get(code, 0) + number
    astray = sum(number for (patient, *_), number in found.items() if not patient)
    ranked = sorted(people.items(), key=lambda pair: (-pair[1], pair[0]))
    why = "; ".join(f"{number:,}: {called(REFUSED, code).words}" for code, number in ranked)
    told = f"{count(run.outcomes['refused'], 'patient')} ({why})." if people else "nobody."
    return f"{told} {lost(astray)}" if astray else told


def _unheard(section: Section) -> str:
    if not section.rows:
        return "nothing."
    by: Counter[str] = Counter()
    for _, _, system, code, number, _ in section.rows:
        by[f"{words_of(system)} {words_of(code)}".strip()] += int(str(number))
    return f"{section.answer} First: {_ranked(by, 'resource')}. fhirpath-spine codes missing writes them to a file to fill in."


def _changed(run: Counted, earlier: Counted | None, tally: Tally | None) -> str:
    if earlier is None or tally is None:
        return "this run is compared with no other."
    same = run.record["at"] == earlier.record["at"]
    since = "between the two runs, which judge as of the same moment" if same else f"since {day(earlier.record['at'])}"
    if not tally.patients:
        return f"nothing {since}."
    told = (
        f"{count(tally.decisions.total(), 'decision')} and {count(tally.states.total(), 'state')} of "
        f"{count(len(tally.patients), 'patient')} {since}."
    )
    most = sorted(tally.decisions.items(), key=lambda pair: (-pair[1], pair[0]))[:_FIRST]
    return " ".join([told, *(_turn(run, key, number) for key, number in most)])


def _turn(run: Counted, key: tuple[Why, str, str, str, str], number: int) -> str:
    """One kind of change as a sentence: how many, of which step, from what to what, and why."""
    reason, step, before, after, _ = key
    states = f"from {status(before)} to {status(after)}"
    because = reason[0] if reason in NO_CRITERION else f"“{reason[0]}” ({reason[1]})"
    return f"{count(number, 'decision')} on “{run.words.step(step).words}” {states}: {because}."


def _numbers(run: Counted, earlier: Counted | None) -> Section:
    def of(one: Counted) -> list[int]:
        outcomes, decisions = one.outcomes, one.decisions
        people = [outcomes.total(), outcomes["judged"], outcomes["refused"], one.entered, one.open_gates]
        return [*people, decisions.total(), *(decisions[status] for status in STATUSES)]

    labels = ["patients in the export", "judged", "could not be judged", "in a pathway"]
    labels += ["with an open emergency gate", "decisions", *STATUSES.values()]
    rows = _beside(labels, of(run), of(earlier) if earlier else None)
    return Section("summary-numbers", "In numbers", "", ("what", *_columns(earlier, "number")), rows)


def _data(run: Counted, earlier: Counted | None) -> Section:
    before = {one.need: one.decisions for one in earlier.lacked} if earlier else {}
    first = run.lacked[:_LISTED]
    was = [before.get(one.need, 0) for one in first] if earlier else None
    rows = _beside([run.words.need(one.need) for one in first], [one.decisions for one in first], was)
    title = "Data missed most, by decisions held up; one may lack several"
    return Section("summary-data", title, "", ("datum", *_columns(earlier, "decisions held up")), rows)


def _columns(earlier: Counted | None, alone: str) -> tuple[str, ...]:
    return ("before", "now", "difference") if earlier else (alone,)


def _beside(labels: Sequence[Cell], now: Sequence[int], before: Sequence[int] | None) -> list[tuple[Cell, ...]]:
    if before is None:
        return list(zip(labels, now, strict=True))
    return [(label, b, a, Difference(a - b)) for label, a, b in zip(labels, now, before, strict=True)]
