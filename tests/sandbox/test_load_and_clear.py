"""``sandbox load`` and ``sandbox clear`` against a small server: twice is once, only our own goes, errors say what to do."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fhirpath_spine.adapters.peer import Peer
from fhirpath_spine.adapters.sandbox import Sandbox
from fhirpath_spine.entrypoints.settings import load as settings
from fhirpath_spine.errors import RequestError, ServerError
from tests.sandbox.stub import CAPABILITIES, Reply, Stub

ROOT = Path(__file__).resolve().parents[2]
PATIENTS = ROOT / "sandbox" / "patients"
CASES = ROOT / "tests" / "clinical" / "cases"
ONE = PATIENTS / "04-muscle-strain.json"
TOKEN = "canary-token-4711"
OUTCOME = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "diagnostics": "words of the server"}]}


def test_the_sandbox_patients_load_and_the_unloadable_do_not(run: Any, server: Stub) -> None:
    ran = run("sandbox", "load", "--fhir", server.base + "/", "--at", "2026-06-15")
    assert ran.code == 0, ran.err
    patients = ran.out.split()
    assert len(patients) == 15
    assert "spine-demo-unreadable" not in patients
    assert {n for n in server.held if n.startswith("Patient/")} == {f"Patient/{p}" for p in patients}
    assert "dated for 2026-06-15" in ran.err
    assert "15/15" in ran.err
    assert "Stub 1" in ran.err


def test_loading_twice_is_loading_once(run: Any, server: Stub) -> None:
    assert run("sandbox", "load", "--fhir", server.base, "--at", "2026-06-15", ONE).code == 0
    once = json.dumps(server.held)
    assert run("sandbox", "load", "--fhir", server.base, "--at", "2026-06-15", ONE).code == 0
    assert json.dumps(server.held) == once


def test_cases_are_loaded_under_their_own_prefix_and_moved_to_the_day(run: Any, server: Stub) -> None:
    assert run("sandbox", "load", "--fhir", server.base, "--at", "2026-06-16", CASES / "C01.json").out.split() == [
        "spine-case-c01"
    ]
    assert server.held["Observation/spine-case-c01-obs-1"]["effectiveDateTime"] == "2026-06-15"  # the 14th as written


def test_a_file_with_an_outcome_is_loaded_without_it_and_that_is_said(run: Any, server: Stub) -> None:
    ran = run("sandbox", "load", "--fhir", server.base, PATIENTS / "14-observations-unreadable.json")
    assert ran.code == 0
    assert "1 OperationOutcome left out" in ran.err
    assert not [n for n in server.held if n.startswith("OperationOutcome")]


def test_clear_removes_what_load_made_and_nothing_else(run: Any, server: Stub) -> None:
    tag = {"system": "https://fhirpath-spine.org/fhir/tag", "code": "sandbox"}
    strangers = {
        "Patient/other": {"resourceType": "Patient", "id": "other"},
        "Patient/spine-demo-own": {"resourceType": "Patient", "id": "spine-demo-own"},  # our prefix, not our tag
        "Patient/tagged": {
            "resourceType": "Patient",
            "id": "tagged",
            "meta": {"tag": [tag]},
        },  # our tag, not our prefix
    }
    server.held.update(strangers)
    assert run("sandbox", "load", "--fhir", server.base, PATIENTS, CASES).code == 0
    assert len(server.held) > 550
    ran = run("sandbox", "clear", "--fhir", server.base)
    assert ran.code == 0, ran.err
    assert server.held == strangers
    assert "resources removed" in ran.err


def test_what_refers_is_deleted_before_what_it_refers_to(run: Any, server: Stub) -> None:
    gone: list[str] = []
    run("sandbox", "load", "--fhir", server.base, ONE)
    answer = server._bundle

    def remember(bundle: dict[str, Any]) -> dict[str, Any]:
        gone.extend(e["request"]["url"].split("/")[0] for e in bundle["entry"])
        return answer(bundle)

    server._bundle = remember  # type: ignore[method-assign]
    assert run("sandbox", "clear", "--fhir", server.base).code == 0
    assert gone[-1] == "Patient"
    assert gone.index("Observation") < gone.index("Condition")


def test_what_others_refer_to_is_kept_and_that_is_said(run: Any, server: Stub) -> None:
    run("sandbox", "load", "--fhir", server.base, ONE)
    server.in_use.add("Patient/spine-demo-strain")
    ran = run("sandbox", "clear", "--fhir", server.base)
    assert ran.code == 1
    assert "1 resources were kept, because others on the server refer to them" in ran.err
    assert set(server.held) == server.in_use


def test_a_server_that_forgets_nothing_does_not_hold_us_up(server: Stub) -> None:
    server.held["Patient/spine-demo-1"] = {
        "resourceType": "Patient",
        "id": "spine-demo-1",
        "meta": {"tag": [{"system": "https://fhirpath-spine.org/fhir/tag", "code": "sandbox"}]},
    }
    claimed = Reply.json({"resourceType": "Bundle", "entry": [{"response": {"status": "204"}}]})
    server.instead = lambda method, _path: claimed if method == "POST" else None
    with pytest.raises(ServerError, match="still lists"):
        list(Sandbox(Peer(server.base)).clear())


# ------------------------------------------------------------------ the token


def test_the_token_goes_to_the_base_with_every_request(run: Any, server: Stub) -> None:
    assert run("sandbox", "load", "--fhir", server.base, "--token", TOKEN, ONE).code == 0
    assert {a.headers.get("Authorization") for a in server.asked} == {f"Bearer {TOKEN}"}
    assert {a.headers.get("Cache-Control") for a in server.asked} == {"no-cache"}


def test_no_credential_of_the_machine_is_sent(server: Stub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password secret\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    for token, sent in (("", None), (TOKEN, f"Bearer {TOKEN}")):
        server.asked.clear()
        assert Sandbox(Peer(server.base, token)).check() == "Stub 1"
        assert [a.headers.get("Authorization") for a in server.asked] == [sent]


def test_a_redirect_is_not_followed(run: Any, server: Stub) -> None:
    server.instead = lambda _method, _path: Reply(307, b"", {"Location": "http://127.0.0.1:9/fhir?secret=1"})
    ran = run("sandbox", "load", "--fhir", server.base, "--token", TOKEN, ONE)
    assert ran.code == 1
    assert "sends elsewhere (HTTP 307 to http://127.0.0.1:9)" in ran.err
    assert TOKEN not in ran.err + ran.out
    assert "secret" not in ran.err


# ------------------------------------------------------------------ what can be wrong


def only(reply: Reply, method: str = "GET") -> Callable[[str, str], Reply | None]:
    return lambda m, _path: reply if m == method else None


HTML = Reply(200, b"<html>log in</html>", {"Content-Type": "text/html"})
FAULTS: dict[str, tuple[Callable[[str, str], Reply | None], str]] = {
    "401": (only(Reply.json(OUTCOME, 401), "POST"), "HTTP 401. Pass a token"),
    "403": (only(Reply.json(OUTCOME, 403), "POST"), "HTTP 403. The token does not permit it"),
    "404": (only(Reply(404, b"not here", {})), "HTTP 404. Check the path"),
    "405": (only(Reply(405), "POST"), "HTTP 405. The server takes no such request"),
    "429": (only(Reply(429), "POST"), "HTTP 429. The server wants fewer requests"),
    "500": (only(Reply(500, b"<html>", {"Content-Type": "text/html"}), "POST"), "HTTP 500. The fault is the server's"),
    "HTML": (only(HTML), "with a web page, so this is not the base that was meant"),
    "HTML in the middle": (only(HTML, "POST"), "with a web page"),
    "no object": (only(Reply.json([1])), "no JSON object"),
    "truncated": (only(Reply(200, b'{"resourceType": "Capab')), "no JSON object"),
    "cut off": (
        only(Reply(200, b"{", {"Content-Type": "application/fhir+json", "Content-Length": "100"})),
        "broke off in the middle",
    ),
    "no CapabilityStatement": (only(Reply.json({"resourceType": "Bundle"})), "not with a CapabilityStatement"),
    "R5": (only(Reply.json({**CAPABILITIES, "fhirVersion": "5.0.0"})), "speaks FHIR 5.0.0"),
    "DSTU2": (only(Reply.json({"resourceType": "CapabilityStatement", "fhirVersion": "1.0.2"})), "speaks FHIR 1.0.2"),
    "no transactions": (
        only(Reply.json({**CAPABILITIES, "rest": [{"interaction": [{"code": "batch"}]}]})),
        "takes no transactions",
    ),
    "nothing written": (only(Reply.json({"resourceType": "Bundle"}), "POST"), "without saying that every entry"),
    "an entry refused": (
        only(Reply.json({"resourceType": "Bundle", "entry": [{"response": {"status": "422"}}] * 11}), "POST"),
        "without saying that every entry",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_ends_with_1_and_says_what_to_do(fault: str, run: Any, server: Stub) -> None:
    server.instead, words = FAULTS[fault]
    ran = run("sandbox", "load", "--fhir", server.base, "--token", TOKEN, ONE)
    assert ran.code == 1
    assert words in ran.err
    assert "Traceback" not in ran.err
    assert TOKEN not in ran.err + ran.out
    assert ran.out == ""


def test_the_servers_own_words_are_for_the_terminal_and_not_for_the_message(run: Any, server: Stub) -> None:
    server.instead = only(Reply.json(OUTCOME, 422), "POST")
    ran = run("sandbox", "load", "--fhir", server.base, ONE)
    assert "The server says: words of the server" in ran.err
    with pytest.raises(ServerError) as caught:
        Sandbox(Peer(server.base)).load({"entry": []})
    assert "words of the server" not in str(caught.value)


def test_nobody_listens(run: Any) -> None:
    for verb in ("load", "clear"):
        ran = run("sandbox", verb, "--fhir", "http://127.0.0.1:9/fhir")
        assert ran.code == 1
        assert "Nothing answers for the FHIR server at http://127.0.0.1:9/fhir. Check address and port" in ran.err


def test_a_slow_server_is_given_up(server: Stub) -> None:
    given_up = threading.Event()

    def slow(method: str, path: str) -> Reply | None:
        assert given_up.wait(120)
        return None

    server.instead = slow
    with pytest.raises(ServerError, match="did not answer in time"):
        Sandbox(Peer(server.base, timeout=0.1)).check()
    given_up.set()


@pytest.mark.parametrize(
    "base",
    ["", "127.0.0.1:8080/fhir", "ftp://x/fhir", "http://", "http://x:port/fhir", "http://u:p@x/fhir", "http://x/?a"],
)
def test_an_address_that_is_none_is_wrong_use(base: str, run: Any) -> None:
    ran = run("sandbox", "load", "--fhir", base, ONE)
    assert ran.code == 2
    assert "u:p" not in ran.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--at", "soon", str(ONE)), "--at is no date"),
        (("nowhere.json",), "nowhere.json cannot be read"),
        ((str(ROOT / "pyproject.toml"),), "pyproject.toml: "),
        ((str(ROOT / "src"),), "no Bundle to load"),
    ],
)
def test_wrong_use_is_said_before_a_server_is_asked(
    words: tuple[str, ...], message: str, run: Any, server: Stub
) -> None:
    ran = run("sandbox", "load", "--fhir", server.base, *words)
    assert ran.code == 2
    assert message in ran.err
    assert server.asked == []


def test_the_names_of_the_sandbox_are_no_settings_of_the_service() -> None:
    assert (
        settings({"SPINE_SANDBOX_URL": "http://127.0.0.1:1/fhir", "SPINE_SANDBOX_TOKEN": "t"}).settings.mode == "prod"
    )
    with pytest.raises(Exception, match="SPINE_SANDBAX_URL"):
        settings({"SPINE_SANDBAX_URL": "x"})


def test_a_token_is_not_shown() -> None:
    assert TOKEN not in repr(Sandbox(Peer("http://127.0.0.1:9/fhir", TOKEN)))
    with pytest.raises(RequestError):
        Peer("http://user@x/fhir", TOKEN)
