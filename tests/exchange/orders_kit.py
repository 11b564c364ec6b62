"""Contexts of the hooks of orders, made by hand."""

from __future__ import annotations

from typing import Any

from fhirpath_spine.exchange.incoming import Context, read_context

ME, OTHER = {"reference": "Patient/p1"}, {"reference": "Patient/p2"}
DRUG = {"coding": [{"system": "rx", "code": "1"}]}


def order(id_: str = "o1", **fields: Any) -> dict[str, Any]:
    return {"resourceType": "MedicationRequest", "id": id_, "subject": ME, "medicationCodeableConcept": DRUG, **fields}


def bundle(*resources: Any) -> dict[str, Any]:
    return {"resourceType": "Bundle", "entry": [{"resource": one} for one in resources]}


def signed(*resources: Any) -> Context:
    return read_context("order-sign", {"draftOrders": bundle(*resources)}, "p1")


def chosen(selections: Any, *resources: Any) -> Context:
    return read_context("order-select", {"draftOrders": bundle(*resources), "selections": selections}, "p1")


def ids(context: Context) -> list[Any]:
    return [one.get("id") for one in context.orders]
