"""The sections on what was judged: patients, states, gates, what decisions wait for, what blocks them, and all steps."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

import pyarrow.compute as pc

from fhirpath_spine.population.report.counted import Counted
from fhirpath_spine.population.report.section import Cell, Coded, Section
from fhirpath_spine.population.report.words import REASONS, STATUSES, called, count, criterion
from fhirpath_spine.population.tables.schema import LESIONS, VERDICTS

_BLOCKS = ("blocked", "hold")
"""Roles of criteria that block where they are met."""
_CONFLICT = Coded("statements contradict each other", "conflict")


def judged(run: Counted) -> list[Section]:
    """The sections, in the order of a page."""
    return [funnel(run), states(run), gates(run), missing(run), blocked(run), steps(run)]


def funnel(run: Counted) -> Section:
    """From the export to the pathways."""
    outcomes, total = run.outcomes, run.outcomes.total()
    rows = [
        ("in the export", total),
        ("judged", outcomes["judged"]),
        ("deceased: judged, and given no advice", outcomes["silent"]),
        ("could not be judged", outcomes["refused"]),
        ("in a pathway", run.entered),
    ]
    told = f"{outcomes['judged']:,} were judged and {run.entered:,} are in a pathway."
    answer = f"Of {count(total, 'patient')} in the export, {told}"
    return Section("funnel", "Patients", answer, ("patients", "number"), rows, bars=1)


def states(run: Counted) -> Section:
    """Patients by pathway and state."""
    rows: list[tuple[Cell, ...]] = [
        (
            run.words.pathway(g["pathway"]),
            run.words.state(g["state"]),
            "yes" if g["certain"] else "no",
            g["patient_count_distinct"],
            g["patient_count"],
        )
        for g in run.grouped(LESIONS, ["pathway", "state", "certain"])
    ]
    rows.sort(key=lambda row: (row[0], -int(str(row[3])), row[1]))
    pathways = len({row[0] for row in rows})
    return Section(
        "states",
        "Pathways and states",
        f"Patients were found in {count(pathways, 'pathway')}. One patient may be in several, with one lesion or with more.",
        ("pathway", "state", "state is certain", "patients", "lesions or patients judged"),
        rows,
        bars=4,
        names=(0, 1),
        none="No patient entered a pathway.",
        totals=(4,),
    )


def gates(run: Counted) -> Section:
    """Emergency gates that are open."""
    rows: list[tuple[Cell, ...]] = [
        (
            run.words.pathway(g["pathway"]),
            run.words.state(g["state"]),
            "yes" if g["certain"] else "no, something unread decides it",
            g["patient_count_distinct"],
        )
        for g in run.grouped(LESIONS, ["pathway", "state", "certain"], pc.field("gate"))
    ]
    return Section(
        "gates",
        "Open emergency gates",
        f"{count(run.open_gates, 'patient has', 'patients have')} an open emergency gate. This page names nobody: "
        "`population report --who` lists them by id, in a file of its own.",
        ("gate", "state", "certain", "patients"),
        sorted(rows),
        none="No gate is open.",
    )


def missing(run: Counted) -> Section:
    """Data by how many decisions wait for them."""
    rows: list[tuple[Cell, ...]] = [
        (run.words.need(one.need), one.decisions, one.patients, *(one.reasons[reason] for reason in REASONS))
        for one in run.lacked
    ]
    return Section(
        "missing",
        "Missing data, by decisions held up",
        f"{held_up(run)} A decision that waits for several data stands in the row of each."
        if run.lacked
        else held_up(run),
        ("datum", "decisions held up", "patients", *(called(REASONS, reason) for reason in REASONS)),
        rows,
        bars=1,
        none="No decision waits for a datum.",
    )


def held_up(run: Counted) -> str:
    """How many decisions are held up, and by what."""
    if not run.lacked:
        return "No decision waits."
    held = run.held_up
    parts = [f"{held['needs-data']:,} wait for data"]
    if held["blocked"]:
        parts.append(f"{held['blocked']:,} are blocked because statements contradict each other")
    return f"{count(held.total(), 'decision is', 'decisions are')} held up: {' and '.join(parts)}."


def blocked(run: Counted) -> Section:
    """Which facts block, and which steps: the fact that blocks most decisions first."""
    found: Counter[tuple[str, Coded, str]] = Counter()
    patients: dict[tuple[str, Coded, str], set[str]] = defaultdict(set)
    for row in run.read(VERDICTS, ["patient", "id", "criteria"], pc.field("status") == "blocked").to_pylist():
        for name, needs in _blockers(row["criteria"]):
            key = (row["id"], name, ", ".join(sorted({run.words.need(n).words for n in needs})))
            found[key] += 1
            patients[key].add(row["patient"])
    rows: list[tuple[Cell, ...]] = [(run.words.step(k[0]), *k[1:], n, len(patients[k])) for k, n in found.items()]
    by: Counter[Cell] = Counter()
    for key, number in found.items():
        by[key[1]] += number
    rows.sort(key=lambda row: (-by[row[1]], row[1], -int(str(row[3])), row[0], row[2]))
    decided, steps_ = run.decisions["blocked"], len({k[0] for k in found})
    return Section(
        "blocked",
        "Blocked steps, by the fact that blocks",
        f"{count(decided, 'decision')} on {count(steps_, 'step')} are blocked. A decision that several facts block stands in the "
        "row of each."
        if rows
        else "No step is blocked.",
        ("step", "criterion that blocks", "data that it rests on", "decisions", "patients"),
        rows,
        bars=3,
        names=(1,),
        none="No step is blocked.",
        totals=(3,),
        folded=(1,),
    )


def steps(run: Counted) -> Section:
    """Decisions by step and status, pathway by pathway."""
    by: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for group in run.grouped(VERDICTS, ["id", "pathway", "status"]):
        by[group["pathway"], group["id"]][group["status"]] += group["patient_count"]
    rows: list[tuple[Cell, ...]] = [
        (run.words.pathway(pathway), run.words.step(id_), *(found[status] for status in STATUSES))
        for (pathway, id_), found in sorted(by.items())
    ]
    rows.sort(key=lambda row: row[0])
    told = ", ".join(
        f"{run.decisions[status]:,} {words}" for status, words in STATUSES.items() if run.decisions[status]
    )
    return Section(
        "steps",
        "Steps of the pathways",
        f"{count(run.decisions.total(), 'decision')} on {count(len({id_ for _, id_ in by}), 'step')}: {told}. "
        "Hidden is a step that another step or a rule puts aside. A step that several pathways have stands in each.",
        ("pathway", "step", *(called(STATUSES, status) for status in STATUSES)),
        rows,
        none="No step was judged.",
        totals=tuple(range(2, 2 + len(STATUSES))),
        folded=(0,),
    )


def _blockers(criteria: Sequence[dict[str, Any]]) -> list[tuple[Coded, list[str]]]:
    """The criteria that block; where none is met, data contradict each other."""
    met = [c for c in criteria if c["role"] in _BLOCKS and c["answer"] == "MET"]
    if met:
        return [(criterion(c["name"]), c["needs"]) for c in met]
    return [(_CONFLICT, [n for c in criteria if c["answer"] == "UNKNOWN" for n in c["needs"]])]
