"""What was recognised and is turned into something that is not never turns a card into silence."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from fhirpath_spine.errors import SpineError
from tests.field.making import Json
from tests.kit.content import SITE

CASES = sorted((SITE.parent / "cases").glob("*.json"))
PATIENTS = sorted((Path(__file__).parents[2] / "sandbox" / "patients").glob("*.json"))
UNKNOWN = "http://hospital.example/codes"
_TUMOUR = re.compile(r'"display": "[^"]*(tumou?r|neoplasm|cancer|metasta|oma\b|\bmet\b|mass)', re.IGNORECASE)
"""The display of a tumour: of those that lose their code, the law speaks."""
PARTS = 8
"""Of the changes of a chart, `make test` makes each eighth, and CI all: together they are 18 seconds of judging."""
Judge = Callable[[Json], dict[str, Any]]


def foreign(concept: Json) -> Json:
    """The same concept under codes that no table holds, with the display that it had; a coding without one keeps none."""
    codings = [
        {"system": UNKNOWN, "code": f"X{number}", **({"display": c["display"]} if "display" in c else {})}
        for number, c in enumerate(concept.get("coding", []))
    ]
    return {**concept, "coding": codings}


def unrecognised(chart: Json) -> Iterator[tuple[str, Json]]:
    """Each way to turn one recognised thing of a chart into an unrecognised one of its kind."""
    for number, entry in enumerate(chart["entry"]):
        resource = entry["resource"]
        kind = resource["resourceType"]
        for element, changed in changes(resource):
            other = copy.deepcopy(chart)
            if changed is None:
                other["entry"][number]["resource"].pop(element)
            else:
                other["entry"][number]["resource"][element] = changed
            yield f"{kind}/{resource.get('id')}.{element}", other


def changes(resource: Json) -> Iterator[tuple[str, Any]]:
    """A code of a tumour with its display, a coded value, a date and a body site, each made unrecognisable."""
    kind = resource["resourceType"]
    code = resource.get("code")
    if kind == "Condition" and isinstance(code, dict) and _TUMOUR.search(json.dumps(code)):
        yield "code", foreign(code)
    if isinstance(value := resource.get("valueCodeableConcept"), dict):
        yield "valueCodeableConcept", foreign(value)
    for element in ("onsetDateTime", "effectiveDateTime", "performedDateTime", "recordedDate", "authoredOn"):
        if element in resource:
            yield element, "some time in May"
    if isinstance(sites := resource.get("bodySite"), list):
        yield "bodySite", [foreign(site) for site in sites]
    elif isinstance(sites, dict):
        yield "bodySite", foreign(sites)


def answered(judged: Judge, chart: Json) -> int:
    """How many cards a chart gets; a refusal is no silence."""
    try:
        return len(judged(chart)["cards"])
    except SpineError:
        return 1


@pytest.mark.parametrize("first", [0, *(pytest.param(n, marks=pytest.mark.thorough) for n in range(1, PARTS))])
@pytest.mark.parametrize("path", [*CASES, *PATIENTS], ids=lambda p: p.stem)
def test_what_is_no_longer_recognised_never_turns_a_card_into_silence(judged: Judge, path: Path, first: int) -> None:
    chart = json.loads(path.read_text(encoding="utf-8"))
    if not answered(judged, chart):
        return
    changes = islice(unrecognised(chart), first, None, PARTS)
    assert [name for name, changed in changes if not answered(judged, changed)] == []


def test_the_changes_are_of_each_kind() -> None:
    told = [name for path in CASES for name, _ in unrecognised(json.loads(path.read_text(encoding="utf-8")))]
    assert len(told) > 300
    kinds = {name.rsplit(".", 1)[1] for name in told}
    assert kinds >= {"code", "valueCodeableConcept", "onsetDateTime", "effectiveDateTime", "bodySite"}
