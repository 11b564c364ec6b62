"""The sections on what was not judged: codes that say nothing, who was refused, resources of nobody, what was not read."""

from __future__ import annotations

from collections import Counter

from fhirpath_spine.population.report.counted import Counted
from fhirpath_spine.population.report.section import Cell, Coded, Section
from fhirpath_spine.population.report.words import REFUSED, SYSTEMS, WAYS, called, count
from fhirpath_spine.population.tables.schema import PATIENTS, REFUSALS, UNRECOGNISED

NO_CODE = "no code"
LISTED = 200
"""Rows of a table that may have as many as there are codes."""
A_PATIENT, OF_NOBODY = "a patient", "resources that no patient can be told of"


def not_judged(run: Counted) -> list[Section]:
    """The sections, in the order of a page."""
    return [unrecognised(run), refusals(run), unread(run)]


def unrecognised(run: Counted) -> Section:
    """Codes and entries that say nothing to any pathway."""
    keys = ["kind", "way", "system", "code"]
    groups = run.read(UNRECOGNISED, [*keys, "count", "patient"]).group_by(keys)
    found = groups.aggregate([("count", "sum"), ("patient", "count_distinct")]).to_pylist()
    found.sort(key=lambda g: (-g["count_sum"], *(g[key] for key in keys)))
    rows: list[tuple[Cell, ...]] = [
        (
            called(WAYS, g["way"]),
            g["kind"] or "any",
            Coded(SYSTEMS.get(g["system"], g["system"]), g["system"]),
            g["code"] or NO_CODE,
            g["count_sum"],
            g["patient_count_distinct"],
        )
        for g in found
    ]
    codes = {(g["system"], g["code"]) for g in found if g["code"]}
    first = f"{count(len(codes), 'code says', 'codes say')} nothing to any pathway"
    told = f"{first}; the {LISTED} most frequent rows are shown." if len(rows) > LISTED else f"{first}."
    told += " Each may be harmless, or a finding that was not heard."
    return Section(
        "unrecognised",
        "Not recognised",
        told if rows else "Everything was recognised.",
        ("how it ended", "type", "code system", "code", "resources", "patients"),
        rows[:LISTED],
        bars=4,
        names=(1, 2, 3),
        none="Everything was recognised.",
    )


def refused(run: Counted) -> Counter[tuple[bool, str, str]]:
    """Patients who were refused (True) and resources of nobody (False), by code and detail."""
    counts: Counter[tuple[bool, str, str]] = Counter()
    for row in run.read(REFUSALS, ["patient", "code", "detail", "count"]).to_pylist():
        counts[bool(row["patient"]), row["code"], row["detail"]] += row["count"]
    return counts


def lost(number: int) -> str:
    """What it means that so many resources have no patient."""
    return f"Whose {count(number, 'resource is', 'resources are')} cannot be told, so any patient may lack something."


def refusals(run: Counted) -> Section:
    """Who was not judged, and what is nobody's."""
    found = refused(run)
    rows: list[tuple[Cell, ...]] = [
        (A_PATIENT if patient else OF_NOBODY, called(REFUSED, code), detail, number)
        for (patient, code, detail), number in found.items()
    ]
    rows.sort(key=lambda row: (-int(str(row[3])), row[:3]))
    astray = sum(number for (patient, *_), number in found.items() if not patient)
    answer = f"{count(run.outcomes['refused'], 'patient', 'patients')} could not be judged."
    if astray:
        answer += f" {lost(astray)}"
    return Section(
        "refusals",
        "Not judged",
        answer,
        ("what", "reason", "detail", "number"),
        rows,
        none="Everybody was judged, and every resource has its patient.",
    )


def unread(run: Counted) -> Section:
    """What could not be read of charts that were judged."""
    found: Counter[str] = Counter()
    for part in run.read(PATIENTS, ["unread"]).column("unread").to_pylist():
        found.update(part)
    pairs = ((key, why, number) for (key, _, why), number in ((k.partition(":"), n) for k, n in found.items()))
    rows: list[tuple[Cell, ...]] = [(run.words.part(key), run.words.unread(why), n) for key, why, n in pairs]
    rows.sort(key=lambda row: (-int(str(row[2])), row[:2]))
    return Section(
        "unread",
        "Not read to the end",
        "What could not be read counts as unknown, never as absent.",
        ("part of the chart", "why", "patients"),
        rows,
        none="Every chart was read to its end.",
    )
