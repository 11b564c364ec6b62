"""``clients.yaml``: who may call, from which FHIR servers each may have us read, and what its EHR takes (design section 8).

Read as strictly as a profile: each finding has its place, an unknown key is named with its likeness, and nothing is loaded by
halves. In production a caller is known by ``issuer`` and ``jwks``; in development nobody is authenticated by them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field, PlainValidator, WithJsonSchema

from fhirpath_spine.authoring.source.fields import Flag, Form, Text, Whole, one_of, pattern, wrong
from fhirpath_spine.authoring.source.folder import Folder
from fhirpath_spine.authoring.source.forms import read_form
from fhirpath_spine.authoring.source.nodes import Scalar
from fhirpath_spine.authoring.source.report import Report
from fhirpath_spine.errors import ProfileError
from fhirpath_spine.exchange.incoming.addresses import Servers, read_base, read_origin
from fhirpath_spine.exchange.incoming.parsing import DEEPEST
from fhirpath_spine.exchange.incoming.prefetch import RESOURCES
from fhirpath_spine.exchange.outgoing.cards import CardPolicy
from fhirpath_spine.pathway.facts.chart import TYPES
from fhirpath_spine.service import BYTES, CALLS, DEPTH, PAGES, Client

SIGNATURES = ("ES256", "ES384", "ES512", "PS256", "PS384", "PS512", "RS256", "RS384", "RS512")
"""What an entry may list. Symmetric algorithms and none are no choice (JWT-05, JWT-06)."""
TASTES = {
    "generic": CardPolicy(actions=frozenset()),
    # One action in a suggestion, and of no type that is a plan; `any` is all that it takes. A site allows each host by name.
    "epic": CardPolicy("any", frozenset({"ServiceRequest"}), links=frozenset()),
    # A narrow column beside the chart, and no action of ours that is known to be carried out; it drops unregistered hosts.
    "oracle": CardPolicy("any", frozenset(), links=frozenset()),
}
"""What EHRs of a vendor take on a card, as far as it is published: where an entry begins that names one (docs/clients.md)."""
_WITHOUT = "without user, query, fragment, dot segments or odd characters"


def _address(read: Callable[[str], object], wanted: str) -> tuple[PlainValidator, WithJsonSchema]:
    def check(value: object) -> Scalar:
        if not isinstance(value, Scalar):
            raise wrong("SP207", f"{wanted} is wanted here")
        if read(value) is None:
            raise wrong("SP501", f"'{value}' is not {wanted}", f"Write https://host[:port][/path], {_WITHOUT}.")
        return value

    return PlainValidator(check), WithJsonSchema({"type": "string", "pattern": "^https?://"})


Base = Annotated[Scalar, *_address(read_base, "the base of a FHIR server")]
Origin = Annotated[Scalar, *_address(read_origin, "an origin")]
Host = Annotated[Scalar, *pattern("[A-Za-z0-9.-]+(:[0-9]{1,5})?", "a host, with its port if it has one")]
Size = Annotated[Scalar, *pattern("[1-9][0-9]{0,3} MiB", "a size in MiB")]
ClientId = Annotated[Scalar, *pattern("[a-z0-9]+(-[a-z0-9]+)*", "an id in kebab-case")]


class JwksForm(Form):
    """Where the keys of an issuer are: an address, or a file."""

    url: Base | None = None
    file: Text | None = None


class LimitsForm(Form):
    """What one call may weigh (rulings 2.9), and how many calls a second there may be."""

    body: Size | None = None
    resources: Whole = RESOURCES
    depth: Whole = DEPTH
    pages: Whole = PAGES
    calls: Whole = CALLS


class CardsForm(Form):
    """What the EHR takes on a card. Without ``actions`` it gets no suggestion; ``gate_suggestions`` also on the emergency's card;
    ``deletes`` are the orders that a warning may offer to take back, ``updates`` those that it may offer to change;
    ``detail: full`` puts the explanation below the detail. ``links`` are the hosts that it opens: a card leads to no other.
    """

    selection_behavior: Annotated[Scalar, *one_of("any", "at-most-one")] | None = None
    actions: tuple[Annotated[Scalar, *one_of("CarePlan", "ServiceRequest")], ...] | None = None
    gate_suggestions: Flag = False
    deletes: tuple[Annotated[Scalar, *one_of("MedicationRequest", "ServiceRequest")], ...] = ()
    updates: tuple[Annotated[Scalar, *one_of("MedicationRequest", "ServiceRequest")], ...] = ()
    detail: Annotated[Scalar, *one_of("short", "full")] | None = None
    links: tuple[Host, ...] | None = None


class ClientForm(Form):
    """One EHR."""

    id: ClientId
    profile: Annotated[Scalar, *one_of(*TASTES)] | None = None
    issuer: Base | None = None
    jwks: JwksForm | None = None
    algorithms: tuple[Annotated[Scalar, *one_of(*SIGNATURES)], ...] = ()
    subject: Text | None = None
    tenants: tuple[Text, ...] = ()
    audience_aliases: tuple[Text, ...] = ()
    fhir_servers: tuple[Base, ...] = ()
    next_link_origins: tuple[Origin, ...] = ()
    private_network: Flag = False
    not_offered: tuple[Annotated[Scalar, *one_of(*TYPES)], ...] = ()
    emergency: Annotated[Scalar, *one_of("full", "scope-stop")] | None = None
    extension: Flag | None = None
    limits: LimitsForm = LimitsForm.model_construct()
    cards: CardsForm = CardsForm.model_construct()


class ClientsForm(Form):
    """The whole file."""

    clients: tuple[ClientForm, ...] = Field(default=())
    cds_hooks: Annotated[Scalar, *one_of("2.0", "3.0")] | None = None
    cors_origins: tuple[Origin, ...] = ()


@dataclass(frozen=True, slots=True)
class Issuer:
    """Who signs the tokens of a client's calls, and where its keys are: at an address, or in a file."""

    client: str
    issuer: str = ""
    url: str = ""
    file: Path | None = None
    algorithms: frozenset[str] = frozenset()
    """Empty: what an entry takes that lists none."""
    subject: str = ""
    tenants: frozenset[str] = frozenset()
    aliases: frozenset[str] = frozenset()

    @property
    def is_whole(self) -> bool:
        """Whether calls can be verified by it."""
        return bool(self.issuer and (self.url or self.file))


