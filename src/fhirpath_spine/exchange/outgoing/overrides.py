"""Reasons for not following a card, by what it is: sentences of the phrase book, under HL7's code where one fits."""

from __future__ import annotations

from fhirpath_spine.exchange import BASE, Json
from fhirpath_spine.exchange.outgoing.phrases import Phrases

OWN = f"{BASE}/CodeSystem/override-reason"
HL7 = "http://terminology.hl7.org/CodeSystem/non-adherence-reason-codes"
"""The suggested code system of CDS Hooks 3.0 (trial use): vocabulary of the repository HL7/cds-hooks, and its published page."""
FITTING = {
    "options-done": "action-completed",
    "options-declines": "patient-refuses",
    "options-not-indicated": "patient-ineligible",
    "options-specialist": "expert-contradicts",
}
"""Reasons of ours that mean what a code of HL7 means; the others, such as "not now", are narrower or wider than any."""


def reasons(phrases: Phrases, kind: str) -> list[Json]:
    """The reasons that a card of this kind offers (``options`` or ``gate``), in the order of the phrase book."""
    prefix = f"override-{kind}-"
    found = []
    for key in (k for k in phrases.keys if k.startswith(prefix)):
        name = key.removeprefix("override-")
        system, code = (HL7, FITTING[name]) if name in FITTING else (OWN, name)
        found.append({"system": system, "code": code, "display": phrases.text(key)})
    return found
