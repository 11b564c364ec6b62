"""A hook call as an EHR makes it: the other side of ``requests``. Tokens of templates filled in, pages put together.

CDS Hooks, section "Prefetch tokens": ``context.*`` of primitive fields, the identifiers of the user, and ``today()``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from fhirpath_spine.exchange import Json, lean

_TOKEN = re.compile(r"\{\{\s*(.*?)\s*\}\}")
_TODAY = re.compile(r"today\(\)(?:\s*([+-])\s*(\d{1,5})\s+days?)?")
_USERS = {
    "Practitioner": "userPractitionerId",
    "PractitionerRole": "userPractitionerRoleId",
    "Patient": "userPatientId",
    "RelatedPerson": "userRelatedPersonId",
}
SCOPE = "patient/*.rs"


@dataclass(frozen=True, slots=True)
class Occasion:
    """What an EHR knows when a hook fires."""

    hook: str
    patient: str
    user: str
    today: date
    server: str = ""
    encounter: str = ""
    token: str = field(default="", repr=False)
    brought: tuple[Json, ...] = ()
    """What the hook brings beside the patient: drafts of orders, all of them chosen, or problems that were just added."""

    @property
    def context(self) -> Json:
        """The context of the hook."""
        known = lean({"userId": self.user, "patientId": self.patient, "encounterId": self.encounter})
        bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in self.brought]}
        match self.hook:
            case "order-select":
                chosen = [f"{one['resourceType']}/{one['id']}" for one in self.brought]
                return {**known, "draftOrders": bundle, "selections": chosen}
            case "order-sign":
                return {**known, "draftOrders": bundle}
            case "problem-list-item-create":
                return {**known, "conditions": bundle}
        return known

    def fill(self, template: str) -> str | None:
        """The query of a template, or None if it holds a token that this EHR cannot fill."""
        missing = False

        def value(match: re.Match[str]) -> str:
            nonlocal missing
            found = self._value(match[1])
            missing = missing or found is None
            return found or ""

        filled = _TOKEN.sub(value, template)
        return None if missing else filled

    def _value(self, token: str) -> str | None:
        if token.startswith("context."):
            held = self.context.get(token.removeprefix("context."))
            return held if isinstance(held, str) else None
        if day := _TODAY.fullmatch(token):
            days = int(day[2] or 0) * (-1 if day[1] == "-" else 1)
            return (self.today + timedelta(days=days)).isoformat()
        kind, _, identifier = self.user.partition("/")
        return identifier if _USERS.get(kind) == token and identifier else None

    def request(self, instance: str, prefetch: Mapping[str, Any]) -> Json:
        """The body of the call."""
        access = {
            "access_token": self.token,
            "token_type": "Bearer",
            "expires_in": 300,
            "scope": SCOPE,
            "subject": "fhirpath-spine-call",
            "patient": self.patient,
        }
        return lean(
            {
                "hook": self.hook,
                "hookInstance": instance,
                "fhirServer": self.server,
                "fhirAuthorization": access if self.token and self.server else None,
                "prefetch": dict(prefetch),
            }
        ) | {"context": self.context}


def whole(pages: Iterable[Mapping[str, Any]]) -> Json:
    """One Bundle of all pages of a search, as a client sends it that reads to the end."""
    entries: list[Any] = []
    total = 0
    for page in pages:
        entry = page.get("entry")
        entries += entry if isinstance(entry, list) else []
        counted = page.get("total")
        total = max(total, counted) if isinstance(counted, int) else total
    return lean({"resourceType": "Bundle", "type": "searchset", "total": total or len(entries), "entry": entries})


def without_token(request: Mapping[str, Any]) -> Json:
    """The request as it may be kept in a file: the token is of its hour, and of nobody else's business."""
    return {name: value for name, value in request.items() if name != "fhirAuthorization"}


def with_token(request: Mapping[str, Any], token: str) -> Json:
    """A kept request with a token of now."""
    context = request.get("context")
    patient = context.get("patientId") if isinstance(context, dict) else None
    access = {"access_token": token, "token_type": "Bearer", "expires_in": 300, "scope": SCOPE, "patient": patient}
    return {**request, "fhirAuthorization": {**access, "subject": "fhirpath-spine-call"}} if token else dict(request)
