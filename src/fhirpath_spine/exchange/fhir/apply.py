"""``PlanDefinition/{id}/$apply`` of FHIR R4: what is asked for, and the CarePlan in answer (rulings 5.3).

The subject is one Patient. Its chart is ``data`` (a Bundle: the whole chart, as for ``decide``), or is read from ``fhirServer``
with the token that stands beside it, in the body. The Authorization header is the caller's own, as on a hook: it is issued for
this service, and is never passed on. A plan that a card carries and the one answered here are the same resource.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fhirpath_spine.errors import (
    BodyTooLarge,
    NothingToPropose,
    PatientMismatch,
    PreconditionError,
    RequestError,
    SpineError,
)
from fhirpath_spine.exchange import Json
from fhirpath_spine.exchange.incoming.bundles import read_bundle
from fhirpath_spine.exchange.incoming.requests import Access, HookRequest, logical_id, secret
from fhirpath_spine.exchange.outgoing.cards import Wording
from fhirpath_spine.exchange.outgoing.careplan import careplan, members
from fhirpath_spine.exchange.outgoing.outcomes import outcome
from fhirpath_spine.pathway.decision import Decision, Status
from fhirpath_spine.pathway.facts.chart import Chart
from fhirpath_spine.pathway.facts.signs import NO_SIGNS, Signs
from fhirpath_spine.pathway.truth import Reason

_SINGLE = ("subject", "data", "fhirServer", "accessToken")
_TEXTS = ("valueString", "valueUri", "valueUrl", "valueId")
_HINT = "Send Parameters with subject (valueString Patient/id), and data (resource Bundle) or fhirServer (valueUrl)."


@dataclass(frozen=True, slots=True)
class ApplyRequest:
    """One ``$apply``: the patient, and where the chart comes from."""

    patient: str
    data: Mapping[str, Any] | None = field(default=None, repr=False)
    server: str = ""
    access: Access | None = None

    def as_call(self) -> HookRequest:
        """The same as a call that sends no prefetch, for whoever reads what is missing."""
        return HookRequest("", "", self.patient, {}, server=self.server, access=self.access)

    def chart(self, limit: int, signs: Signs = NO_SIGNS) -> Chart | None:
        """The chart that was sent, if one was. ``limit`` is how many resources it may hold, ``signs`` say that it is not whole.

        Raises:
            BodyTooLarge: it holds more.
            RequestError: it is no Bundle, or holds no Patient.
            PatientMismatch: it holds two Patients, or another than the subject.

        """
        if self.data is None:
            return None
        entries = self.data.get("entry")
        if isinstance(entries, list) and len(entries) > limit:
            raise BodyTooLarge(f"data holds more than {limit} entries.", hint="Send the chart of one patient.")
        found = read_bundle(self.data, signs=signs)
        if found.patient != self.patient:
            raise PatientMismatch(
                "data holds another Patient than the subject, so nothing was judged.",
                hint="Send the subject's own chart.",
            )
        return found


def from_parameters(body: object) -> ApplyRequest:
    """The request in a Parameters resource; ``accessToken`` in it is the token for ``fhirServer``.

    Raises:
        RequestError: it is no Parameters resource, or names no subject, or both kinds of chart, or none.

    """
    if not isinstance(body, dict) or body.get("resourceType") != "Parameters":
        raise RequestError("The body is no Parameters resource.", hint=_HINT)
    listed = body.get("parameter", [])
    parts = [p for p in listed if isinstance(p, dict)] if isinstance(listed, list) else []
    _check_single(name for p in parts if isinstance(name := p.get("name"), str))
    data = [p.get("resource") for p in parts if p.get("name") == "data"]
    if data and not isinstance(data[0], dict):
        raise RequestError("data is not one resource.", hint=_HINT, expression="Parameters.parameter")
    return _request(
        _text(parts, "subject"),
        _text(parts, "fhirServer"),
        _text(parts, "accessToken"),
        data[0] if data else None,
    )


def from_query(query: Sequence[tuple[str, str]]) -> ApplyRequest:
    """The request in the query of a GET, which can name a server that asks for no token, but hold no chart and no token.

    Raises:
        RequestError: as :func:`from_parameters` and :func:`check_query`.

    """
    check_query(query)
    _check_single(name for name, _ in query)
    asked = dict(query)
    return _request(asked.get("subject", ""), asked.get("fhirServer", ""), "", None)


def check_query(query: Sequence[tuple[str, str]]) -> None:
    """Refuses a token in an address, whatever the method: addresses are written to the logs of whatever stands between.

    Raises:
        RequestError: one stands in it.

    """
    if any("token" in name.lower() or name.lower() in ("authorization", "bearer") for name, _ in query):
        raise RequestError(
            "A token stands in the address, where logs keep it, so it was not used.",
            hint="Have it revoked, and send a new one as accessToken in the body of a POST.",
        )


def _check_single(names: Iterable[str]) -> None:
    counts = Counter(names)
    twice = next((name for name in _SINGLE if counts[name] > 1), None)
    if twice is not None:
        raise RequestError(
            f"There is more than one {twice}.", hint="Ask for one patient of one chart at a time.", expression=twice
        )


def _text(parts: list[dict[str, Any]], name: str) -> str:
    for part in parts:
        if part.get("name") == name:
            reference = part.get("valueReference")
            held = [part.get(key) for key in _TEXTS]
            held.append(reference.get("reference") if isinstance(reference, dict) else None)
            found = next((value for value in held if isinstance(value, str)), None)
            if found is None:
                raise RequestError(
                    f"The value of {name} is of no type that is read here.",
                    hint=_HINT,
                    expression="Parameters.parameter",
                )
            return found
    return ""


def _request(subject: str, server: str, token: str, data: Mapping[str, Any] | None) -> ApplyRequest:
    patient = logical_id(subject)
    if not patient:
        raise RequestError(
            "subject is missing, or names no Patient by its logical id.", hint=_HINT, expression="Parameters.parameter"
        )
    if (data is None) == (not server):
        both = "both data and fhirServer were" if server else "neither data nor fhirServer was"
        raise RequestError(f"Nothing was judged, because {both} sent.", hint=_HINT, expression="Parameters.parameter")
    if not server or not token:
        return ApplyRequest(patient, data, server)
    held = secret(token)
    if held is None:
        raise RequestError("The access token is no bearer token.", hint="Send it as it was issued, or leave it out.")
    return ApplyRequest(patient, data, server, Access(server, held))


def applied(decision: Decision, pathway: str, decision_id: str, wording: Wording) -> Json:
    """What is proposed: the CarePlan; or a ``collection`` Bundle, if there are several (one for each lesion), or if a part of
    the chart could not be read, which an OperationOutcome in it then says.

    Raises:
        NothingToPropose: no plan, with the reason.
        PreconditionError: no plan, and a part of the chart could not be read.

    """
    # The gate is no plan: what it says is for now, and stands on its card.
    gate = wording.library.policy.gate
    entries = [e for e in decision.entries if e.id == pathway and (gate is None or e.id != gate.pathway)]
    plans = [
        careplan(decision, entry, verdicts, wording.library, wording.phrases, wording.ids)
        for entry in entries
        if (verdicts := members(decision, entry))
    ]
    unread = [
        f"{u.key}: {wording.phrases.word('unread', u.detail or u.reason.value)}"
        for u in decision.unread
        if u.reason is Reason.UNREAD
    ]
    if not plans:
        raise _nothing(decision, pathway, unread)
    if len(plans) == 1 and not unread:
        return plans[0]
    resources = {str(plan["id"]): plan for plan in plans}
    if unread:
        text = f"{wording.phrases.text('incomplete')} {'; '.join(unread)}."
        warning = outcome("incomplete", text, code="data-incomplete", decision=decision_id)
        warning["issue"][0]["severity"] = "warning"
        resources[wording.ids.uuid("outcome", decision_id)] = warning
    entry = [{"fullUrl": f"urn:uuid:{name}", "resource": resource} for name, resource in resources.items()]
    return {"resourceType": "Bundle", "type": "collection", "entry": entry}


def _nothing(decision: Decision, pathway: str, unread: list[str]) -> SpineError:
    if unread:
        return PreconditionError(
            f"No plan could be made, and parts of the chart could not be read: {'; '.join(unread)}.",
            hint="Make them readable and ask again; this is not a statement that nothing is needed.",
        )
    if decision.silent:
        return NothingToPropose(f"Nothing is proposed for this patient on purpose ({decision.silent}).")
    if not any(e.id == pathway for e in decision.entries):
        others = ", ".join(dict.fromkeys(e.id for e in decision.entries)) or "none"
        return NothingToPropose(f"The pathway does not apply to this patient. Those that do: {others}.")
    mine = [v.status for v in decision.verdicts if v.pathway == pathway]
    counts = {s.value: mine.count(s) for s in (Status.BLOCKED, Status.NEEDS_DATA, Status.SUPPRESSED, Status.SATISFIED)}
    said = ", ".join(f"{n} {name}" for name, n in counts.items() if n) or "no option is due"
    return NothingToPropose(
        f"The pathway applies, and proposes nothing now: {said}.", hint="The cards of the hook say why."
    )
