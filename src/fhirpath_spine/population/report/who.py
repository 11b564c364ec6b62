"""Who the patients of a report are, for whoever acts on it: by id, in a file of its own, since the page may be passed on."""

from __future__ import annotations

import pyarrow.compute as pc

from fhirpath_spine.population.report.counted import HELD_UP, Counted
from fhirpath_spine.population.report.section import Cell, Coded, Section
from fhirpath_spine.population.report.words import REFUSED, called, count
from fhirpath_spine.population.tables.schema import LESIONS, MISSING, REFUSALS

GATE, NOT_JUDGED, WAITS = "an open emergency gate", "not judged", "decisions wait for a datum"


def who(run: Counted) -> Section:
    """Patients with an open gate, then those who were not judged, then those of whom decisions wait, with the datum."""
    rows = [*_gates(run), *_refused(run), *_waiting(run)]
    return Section(
        "who",
        "Who they are",
        f"{count(len({row[1] for row in rows}), 'patient')} by id.",
        ("why", "patient", "pathway", "lesion", "state, reason or datum", "decisions"),
        rows,
    )


def _gates(run: Counted) -> list[tuple[Cell, ...]]:
    found = run.read(LESIONS, ["patient", "pathway", "lesion", "state"], pc.field("gate")).to_pylist()
    return sorted(
        (GATE, g["patient"], run.words.pathway(g["pathway"]), g["lesion"], run.words.state(g["state"]), "")
        for g in found
    )


def _refused(run: Counted) -> list[tuple[Cell, ...]]:
    found = run.read(REFUSALS, ["patient", "code"], pc.field("patient") != "").to_pylist()
    return sorted((NOT_JUDGED, r["patient"], Coded("", ""), "", called(REFUSED, r["code"]), "") for r in found)


def _waiting(run: Counted) -> list[tuple[Cell, ...]]:
    keys = ["patient", "pathway", "lesion", "need"]
    found = run.read(MISSING, keys, HELD_UP).group_by(keys).aggregate([("need", "count")]).to_pylist()
    return sorted(
        (WAITS, m["patient"], run.words.pathway(m["pathway"]), m["lesion"], run.words.need(m["need"]), m["need_count"])
        for m in found
    )
