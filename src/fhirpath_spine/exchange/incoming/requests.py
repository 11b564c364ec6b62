"""The request of one hook call: strict where an error would harm, tolerant where real clients differ.

Requirements REQ, HOOK and TOL of the CDS Hooks catalogue. The prefetch stays plain JSON. No message repeats a value
that was sent.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fhirpath_spine.errors import PatientMismatch, RequestError
from fhirpath_spine.exchange.incoming.contexts import Context, read_context
from fhirpath_spine.pathway.facts.chart import is_id
from fhirpath_spine.pathway.facts.reading import items
from fhirpath_spine.pathway.facts.signs import NO_SIGNS, Signs

_TOKEN = re.compile(r"[\x21-\x7e]{1,8192}")
"""What can stand in an Authorization header: a line break would start a header of the caller's own."""
_LAY = frozenset({"patient", "relatedperson"})
"""Types of users who are no clinicians."""


class Secret(str):
    """A token: usable as text, shown as nothing."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "Secret(...)"


@dataclass(frozen=True, slots=True)
class Access:
    """Leave to read from the EHR during this call, and only then (FHIR-05)."""

    server: str
    token: Secret = field(repr=False)
    scope: str = ""


@dataclass(frozen=True, slots=True)
class HookRequest:
    """One call of a hook. ``server`` is the EHR's FHIR base as it named it; ``access`` is None where it grants none."""

    hook: str
    instance: str
    patient: str
    prefetch: Mapping[str, Any] = field(repr=False)
    user: str = ""
    encounter: str = ""
    server: str = ""
    access: Access | None = None
    context: Context = field(default_factory=Context, repr=False)

    @property
    def audience(self) -> str:
        """``clinician``, or ``patient`` for the patient or a relative: they get no cards (rulings 2.7)."""
        # The reference may be relative, absolute or versioned; what stands before its type and id is an address.
        parts = self.user.strip().split("/_history/")[0].rstrip("/").split("/")
        return "patient" if len(parts) > 1 and parts[-2].lower() in _LAY else "clinician"


def logical_id(text: str) -> str:
    """The bare id of a Patient, given as an id or as ``Patient/id``; empty if it is none."""
    bare = text.removeprefix("Patient/")
    return bare if is_id(bare) else ""


def secret(token: object) -> Secret | None:
    """A token that can stand in a header, or None."""
    return Secret(token) if isinstance(token, str) and _TOKEN.fullmatch(token) else None


def parse_request(body: object, hook: str, signs: Signs = NO_SIGNS) -> HookRequest:
    """The request in a JSON body, for a service of that hook. ``signs`` say that not all of its context is here.

    Raises:
        RequestError: something required is missing or of the wrong type, or the call is for another hook.
        PatientMismatch: the token was issued for another patient than the context's.

    """
    if not isinstance(body, dict):
        raise RequestError("The body is no JSON object.", hint="Send a CDS Hooks request.")
    named = _text(body, "hook")
    instance = _text(body, "hookInstance")
    context = _object(body, "context")
    if context is None:
        raise RequestError("context is missing.", hint="Send the context of the hook.", expression="context")
    if named != hook:
        raise RequestError(
            f"This service answers the hook {hook}, the request names another.",
            hint="Call the service that the discovery document lists for that hook.",
            expression="hook",
        )
    patient = _patient(context)
    server = _optional(body, "fhirServer")
    return HookRequest(
        hook=named,
        instance=instance,
        patient=patient,
        prefetch=_object(body, "prefetch") or {},
        user=_user(body, context),
        encounter=context["encounterId"] if isinstance(context.get("encounterId"), str) else "",
        server=server,
        access=_access(_object(body, "fhirAuthorization"), server, patient),
        context=read_context(hook, context, patient, signs),
    )


def _text(body: Mapping[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise RequestError(f"{name} is missing or is no text.", hint=f"Send {name} as a JSON string.", expression=name)
    return value


def _optional(body: Mapping[str, Any], name: str) -> str:
    value = body.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise RequestError(
            f"{name} is no text.", hint=f"Send {name} as a JSON string, or leave it out.", expression=name
        )
    return value


def _object(body: Mapping[str, Any], name: str) -> Mapping[str, Any] | None:
    value = body.get(name)
    if value is not None and not isinstance(value, dict):
        raise RequestError(
            f"{name} is no JSON object.", hint=f"Send {name} as an object, or leave it out.", expression=name
        )
    return value


def _patient(context: Mapping[str, Any]) -> str:
    value = context.get("patientId")
    if not isinstance(value, str) or not value:
        raise RequestError(
            "context.patientId is missing or is no text.",
            hint="Send the logical id of the Patient.",
            expression="context.patientId",
        )
    patient = logical_id(value)
    if not patient:
        raise RequestError(
            "context.patientId is no logical id.",
            hint="Send the bare id: letters, digits, hyphen, dot and underscore.",
            expression="context.patientId",
        )
    return patient


def _user(body: Mapping[str, Any], context: Mapping[str, Any]) -> str:
    # Drafts of before 1.0 had the user beside the context, and some clients still do: a patient there is a patient, too.
    named = (one for value in (context.get("userId"), body.get("user")) for one in items(value))
    texts = (one.get("reference") if isinstance(one, dict) else one for one in named)
    return next((text for text in texts if isinstance(text, str) and text), "")


def _access(granted: Mapping[str, Any] | None, server: str, patient: str) -> Access | None:
    """The access that the call grants. ``scope`` and ``expires_in`` are advisory: a refusal by the server is the
    truth.
    """
    if granted is None:
        return None
    if not server:
        raise RequestError(
            "fhirServer is missing although fhirAuthorization is sent.",
            hint="Send both or neither (cds-r-1).",
            expression="fhirServer",
        )
    token = secret(granted.get("access_token"))
    if token is None:
        raise RequestError(
            "fhirAuthorization.access_token is missing or is no bearer token.",
            hint="Send the token as it was issued, or leave fhirAuthorization out.",
            expression="fhirAuthorization.access_token",
        )
    _check_kind(granted)
    if isinstance(whose := granted.get("patient"), str) and whose and whose.removeprefix("Patient/") != patient:
        raise PatientMismatch(
            "The access token was issued for another patient than the context's, so nothing was judged.",
            hint="Send the token of the patient whose chart is open.",
        )
    return Access(server, token, granted["scope"] if isinstance(granted.get("scope"), str) else "")


def _check_kind(granted: Mapping[str, Any]) -> None:
    """Refuses a token that is no bearer token, or whose lifetime is no number (FHIR-03). What else is required of the
    client and missing in practice (``scope``, ``subject``) is not missed here.
    """
    kind = granted.get("token_type", "Bearer")
    if not isinstance(kind, str) or kind.lower() != "bearer":
        raise RequestError(
            "fhirAuthorization.token_type is not Bearer.",
            hint="Send a bearer token, or leave fhirAuthorization out.",
            expression="fhirAuthorization.token_type",
        )
    lifetime = granted.get("expires_in", 0)
    if isinstance(lifetime, bool) or not (
        isinstance(lifetime, int) or (isinstance(lifetime, str) and lifetime.isdigit())
    ):
        raise RequestError(
            "fhirAuthorization.expires_in is no whole number.",
            hint="Send the lifetime in seconds.",
            expression="fhirAuthorization.expires_in",
        )
