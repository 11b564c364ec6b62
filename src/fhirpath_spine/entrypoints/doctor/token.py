"""The part of ``doctor`` that looks at a token of the FHIR server: whether it is valid, whose it is, and what it lets be read.

What a token says is a hint; what the server refuses is the truth (FHIR-08). No token is ever shown, nor a scope as it stands.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime

from fhirpath_spine.entrypoints.doctor.findings import Finding, fail, info, passed, warn
from fhirpath_spine.exchange.ehr_side.scopes import Token, uncovered

AREA = "token"


def check_token(token: Token, types: Collection[str], patient: str, now: datetime) -> Iterator[Finding]:
    """What the token says of itself, and which scopes the searches need."""
    needed = " ".join(f"patient/{kind}.rs" for kind in types)
    if not token.value:
        what, why = "there is none", "An EHR sends one with each call, unless its server is open."
        yield info(AREA, "token", what, why, f"Pass one in SPINE_SANDBOX_TOKEN; needed are {needed}.")
    elif token.scope is None:
        what, why = "it does not say its scopes", "What it permits shows only in the searches."
        yield info(AREA, "scopes", what, why, f"Needed are {needed}.")
    if token.expires is not None and token.expires <= now.timestamp():
        what = f"it has expired {(now.timestamp() - token.expires) / 60:.0f} minutes ago"
        yield fail(AREA, "token", what, "The server refuses every search.", "Get a new one, and start again.")
    if token.patient and patient and token.patient != patient:
        what, why = "it is for another patient than that of --patient", "Its searches find nothing, or are refused."
        yield fail(AREA, "token", what, why, "Launch for that patient, or name the token's own with --patient.")


def check_scopes(
    token: Token, types: Collection[str], read: Collection[str], refused: Mapping[str, int]
) -> Iterator[Finding]:
    """Type by type: what the token's scopes leave out, and what the server refused. ``read`` are the types that it gave."""
    lacking = uncovered(token.scope, types) if token.scope is not None else {}
    spoken = 0
    for kind in types:
        found = _check_type(kind, lacking.get(kind), refused.get(kind) if read else None, given=kind in read)
        spoken += found is not None
        if found is not None:
            yield found
    if not spoken and token.scope is not None:
        yield passed(AREA, "scopes", f"they cover all {len(types)} types")
    elif not spoken and read and token.value and not refused:
        yield passed(AREA, "scopes", "no search was refused")


def _check_type(kind: str, partly: bool | None, status: int | None, *, given: bool) -> Finding | None:
    """``partly`` is None where the scopes cover the type or say nothing, else whether they cover a part of it."""
    check = f"scope of {kind}"
    do = f"Add patient/{kind}.rs (SMART v1: patient/{kind}.read) to the scopes of this service."
    if status is not None:
        named = "" if partly is None else ", and its scopes do not cover it"
        return fail(
            AREA, check, f"HTTP {status}: the token does not permit {kind}{named}", "It is unread in each call.", do
        )
    if partly:
        why = "What it leaves out looks as if it were not in the chart."
        return fail(
            AREA, check, f"the token's scopes cover only a part of {kind}", why, do.replace(".rs", ".rs, without ?,")
        )
    if partly is None:
        return None
    if given:
        why = "The server gives it all the same; another one, or its next release, may not."
        return info(AREA, check, f"the token's scopes do not cover {kind}", why, do)
    why = "A server that heeds them refuses, and that part of the chart is unread in each call."
    return warn(AREA, check, f"the token's scopes do not cover {kind}", why, do)