@dataclass(frozen=True, slots=True)
class Registry:
    """The clients of a file, the issuers of those that name one or its keys, and the browser origins that may call."""

    clients: tuple[Client, ...] = ()
    cors_origins: tuple[str, ...] = ()
    issuers: tuple[Issuer, ...] = ()
    cds_hooks: str = "2.0"
    """The version of the standard that discovery says."""
    idle: tuple[str, ...] = ()
    """Keys of some entry that may do nothing: ``audience_aliases`` where nobody signs, ``links`` where it is not said how the
    service is reached."""


def load_clients(file: Path, *, plain_http: bool = False, emergency: str = "full") -> Registry:
    """The clients that a file names. ``plain_http`` is that of dev: servers without TLS, and cards for machines, too;
    ``emergency`` is what an entry that says nothing gets.

    Raises:
        ProfileError: the file cannot be used; it carries every finding with its place.

    """
    report = Report()
    # A mounted secret is a link to a file; the file is what counts.
    path = file.resolve()
    folder = Folder(path.parent, file.parent.as_posix(), report)
    node = folder.yaml(path.name)
    form = None if node is None else read_form(ClientsForm, node, report)
    if form is not None:
        _check(form, report, plain_http=plain_http)
    found = tuple(report.sorted())
    if form is None or found:
        raise ProfileError(
            f"The clients cannot be loaded, {len(found)} errors: {'; '.join(map(str, found[:3]))}",
            diagnostics=found,
            hint="Correct the file that SPINE_CLIENTS names and start again; none of it is in use.",
        )
    return Registry(
        tuple(_client(entry, emergency, told=plain_http) for entry in form.clients),
        tuple(str(read_base(origin)) for origin in form.cors_origins),
        tuple(_issuer(entry, path.parent) for entry in form.clients if entry.issuer or entry.jwks),
        cds_hooks=str(form.cds_hooks or "2.0"),
        idle=tuple(_idle(form.clients)),
    )


