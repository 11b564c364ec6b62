"""What production asks for before it starts: trusted clients, a key, a place, an address, and approvals of the pathways."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from fhirpath_spine.entrypoints.clients import Issuer, Registry
from fhirpath_spine.entrypoints.content import Content
from fhirpath_spine.entrypoints.settings import Settings
from fhirpath_spine.exchange.incoming.addresses import read_base
from fhirpath_spine.pathway.model import Library, Site

SANDBOX = "sandbox.cds-hooks.org"
"""The public CDS Hooks sandbox: the private key that it signs with stands in its repository (threat T05)."""


def missing(settings: Settings, registry: Registry | None, content: Content | None) -> list[str]:
    """Everything that stands against a start in production; what could not be loaded is None, and says so by itself."""
    return [
        *_settings(settings),
        *(_clients(registry) if settings.clients is not None and registry is not None else ()),
        *(_content(content) if content is not None else ()),
    ]


def _settings(settings: Settings) -> Iterator[str]:
    if settings.clients is None:
        yield "no trusted client is configured (SPINE_CLIENTS)"
    if settings.hmac_key_file is None:
        yield "no key for ids is configured (SPINE_HMAC_KEY_FILE)"
    if settings.data_dir is None:
        yield "no folder for the store and for records that wait is configured (SPINE_DATA_DIR)"
    base = read_base(settings.public_url) if settings.public_url else None
    if base is None:
        yield "it is not said how the service is reached, which tokens have to name (SPINE_PUBLIC_URL)"
    elif base.scheme != "https" and not base.is_loopback:
        yield "callers would reach the service without TLS (SPINE_PUBLIC_URL)"
    if settings.clock is not None:
        yield "the clock is fixed (SPINE_CLOCK)"


def _clients(registry: Registry) -> Iterator[str]:
    whole = [issuer for issuer in registry.issuers if issuer.is_whole]
    if not whole:
        yield "no entry of SPINE_CLIENTS has an issuer and its keys (issuer, jwks)"
    for issuer in registry.issuers:
        base = read_base(issuer.issuer)
        keys = read_base(issuer.url)
        if keys is not None and keys.scheme != "https":
            yield f"the keys of {issuer.client} would be fetched without TLS (jwks)"
        if base is not None and base.host == SANDBOX:
            yield f"{issuer.client} is the public CDS Hooks sandbox, as which anyone can sign: its private key is public"
    counted = Counter(issuer.issuer for issuer in whole)
    alike = [issuer for issuer in whole if counted[issuer.issuer] > 1]
    if any(not issuer.tenants for issuer in alike) or _overlap(alike):
        names = ", ".join(issuer.client for issuer in alike)
        yield f"{names} have one issuer, and their tenants do not tell them apart (tenants)"


def _overlap(alike: list[Issuer]) -> bool:
    counted = Counter((issuer.issuer, tenant) for issuer in alike for tenant in issuer.tenants)
    return any(count > 1 for count in counted.values())


def _content(content: Content) -> Iterator[str]:
    site, library = content.site, content.library
    if not any(is_approved(p.id, p.digest, site) for p in library.pathways):
        yield "no pathway has an approval of its digest (approvals in SPINE_SITE; `config --approvals` prints them)"
    elif (gate := library.policy.gate) is not None:
        first = library.pathway(gate.pathway)
        if first is not None and not is_approved(first.id, first.digest, site):
            yield f"{first.id}, the emergency gate, has no approval, and nothing is judged without it"


def is_approved(pathway: str, digest: str, site: Site) -> bool:
    """Whether the site has signed a pathway as it is now."""
    return any((a["pathway"], a["digest"]) == (pathway, digest) and a["by"] for a in site.approvals)


def approved(content: Content) -> tuple[Content, list[str]]:
    """The content with its approved pathways alone, which are no drafts any more; and the names of the others."""
    library, site = content.library, content.site
    kept = [replace(p, status="active") for p in library.pathways if is_approved(p.id, p.digest, site)]
    dropped = [p.id for p in library.pathways if not is_approved(p.id, p.digest, site)]
    found = replace(library, pathways=tuple(kept), digest=_digest(library, dropped))
    return replace(content, library=found, wording=replace(content.wording, library=found)), dropped


def _digest(library: Library, dropped: list[str]) -> str:
    """What is not loaded is a change of the content, and a change of the content has another digest."""
    if not dropped:
        return library.digest
    return hashlib.sha256("\n".join((library.digest, *dropped)).encode()).hexdigest()[: len(library.digest)]
