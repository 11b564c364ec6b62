"""The model of FHIR R4 and the table of units: generated, complete, and the same as their sources say."""

from __future__ import annotations

import json
from importlib.resources import files

import pytest

from fhirpath_spine.fhirpath import values
from fhirpath_spine.fhirpath.values import unit


def test_the_source_is_named_with_its_digest() -> None:
    source = json.loads(files("fhirpath_spine.fhirpath").joinpath("r4.json").read_text(encoding="utf-8"))["source"]
    assert source["fhir"] == "4.0.1"
    assert source["artifact"].startswith("ca.uhn.hapi.fhir:")
    assert len(source["sha256"]) == 64


def test_every_resource_and_every_base_is_there() -> None:
    resources = [name for name in values.TYPES if values.is_resource(name) and not values.is_abstract(name)]
    assert len(resources) == 146
    for found in values.TYPES.values():
        assert not found.base or found.base in values.TYPES
        for element in found.elements.values():
            assert all(not t or t in values.TYPES for t in element.types), (found.name, element)


@pytest.mark.parametrize(
    ("type_name", "name", "types", "many"),
    [
        ("Observation", "status", ("code",), False),
        ("Observation", "component", ("Observation.component",), True),
        ("Observation.component", "referenceRange", ("Observation.referenceRange",), True),
        ("Observation.component", "modifierExtension", ("Extension",), True),
        ("Questionnaire.item", "item", ("Questionnaire.item",), True),
        ("Patient", "id", ("id",), False),
        ("HumanName", "id", ("string",), False),
        ("Bundle.entry", "resource", ("Resource",), False),
        ("Age", "value", ("decimal",), False),
    ],
)
def test_elements(type_name: str, name: str, types: tuple[str, ...], many: bool) -> None:
    element = values.element(type_name, name)
    assert element is not None
    assert (element.types, element.many) == (types, many)


def test_choices_know_their_json_names() -> None:
    value = values.element("Observation", "value")
    assert value is not None
    assert value.choice
    assert ("valueQuantity", "Quantity") in value.keys
    assert values.choice_spelling("Observation", "valueQuantity") == ("value", "Quantity")
    assert values.choice_spelling("Observation", "value") is None


def test_types_descend() -> None:
    assert values.descends("Patient", "DomainResource")
    assert values.descends("Observation.component", "Element")
    assert values.descends("uuid", "uri")
    assert not values.descends("uri", "uuid")


def test_units_have_exact_factors_or_none() -> None:
    milligram, weight = unit("mg"), unit("[lb_av]")
    assert milligram is not None
    assert weight is not None
    assert (str(milligram.factor), str(weight.factor)) == ("0.000001", "0.45359237")
    assert unit("{score}") is None
    assert unit("no unit") is None
    assert unit("[IU]") is None