def _check(form: ClientsForm, report: Report, *, plain_http: bool) -> None:
    _once([c.id for c in form.clients], "client", report)
    bases = [base for client in form.clients for base in client.fhir_servers]
    _once(bases, "FHIR server", report, key=lambda text: str(read_base(text)))
    linked = [origin for client in form.clients for origin in client.next_link_origins]
    for text in () if plain_http else (*bases, *linked):
        if not text.lower().startswith("https:"):
            report.add("SP502", f"'{text}' is without TLS", text.span, "Write https; http is for SPINE_MODE=dev.")
    for client in form.clients:
        if client.limits.depth > DEEPEST:
            what = f"limits.depth is {client.limits.depth}, and a body is read to {DEEPEST} levels at most"
            report.add("SP504", what, client.id.span, "FHIR resources need less than 64.")
        jwks = client.jwks
        if jwks is not None and (jwks.url is None) == (jwks.file is None):
            report.add("SP503", "jwks wants either a url or a file", client.id.span)


def _once(names: Iterable[Scalar], what: str, report: Report, key: Callable[[Scalar], str] = str) -> None:
    seen: set[str] = set()
    for name in names:
        if key(name) in seen:
            report.add("SP204", f"the {what} '{name}' stands twice", name.span, "Keep one of them.")
        seen.add(key(name))


def _idle(entries: Iterable[ClientForm]) -> Iterator[str]:
    entries = tuple(entries)
    if any(entry.audience_aliases for entry in entries):
        yield "audience_aliases"
    if any(entry.cards.links for entry in entries):
        yield "links"


def _issuer(entry: ClientForm, folder: Path) -> Issuer:
    jwks = entry.jwks or JwksForm.model_construct()
    file = folder / str(jwks.file) if jwks.file else None
    return Issuer(
        str(entry.id),
        str(entry.issuer or ""),
        str(jwks.url or ""),
        file,
        algorithms=frozenset(map(str, entry.algorithms)),
        subject=str(entry.subject or ""),
        tenants=frozenset(map(str, entry.tenants)),
        aliases=frozenset(map(str, entry.audience_aliases)),
    )


def _client(entry: ClientForm, emergency: str, *, told: bool) -> Client:
    limits, cards, plain = entry.limits, entry.cards, TASTES[str(entry.profile or "generic")]
    return Client(
        id=str(entry.id),
        card_policy=CardPolicy(
            selection_behavior=str(cards.selection_behavior or plain.selection_behavior),
            actions=plain.actions if cards.actions is None else frozenset(map(str, cards.actions)),
            gate_suggestions=cards.gate_suggestions,
            full=cards.detail == "full",
            links=plain.links if cards.links is None else frozenset(str(host).lower() for host in cards.links),
            deletes=frozenset(map(str, cards.deletes)),
            updates=frozenset(map(str, cards.updates)),
        ),
        emergency=str(entry.emergency or emergency),
        servers=Servers(
            bases=frozenset(found for text in entry.fhir_servers if (found := read_base(text)) is not None),
            next_link_origins=frozenset(origin for text in entry.next_link_origins if (origin := read_origin(text))),
            private_network=entry.private_network,
        ),
        not_offered=frozenset(map(str, entry.not_offered)),
        extension=told if entry.extension is None else entry.extension,
        body=BYTES if limits.body is None else int(re.sub("[^0-9]", "", limits.body)) * 1024 * 1024,
        depth=limits.depth,
        resources=limits.resources,
        pages=limits.pages,
        calls=max(1, limits.calls),
    )
