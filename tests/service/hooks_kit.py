"""An invented patient's whole chart in a call of a hook, with orders or problems that a test brings."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from functools import cache
from typing import Any

from fhirpath_spine.entrypoints.patients import patients_directory
from fhirpath_spine.exchange import EXTENSION
from fhirpath_spine.exchange.incoming import read_bundle
from fhirpath_spine.pathway.facts import Chart, Read
from fhirpath_spine.pathway.model import Site
from fhirpath_spine.service import CallRecord, Client, HookService, Snapshot, Trace
from tests.kit import content
from tests.kit import decisions as make
from tests.kit.ports import Unfetched

RX, LOINC = "http://www.nlm.nih.gov/research/umls/rxnorm", "http://loinc.org"
MALIGNANT, STRAIN = "11-malignant-laboratory-limits", "04-muscle-strain"
EMERGENCY = "06-emergency-known-metastasis"
SCHWANNOMA = "09-schwannoma-safely-resectable"


class Forgetful:
    """A journal that keeps nothing."""

    def keep(self, record: CallRecord) -> None:
        """Forgets it."""


@cache
def chart(name: str) -> Chart:
    """An invented patient, as the sandbox holds it."""
    whole = json.loads((patients_directory() / f"{name}.json").read_text(encoding="utf-8"))
    return read_bundle(whole, signs=content.library().signs)


def code_of(value_set: str, system: str = RX) -> tuple[str, str]:
    """A code of a value set, so that no drug has to be named here."""
    return min(c for c in content.library().value_sets[value_set].members if c[0] == system)


def drug(value_set: str = "cytotoxic", id_: str = "o1", **fields: Any) -> dict[str, Any]:
    system, code = code_of(value_set)
    concept = {"coding": [{"system": system, "code": code}]}
    return {"resourceType": "MedicationRequest", "id": id_, "medicationCodeableConcept": concept, **fields}


def study(system: str, code: str, id_: str = "s1") -> dict[str, Any]:
    return {"resourceType": "ServiceRequest", "id": id_, "code": {"coding": [{"system": system, "code": code}]}}


def service(hook: str = "order-sign", site: Site | None = None) -> HookService:
    snapshot = Snapshot.of(
        content.library(), site or Site(), replace(content.wording(), orders=(site or Site()).orders), hook
    )
    return HookService(f"spine-{hook}", hook, snapshot, Unfetched(), Forgetful(), lambda: make.AT)


def call(
    name: str,
    *orders: Any,
    hook: str = "order-sign",
    client: Client | None = None,
    site: Site | None = None,
    body: dict[str, Any] | None = None,
    **context: Any,
) -> list[dict[str, Any]]:
    """The cards for an invented patient whose whole chart is sent; ``body`` says what stands in the call instead."""
    held, asked = chart(name), service(hook, site)
    found = {key: held.reads.get(key, Read()).resources for key in asked.snapshot.templates}
    prefetch: dict[str, Any] = {
        key: {"resourceType": "Bundle", "entry": [{"resource": one} for one in resources]}
        for key, resources in found.items()
    }
    prefetch["patient"] = found["patient"][0]
    whole = {
        "userId": "Practitioner/1",
        "patientId": held.patient,
        "encounterId": "e1",
        "draftOrders": {"resourceType": "Bundle", "entry": [{"resource": one} for one in orders]},
        "conditions": {"resourceType": "Bundle"},
        "selections": [f"{one.get('resourceType')}/{one.get('id')}" for one in orders if isinstance(one, dict)],
        **context,
    }
    changed = dict(body or {})
    prefetch |= changed.pop("prefetch", {})
    sent = {"hook": hook, "hookInstance": "i1", "context": whole, "prefetch": prefetch, **changed}
    return list(asyncio.run(asked.answer(sent, client or Client(), Trace()))["cards"])


def told(cards: list[dict[str, Any]]) -> list[tuple[str, str, list[str]]]:
    """What each card is about: its indicator, the status of its first verdict, and the orders that it points at."""
    return [
        (card["indicator"], verdict["status"], card["extension"][EXTENSION].get("orders", []))
        for card in cards
        for verdict in card["extension"][EXTENSION].get("verdicts", [{"status": "notice"}])[:1]
    ]
