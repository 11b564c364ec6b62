"""The compose file: CI runs no Docker, so at least it parses, fits together, and opens no port to other machines."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml

from fhirpath_spine.entrypoints.cli import app

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "sandbox" / "compose.yaml"
SERVICES: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))["services"]
DOCKERFILE: str = SERVICES["service"]["build"]["dockerfile_inline"]
KEYS = {"image", "build", "command", "environment", "ports", "network_mode", "depends_on"}


def commands() -> list[list[str]]:
    """Each ``fhirpath-spine ...`` of the file, in the comments too, as words."""
    text = FILE.read_text(encoding="utf-8")
    found = re.findall(r"fhirpath-spine ([a-z][^\n&']*)", text)
    return [shlex.split(line) for line in found]


def test_there_are_hapi_the_service_and_the_patients() -> None:
    assert set(SERVICES) == {"hapi", "service", "patients"}
    assert re.fullmatch(r"hapiproject/hapi:v\d+\.\d+\.\d+-\d+", SERVICES["hapi"]["image"])
    assert all(set(s) <= KEYS and {"image", "build"} & set(s) for s in SERVICES.values())
    assert all(set(s.get("depends_on", ())) <= set(SERVICES) for s in SERVICES.values())


def test_ports_are_open_to_this_machine_only() -> None:
    ports = [port for s in SERVICES.values() for port in s.get("ports", ())]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_the_address_of_hapi_is_the_same_inside_and_outside() -> None:
    """In dev mode the service reads from its own loopback only."""
    assert all(SERVICES[name]["network_mode"] == "service:hapi" for name in ("service", "patients"))
    assert "127.0.0.1:8080:8080" in SERVICES["hapi"]["ports"]
    assert re.findall(r"http://[^ /]+/fhir", FILE.read_text(encoding="utf-8")) == ["http://127.0.0.1:8080/fhir"] * 2


def test_what_the_image_copies_is_there() -> None:
    sources = [word for line in re.findall(r"^COPY (.+)$", DOCKERFILE, re.M) for word in line.split()[:-1]]
    assert sources
    assert [name for name in sources if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("words", commands(), ids=lambda w: w[0])
def test_each_command_is_one_of_ours(words: list[str]) -> None:
    group: Any = typer.main.get_command(app)
    command = group.commands[words[0]]
    if hasattr(command, "commands"):
        command = command.commands[words[1]]
    known = {name for parameter in command.params for name in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= known
