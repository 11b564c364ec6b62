"""The sheet that EHR staff type in: every template, every topic that a card can have, and the gate marked."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from fhirpath_spine.errors import SpineError
from fhirpath_spine.exchange.ehr_side import NEVER, PLACE, markdown, sheet
from fhirpath_spine.exchange.incoming import prefetch_templates, read_bundle
from fhirpath_spine.exchange.outgoing import Ids, Phrases, Wording, write_cards
from fhirpath_spine.pathway.judging import decide
from fhirpath_spine.pathway.model import Site
from tests.kit.content import library

ROOT = Path(__file__).parents[2]
CHARTS = [p for folder in ("sandbox/patients", "tests/clinical/cases") for p in sorted((ROOT / folder).glob("*.json"))]


@cache
def found(url: str = "https://cds.example.org/") -> Any:
    services = [{"id": "spine-patient-view", "hook": "patient-view"}]
    return sheet(library(), prefetch_templates(library(), Site()), services, Phrases(library().phrases), url)


def test_every_template_stands_in_it_to_the_letter_with_its_purpose() -> None:
    text = markdown(found())
    lines = [line.strip() for line in text.split("\n")]
    for key, template in prefetch_templates(library(), Site()).items():
        assert template in lines
        assert f"### `{key}`" in lines
    assert all(k["for"] for k in found()["prefetch"])


def test_scopes_cover_every_type_and_the_drugs_that_are_referred_to_in_both_versions() -> None:
    scopes = found()["scopes"]
    types = {k["type"] for k in found()["prefetch"]} | {"Medication"}
    assert set(scopes["v1"]) == {f"patient/{kind}.read" for kind in types}
    assert set(scopes["v2"]) == {f"patient/{kind}.rs" for kind in types}


def test_the_topics_of_the_gate_and_no_others_are_never_to_be_suppressed() -> None:
    codes = {t["code"]: t["suppression"] for t in found()["topics"]["codes"]}
    gate = library().policy.gate
    assert gate is not None
    name = gate.pathway.replace("-", "")
    assert {c for c, s in codes.items() if s == NEVER} == {c for c in codes if c.startswith(name)}
    assert codes[f"{name}critical"] == NEVER
    assert f"`{name}critical` | " in markdown(found())
    assert f"**{NEVER}**" in markdown(found())


@pytest.mark.parametrize("path", CHARTS, ids=lambda p: p.stem)
def test_every_topic_of_a_real_card_is_listed(path: Path) -> None:
    listed = {t["code"] for t in found()["topics"]["codes"]}
    wording = Wording(library(), Phrases(library().phrases), Ids())
    bundle = json.loads(path.read_text(encoding="utf-8"))
    try:
        decision = decide(library(), read_bundle(bundle), datetime(2026, 6, 15, 23, 59, tzinfo=UTC), Site())
    except SpineError:
        return
    assert {c["source"]["topic"]["code"] for c in write_cards(decision, "d", wording).cards} <= listed


def test_the_addresses_are_those_of_the_public_url_or_a_place_to_fill_in() -> None:
    assert found()["services"][0]["url"] == "https://cds.example.org/cds-services/spine-patient-view"
    assert PLACE in found("")["discovery"]
    assert PLACE in markdown(found(""))
    assert found()["links"] == [f"https://cds.example.org/pathways/{p.id}" for p in library().pathways]
    assert found("")["links"] == []
