"""``clients.yaml``: what it may say, how what is wrong with it is shown, and which entry a call is of."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from fhirpath_spine.adapters.ehr import PAGE_BYTES
from fhirpath_spine.diagnostics import catalogue
from fhirpath_spine.entrypoints.clients import (
    TASTES,
    CardsForm,
    ClientForm,
    ClientsForm,
    JwksForm,
    LimitsForm,
    Registry,
    load_clients,
)
from fhirpath_spine.entrypoints.http import Callers, build
from fhirpath_spine.entrypoints.settings import Settings
from fhirpath_spine.errors import ProfileError
from fhirpath_spine.exchange.incoming import DEEPEST, Servers, UnreadReason, read_base
from fhirpath_spine.exchange.outgoing import CardPolicy
from fhirpath_spine.service import CALL_BYTES, PAGES, Client
from tests.kit import decisions as make

WHOLE = """\
clients:
  - id: general-hospital
    issuer: https://ehr.example.org/fhir
    jwks: {url: https://ehr.example.org/jwks}
    audience_aliases: []
    fhir_servers: [https://EHR.example.org/fhir/]
    next_link_origins: ["https://pages.example.org"]
    private_network: true
    not_offered: [MedicationStatement]
    emergency: scope-stop
    limits: {body: 2 MiB, resources: 500, depth: 32}
    cards: {selection_behavior: at-most-one, actions: [ServiceRequest], gate_suggestions: true, detail: full, links: [A.example]}
  - id: small
cors_origins: ["https://tools.example.org"]
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "clients.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_an_entry_says_what_its_ehr_takes_and_where_we_may_read(tmp_path: Path) -> None:
    registry = load_clients(written(tmp_path, WHOLE))
    first, second = registry.clients
    assert first.id == "general-hospital"
    assert first.servers == Servers(
        frozenset({read_base("https://ehr.example.org/fhir")}),  # type: ignore[arg-type]
        frozenset({"https://pages.example.org:443"}),
        private_network=True,
    )
    assert (first.not_offered, first.emergency) == (frozenset({"MedicationStatement"}), "scope-stop")
    assert (first.body, first.resources, first.depth) == (2 * 1024 * 1024, 500, 32)
    card_policy = first.card_policy
    buttons, hosts = frozenset({"ServiceRequest"}), frozenset({"a.example"})
    assert card_policy == CardPolicy("at-most-one", buttons, gate_suggestions=True, full=True, links=hosts)
    assert registry.cors_origins == ("https://tools.example.org",)
    # An entry that lists no action gets no button.
    assert second == Client(id="small", card_policy=CardPolicy(actions=frozenset()), extension=False)


def test_an_entry_lists_the_orders_that_its_ehr_takes_back_and_changes(tmp_path: Path) -> None:
    cards = "{deletes: [MedicationRequest], updates: [ServiceRequest]}"
    (client,) = load_clients(written(tmp_path, f"clients: [{{id: a, cards: {cards}}}]\n")).clients
    assert (client.card_policy.deletes, client.card_policy.updates) == ({"MedicationRequest"}, {"ServiceRequest"})
    with pytest.raises(ProfileError, match="CarePlan"):
        load_clients(written(tmp_path, "clients: [{id: a, cards: {updates: [CarePlan]}}]\n"))


@pytest.mark.parametrize(("said", "version"), [("", "2.0"), ('cds_hooks: "3.0"\n', "3.0")])
def test_the_file_says_which_version_of_the_standard_discovery_names(tmp_path: Path, said: str, version: str) -> None:
    assert load_clients(written(tmp_path, f"clients: []\n{said}")).cds_hooks == version


def test_an_entry_that_says_nothing_gets_the_emergency_setting_of_the_service(tmp_path: Path) -> None:
    found = load_clients(written(tmp_path, WHOLE), emergency="scope-stop")
    assert [c.emergency for c in found.clients] == ["scope-stop", "scope-stop"]


def test_a_mounted_link_to_the_file_is_followed(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    link = tmp_path / "clients.yaml"
    link.symlink_to(written(tmp_path / "data", WHOLE))
    assert len(load_clients(link).clients) == 2


WRONG: dict[str, tuple[str, str]] = {
    "clients:\n  - id: a\n    fhir_server: [https://a.example]\n": ("3:5", "Did you mean 'fhir_servers'?"),
    "clients:\n  - id: a\n    cards: {action: []}\n": ("3:13", "Did you mean 'actions'?"),
    "clients:\n  - id: a\n    cards: {links: [https://a.example]}\n": ("3:21", "a host, with its port"),
    "client: []\n": ("1:1", "Did you mean 'clients'?"),
    "clients:\n  - fhir_servers: []\n": ("2:5", "'id' is missing"),
    "clients:\n  - id: A b\n": ("2:9", "kebab-case"),
    "clients:\n  - id: a\n  - id: a\n": ("3:9", "stands twice"),
    "clients:\n  - id: a\n    fhir_servers: [https://u@a.example]\n": ("3:20", "not the base of a FHIR server"),
    "clients:\n  - id: a\n    fhir_servers: [https://a.example?x]\n": ("3:20", "not the base of a FHIR server"),
    "clients:\n  - id: a\n    fhir_servers: [http://a.example]\n": ("3:20", "without TLS"),
    "clients:\n  - id: a\n    fhir_servers: https://a.example\n": ("3:19", "a list is wanted"),
    "clients:\n  - {id: a, fhir_servers: [https://x.example]}\n  - {id: b, fhir_servers: [https://x.example/]}\n": (
        "3:28",
        "stands twice",
    ),
    "clients:\n  - id: a\n    next_link_origins: [https://a.example/x]\n": ("3:25", "not an origin"),
    "clients:\n  - id: a\n    private_network: yes\n": ("3:22", "neither true nor false"),
    "clients:\n  - id: a\n    not_offered: [MedicationStatements]\n": ("3:19", "Did you mean 'MedicationStatement'?"),
    "clients:\n  - id: a\n    limits: {body: 16}\n": ("3:20", "a size in MiB"),
    "clients:\n  - id: a\n    cards: {selection_behavior: all}\n": ("3:33", "not allowed here"),
    "clients:\n  - id: a\n    jwks: {}\n": ("2:9", "either a url or a file"),
    "clients:\n  - &x {id: a}\n": ("2:5", "anchor"),
    "cors_origins: ['*']\n": ("1:16", "not an origin"),
    "": ("1:1", "empty"),
}


@pytest.mark.parametrize("text", WRONG)
def test_what_is_wrong_is_shown_at_its_place(tmp_path: Path, text: str) -> None:
    place, words = WRONG[text]
    with pytest.raises(ProfileError) as caught:
        load_clients(written(tmp_path, text))
    shown = [str(d) for d in caught.value.diagnostics]
    assert any(f"clients.yaml:{place}:" in line and words.lower() in line.lower() for line in shown), shown


ADDRESS = "clients:\n  - id: a\n    fhir_servers: [{}]\n"
LIMITS = "clients:\n  - id: a\n    limits: {{depth: {}}}\n"
KEYS = "clients:\n  - id: a\n    jwks: {}\n"
RULES = {
    "SP501": (ADDRESS.format("https://u@a.example"), ADDRESS.format("https://a.example")),
    "SP502": (ADDRESS.format("http://a.example"), ADDRESS.format("https://a.example")),
    "SP503": (KEYS.format("{url: https://a.example/jwks, file: keys.json}"), KEYS.format("{file: keys.json}")),
    "SP504": (LIMITS.format(DEEPEST + 1), LIMITS.format(DEEPEST)),
}
"""Each rule of this file, with what breaks it and what keeps it."""


def test_an_entry_begins_with_the_taste_of_its_vendor_and_its_own_keys_win(tmp_path: Path) -> None:
    text = (
        "clients:\n  - {id: a, profile: epic}\n  - {id: b, profile: epic, cards: {actions: [CarePlan]}}\n  - {id: c}\n"
    )
    epic, own, plain = (client.card_policy for client in load_clients(written(tmp_path, text)).clients)
    assert epic == TASTES["epic"]
    assert own == replace(TASTES["epic"], actions=frozenset({"CarePlan"}))
    assert plain == TASTES["generic"] == CardPolicy(actions=frozenset())


def test_the_page_shows_each_taste_as_it_is() -> None:
    rows = re.findall(r"^\| `profile: (\w+)` \| `([\w-]+)` \| ([^|]+) \| ([^|]+) \|", PAGE, re.MULTILINE)
    hosts = {"any": None, "listed": frozenset[str]()}
    assert {
        name: CardPolicy(behaviour, frozenset(re.findall(r"`(\w+)`", actions)), links=hosts[links])
        for name, behaviour, actions, links in rows
    } == TASTES


@pytest.mark.parametrize(
    ("said", "dev", "prod"),
    [("", True, False), (", extension: true", True, True), (", extension: false", False, False)],
)
def test_what_is_for_machines_is_sent_where_it_is_asked_for(tmp_path: Path, said: str, dev: bool, prod: bool) -> None:
    path = written(tmp_path, f"clients:\n  - {{id: a{said}}}\n")
    assert load_clients(path, plain_http=True).clients[0].extension is dev
    assert load_clients(path).clients[0].extension is prod


def test_every_rule_of_the_file_is_tested() -> None:
    assert set(RULES) == {code for code in catalogue() if code.startswith("SP5")}


@pytest.mark.parametrize("code", RULES)
def test_a_rule_finds_what_breaks_it_and_nothing_else(tmp_path: Path, code: str) -> None:
    bad, good = RULES[code]
    with pytest.raises(ProfileError) as caught:
        load_clients(written(tmp_path, bad))
    assert {d.code for d in caught.value.diagnostics} == {code}
    assert len(load_clients(written(tmp_path, good)).clients) == 1


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match="missing"):
        load_clients(tmp_path / "clients.yaml")


def test_servers_without_tls_are_for_dev(tmp_path: Path) -> None:
    text = "clients:\n  - id: a\n    fhir_servers: [http://10.0.0.1:8080/fhir]\n"
    assert load_clients(written(tmp_path, text), plain_http=True).clients[0].servers.bases


# ------------------------------------------------------------------ the page about it

PAGE = (Path(__file__).parents[2] / "docs" / "clients.md").read_text(encoding="utf-8")


def test_the_file_on_the_page_can_be_used_and_shows_every_key(tmp_path: Path) -> None:
    (text,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    (client,) = load_clients(written(tmp_path, text)).clients
    assert client.id == "general-hospital"
    for form in (ClientsForm, ClientForm, LimitsForm, CardsForm, JwksForm):
        known = form.keys()
        assert [key for key in known if f"{key}:" not in text] == []


def test_the_page_names_every_reason_and_no_other() -> None:
    assert set(re.findall(r"^\| `([a-z-]+)` \|", PAGE, re.MULTILINE)) == set(UnreadReason)


def test_the_bounds_on_the_page_are_as_they_stand() -> None:
    told = " ".join(PAGE.split())
    assert f"at most {PAGES} pages of a search, {PAGE_BYTES >> 20} MiB a page, {CALL_BYTES >> 20} MiB a call" in told


# ------------------------------------------------------------------ which entry a call is of

ENTRIES = (
    Client(id="a", servers=Servers(frozenset({read_base("https://a.example/fhir")}))),  # type: ignore[arg-type]
    Client(id="b", servers=Servers(frozenset({read_base("https://b.example/fhir")})), body=10_000, depth=8),  # type: ignore[arg-type]
)


@pytest.mark.parametrize(
    ("server", "expected"),
    [
        ("https://a.example/fhir", "a"),
        ("https://B.example:443/fhir/", "b"),
        ("https://c.example/fhir", "dev"),
        ("https://a.example/fhir/x", "dev"),
        ("http://127.0.0.1:1/fhir", "dev"),
        (None, "dev"),
        (7, "dev"),
        ([], "dev"),
    ],
)
def test_the_entry_is_the_one_that_lists_the_calls_server(server: Any, expected: str) -> None:
    assert Callers(Client(), ENTRIES).client_of({"fhirServer": server}).id == expected


@pytest.mark.parametrize("body", [None, [], "x", {}])
def test_what_is_no_request_is_of_the_built_in_client(body: Any) -> None:
    assert Callers(Client(), ENTRIES).client_of(body).id == "dev"


@pytest.fixture
def app(application: Callable[..., FastAPI]) -> FastAPI:
    """An application with two entries, of which one allows little."""
    return application(make.decision(make.planned(make.verdict())), entries=ENTRIES)


@pytest.mark.parametrize(
    ("server", "prefetch", "status"),
    [
        ("https://b.example/fhir", {"x": "y" * 9_000}, 200),
        ("https://b.example/fhir", {"x": "y" * 11_000}, 413),
        ("https://a.example/fhir", {"x": "y" * 11_000}, 200),
        ("https://b.example/fhir", {"x": [[[[[[[[1]]]]]]]]}, 413),
        ("https://a.example/fhir", {"x": [[[[[[[[1]]]]]]]]}, 200),
    ],
)
def test_the_limits_are_those_of_the_entry(app: FastAPI, body: Any, server: str, prefetch: Any, status: int) -> None:
    raw = orjson.dumps(body(fhirServer=server, prefetch=prefetch))
    with TestClient(app) as client:
        answer = client.post(
            "/cds-services/spine-patient-view", content=raw, headers={"content-type": "application/json"}
        )
    assert answer.status_code == status


# ------------------------------------------------------------------ wired into the service


def test_the_service_of_dev_knows_the_file_and_its_origins(tmp_path: Path) -> None:
    settings = Settings(mode="dev", clients=written(tmp_path, WHOLE))
    with TestClient(build(settings)) as client:
        headers = {"Origin": "https://tools.example.org", "Access-Control-Request-Method": "POST"}
        answer = client.options("/cds-services/spine-patient-view", headers=headers)
    assert answer.headers["access-control-allow-origin"] == "https://tools.example.org"


def test_a_file_that_cannot_be_used_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(ProfileError):
        build(Settings(mode="dev", clients=written(tmp_path, "client: []\n")))


def test_without_a_file_there_is_no_entry() -> None:
    assert Registry() == Registry((), ())
