"""The part of ``doctor`` that looks at this side: settings, content and clients, without any FHIR server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fhirpath_spine.entrypoints.http import build
from fhirpath_spine.entrypoints.settings import load as settings
from tests.entrypoints.doctor_kit import by_check, clients
from tests.entrypoints.fhir_stub import FhirStub, serving


@pytest.fixture
def dev(monkeypatch: pytest.MonkeyPatch, run: Any) -> Any:
    monkeypatch.setenv("SPINE_MODE", "dev")
    return run


def test_production_that_would_not_start_fails(run: Any) -> None:
    ran = run("doctor", "--format", "json")
    assert ran.code == 1
    assert by_check(ran)["mode"]["level"] == "FAIL"


def test_production_without_trusted_clients_and_approvals_fails(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clients(tmp_path, monkeypatch, "clients: [{id: ward}]\n")
    monkeypatch.setenv("SPINE_MODE", "prod")
    what = by_check(run("doctor", "--format", "json"))["production"]["what"]
    assert "issuer" in what
    assert "approval" in what


def test_a_setting_that_cannot_be_used_is_a_finding(dev: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPINE_DEADLINE", "soon")
    ran = dev("doctor", "--format", "json")
    assert ran.code == 1
    assert "SPINE_DEADLINE" in by_check(ran)["settings"]["what"]


def test_a_fixed_clock_warns(dev: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPINE_CLOCK", "2026-06-15T12:00:00Z")
    assert by_check(dev("doctor", "--format", "json"))["clock"]["level"] == "WARN"


@pytest.mark.parametrize(("name", "text"), [("SITE", "timezone: Nowhere\n"), ("HMAC_KEY_FILE", "short")])
def test_content_that_cannot_be_used_is_a_finding(
    run: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, text: str
) -> None:
    monkeypatch.setenv("SPINE_MODE", "dev")
    (tmp_path / "file.yaml").write_text(text, encoding="utf-8")
    monkeypatch.setenv(f"SPINE_{name}", str(tmp_path / "file.yaml"))
    ran = run("doctor", "--format", "json")
    assert ran.code == 1
    assert by_check(ran)["content"]["level"] == "FAIL"


IDLE = "SPINE_DATA_DIR, audience_aliases in clients.yaml, links in clients.yaml, approvals in site.yaml"


@pytest.fixture
def idle(dev: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Everything that is accepted and does nothing is set."""
    entry = "{id: ward, audience_aliases: [a], cards: {links: [a.example]}}"
    clients(tmp_path, monkeypatch, f"clients: [{entry}]\n")
    approval = f"{{pathway: PW-NEURO, digest: {'0' * 64}, by: N, role: R, date: 2026-06-15}}"
    (tmp_path / "site.yaml").write_text(f"timezone: UTC\napprovals: [{approval}]\n", encoding="utf-8")
    monkeypatch.setenv("SPINE_SITE", str(tmp_path / "site.yaml"))
    monkeypatch.setenv("SPINE_DATA_DIR", str(tmp_path))
    return dev


def test_doctor_and_config_say_what_is_set_without_effect(idle: Any) -> None:
    row = by_check(idle("doctor", "--format", "json"))["without effect"]
    assert (row["level"], row["what"]) == ("INFO", IDLE)
    assert f"Without effect in dev: {IDLE}." in idle("config").err


def test_a_start_says_in_one_line_what_is_set_without_effect(idle: Any, caplog: pytest.LogCaptureFixture) -> None:
    build(settings().settings)
    said = [record.getMessage() for record in caplog.records if record.name == "fhirpath_spine.start"]
    assert said == [f"Without effect in dev: {IDLE}."]


def test_where_nothing_is_set_without_effect_nothing_is_said(dev: Any, caplog: pytest.LogCaptureFixture) -> None:
    assert "without effect" not in by_check(dev("doctor", "--format", "json"))
    assert dev("config").err == ""
    build(settings().settings)
    assert [record for record in caplog.records if record.name == "fhirpath_spine.start"] == []


def test_a_base_that_no_entry_lists_fails(dev: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clients(tmp_path, monkeypatch, "clients:\n  - {id: ward, fhir_servers: ['https://ehr.example.org/fhir']}\n")
    with serving(FhirStub()) as ehr:
        ran = dev("doctor", "--fhir", ehr.base, "--client", "ward", "--format", "json")
    row = by_check(ran)["FHIR server listed"]
    assert (ran.code, row["level"]) == (1, "FAIL")
    assert ehr.base in row["do"]


@pytest.mark.parametrize(("text", "chosen"), [("clients: [{id: ward}]\n", "wad"), ("client: []\n", "")])
def test_an_entry_that_is_not_there_and_a_file_that_cannot_be_read_fail(
    dev: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, chosen: str
) -> None:
    clients(tmp_path, monkeypatch, text)
    ran = dev("doctor", "--format", "json", *(("--client", chosen) if chosen else ()))
    assert ran.code == 1
    assert by_check(ran)["client" if chosen else "clients"]["level"] == "FAIL"


@pytest.mark.parametrize(
    "words", [("--patient", "a/b", "--fhir", "http://127.0.0.1:1/fhir"), ("--patient", "x"), ("--fhir", "ftp://x")]
)
def test_wrong_use_ends_with_2(dev: Any, words: tuple[str, ...]) -> None:
    ran = dev("doctor", *words)
    assert (ran.code, ran.out) == (2, "")


def test_help_works(run: Any) -> None:
    assert "Exit: 0" in " ".join(run("doctor", "--help").out.split())
