"""The part of ``doctor`` that looks at the keys with which the tokens of each client's calls are to be verified."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import orjson

from fhirpath_spine.adapters.peer import Peer
from fhirpath_spine.entrypoints.clients import Issuer
from fhirpath_spine.entrypoints.doctor.findings import Finding, fail, info, passed, warn
from fhirpath_spine.entrypoints.doctor.network import check_certificate
from fhirpath_spine.errors import ServerError
from fhirpath_spine.exchange.ehr_side.jwks import Key, keys
from fhirpath_spine.exchange.incoming.addresses import read_base
from fhirpath_spine.service import Client

AREA = "keys of the callers"
SANDBOX = "sandbox.cds-hooks.org"
"""The public CDS Hooks sandbox: the private key that it signs with stands in its repository (JWT-22)."""
EFFECT = "No token of this EHR could be verified. In production every call of it is refused."
_SHOWN = 5


def check_issuers(clients: Sequence[Client], issuers: Sequence[Issuer], mode: str) -> Iterator[Finding]:
    """Each client's issuer, and whether its keys can be had and used."""
    named = {issuer.client for issuer in issuers}
    if without := [client.id for client in clients if client.id not in named]:
        what = f"no issuer and no keys: {', '.join(without)}"
        why = "Whoever calls in their name cannot be told from the EHR."
        yield info(AREA, "issuers", what, why, "Write issuer and jwks in the entry.")
    for issuer in issuers:
        yield from _check_issuer(issuer, mode)


def _check_issuer(issuer: Issuer, mode: str) -> Iterator[Finding]:
    check = f"keys of {issuer.client}"
    base = read_base(issuer.issuer)
    if base is not None and base.host == SANDBOX:
        level = warn if mode == "dev" else fail
        what, why = "the issuer is the public CDS Hooks sandbox", "Its private key is public: anyone can sign as it."
        yield level(
            AREA, f"issuer of {issuer.client}", what, why, "Only for development; take the entry out elsewhere."
        )
    if not issuer.issuer:
        what, why = "there are keys, but no issuer", "A token names its issuer, and is looked up by it."
        yield warn(AREA, f"issuer of {issuer.client}", what, why, "Write the issuer as the EHR's staff names it.")
    if issuer.file is not None:
        yield from _check_file(check, issuer.file)
    elif issuer.url:
        yield from _check_url(check, issuer.url, mode)
    else:
        do = "Write jwks: {url: ...}, or {file: ...}, in the entry."
        yield warn(AREA, check, "the entry says nothing of keys", EFFECT, do)


def _check_file(check: str, file: Path) -> Iterator[Finding]:
    try:
        value = orjson.loads(file.read_bytes())
    except OSError as error:
        what = f"{file.name} cannot be read: {type(error).__name__}"
        yield fail(AREA, check, what, EFFECT, "The path is that beside clients.yaml; check it, and who may read it.")
    except orjson.JSONDecodeError:
        yield fail(AREA, check, f"{file.name} is no JSON", EFFECT, "It has to be a JSON Web Key Set (RFC 7517).")
    else:
        yield from _check_set(check, value, f"in {file.name}")


def _check_url(check: str, url: str, mode: str) -> Iterator[Finding]:
    address = read_base(url)
    assert address is not None  # noqa: S101 - the form of the entry was checked
    if address.scheme != "https" and mode != "dev":
        why = "Whoever is on the way can put keys of his own there."
        yield fail(AREA, check, "the keys are fetched without TLS", why, "Write the https address.")
        return
    yield from check_certificate(AREA, f"certificate for {check}", address, EFFECT)
    with closing(Peer(url, what="key server")) as server:
        server.direct()
        try:
            value = server.get(url).json()
        except ServerError as error:
            do = "Open the address; ask the EHR's staff for the one of their key set."
            yield fail(AREA, check, error.message, EFFECT, do)
            return
    yield from _check_set(check, value, "at the pinned address; a token's jku is compared with it, never followed")


def _check_set(check: str, value: object, where: str) -> Iterator[Finding]:
    found = keys(value)
    if found is None:
        yield fail(AREA, check, "there is JSON, but no list of keys", EFFECT, "It has to be a JSON Web Key Set.")
        return
    for key in found:
        if key.leaked:
            why = "Whoever reads the set can sign calls in the name of this EHR."
            do = "Have the EHR's staff replace the key at once, and publish public parts only."
            yield fail(AREA, check, f"{_name(key)}: {key.fault}", why, do)
        elif key.fault:
            why = "A token that is signed with it is refused; the other keys are not touched."
            yield warn(AREA, check, f"{_name(key)}: {key.fault}", why, "Show this to the EHR's staff.")
    usable = [key.kid for key in found if not key.fault]
    if usable:
        more = f" and {len(usable) - _SHOWN} more" if len(usable) > _SHOWN else ""
        yield passed(AREA, check, f"usable are {', '.join(usable[:_SHOWN])}{more}, {where}")
    else:
        do = "Ask the EHR's staff for a key of ES384 or RS384 with a kid."
        yield fail(AREA, check, "no key can be used", EFFECT, do)


def _name(key: Key) -> str:
    return f"key {key.kid}" if key.kid else "a key without a name"
