"""A run as FHIR: one MeasureReport for each pathway, patients by state, in a Bundle."""

from __future__ import annotations

from collections import defaultdict

from fhirpath_spine.exchange import BASE, Json
from fhirpath_spine.population.report.section import Coded, Section

_POPULATION = "http://terminology.hl7.org/CodeSystem/measure-population"


def measure_reports(record: Json, states: Section) -> Json:
    """The Bundle. ``states`` is the section of the pathways and states: pathway, state, certain, patients, entries."""
    by_id: dict[str, dict[Coded, int]] = defaultdict(lambda: defaultdict(int))
    for pathway, state, _, patients, _ in states.rows:
        if isinstance(pathway, Coded) and isinstance(state, Coded):
            by_id[pathway.code][state] += int(str(patients))
    reports = [
        _report(record, id_, pathway["version"], by_id.get(id_, {}))
        for id_, pathway in sorted(record["pathways"].items())
    ]
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in reports]}


def _report(record: Json, id_: str, version: str, states: dict[Coded, int]) -> Json:
    judged = int(record["patients"].get("judged", 0))
    return {
        "resourceType": "MeasureReport",
        "status": "complete",
        "type": "summary",
        "measure": f"{BASE}/Measure/{id_}|{version}",
        "date": record["at"],
        "period": {"start": record["at"], "end": record["at"]},
        "group": [
            {
                "code": {"text": "patients judged, and their state in the pathway"},
                "population": [_count("initial-population", judged)],
                **({"stratifier": [_stratifier(states)]} if states else {}),
            }
        ],
    }


def _stratifier(states: dict[Coded, int]) -> Json:
    return {
        "code": [{"text": "state"}],
        "stratum": [
            {"value": {"text": state.code or state.words}, "population": [_count("initial-population", number)]}
            for state, number in sorted(states.items())
        ],
    }


def _count(code: str, number: int) -> Json:
    return {"code": {"coding": [{"system": _POPULATION, "code": code}]}, "count": number}
