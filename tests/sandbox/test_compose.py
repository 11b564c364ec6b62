"""The compose file. There is no Docker in CI, so what can be tried without is: it fits together, its paths and settings are
there, its commands and its health check run on this machine, and it opens no port to other machines.
"""

from __future__ import annotations

import os
import re
import shlex
import socket
import subprocess
import sys
import time
import tomllib
from pathlib import Path
from typing import Any

import pytest
import typer.main

from fhirpath_spine.entrypoints.commands import app
from fhirpath_spine.entrypoints.settings import load
from tests.kit.files import yaml_of
from tests.sandbox.stub import Reply, serving

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "sandbox" / "compose.yaml"
SERVICES: dict[str, Any] = yaml_of(FILE)["services"]
DOCKERFILE: str = SERVICES["service"]["build"]["dockerfile_inline"]
KEYS = {"image", "build", "command", "environment", "ports", "network_mode", "depends_on", "healthcheck"}


@pytest.fixture(scope="module")
def environ() -> dict[str, str]:
    """What a process of the file finds set on this machine; what it keeps compiled is that of the tests."""
    return {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "XDG_CACHE_HOME": os.environ["XDG_CACHE_HOME"],
    }


PATIENCE = 180.0
"""Seconds for what a process does: it waits for others on a busy machine."""


def commands() -> list[list[str]]:
    """Each ``fhirpath-spine ...`` of the file, in the comments too, as words."""
    text = FILE.read_text(encoding="utf-8")
    found = re.findall(r"fhirpath-spine ([a-z][^\n&']*)", text)
    return [shlex.split(line) for line in found]


def test_there_are_hapi_the_service_and_the_patients() -> None:
    assert set(SERVICES) == {"hapi", "service", "patients"}
    assert re.fullmatch(r"hapiproject/hapi:v\d+\.\d+\.\d+-\d+", SERVICES["hapi"]["image"])
    assert all(set(s) <= KEYS for s in SERVICES.values())
    # An image that is built under a name is pulled by that name where it is not there yet, whoever owns it elsewhere.
    assert all(len({"image", "build"} & set(s)) == 1 for s in SERVICES.values())
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
    assert {"requirements.lock", "pyproject.toml", "src", "profiles"} <= set(sources)


def test_the_image_is_built_in_the_checkout_with_a_python_that_the_package_takes() -> None:
    built = [s["build"] for s in SERVICES.values() if "build" in s]
    assert {(FILE.parent / b["context"]).resolve() for b in built} == {ROOT}
    assert {b["dockerfile_inline"] for b in built} == {DOCKERFILE}, "the same layers"
    (version,) = re.findall(r"^FROM python:3\.(\d+)-slim$", DOCKERFILE, re.M)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["requires-python"] == ">=3.11"
    assert int(version) >= 11
    words = [line.split()[0] for line in DOCKERFILE.splitlines()]
    assert set(words) <= {"FROM", "WORKDIR", "COPY", "RUN", "USER"}
    assert words[-1] == "USER", "nothing runs as root"


def test_what_pip_is_told_is_known_to_pip_and_builds_without_fetching_what_the_lock_does_not_name() -> None:
    runs = re.findall(r"^RUN (pip .+)$", DOCKERFILE, re.M)
    assert ["--require-hashes" in runs[0], "--no-deps" in runs[1], "--no-build-isolation" in runs[1]] == [True] * 3
    help_ = subprocess.run(
        [sys.executable, "-m", "pip", "install", "--help"], capture_output=True, text=True, check=True
    )
    for word in (w for run in runs for w in run.split() if w.startswith("--")):
        assert word in help_.stdout
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert re.search(r"^hatchling==", lock, re.M), "the build backend is installed beforehand"


def test_settings_of_the_service_are_on_the_list() -> None:
    given = {name: str(value) for s in SERVICES.values() for name, value in s.get("environment", {}).items()}
    ours = {name: value for name, value in given.items() if name.startswith("SPINE_")}
    assert load(environ=ours, directory=ROOT / "sandbox").settings.mode == "dev"
    # HAPI's own stand in its image; a dot too many there would be a setting of nobody.
    assert {n for n in given if n not in ours} == {"hapi.fhir.fhir_version", "hapi.fhir.default_page_size"}


@pytest.mark.parametrize("words", commands(), ids=lambda w: w[0])
def test_each_command_is_one_of_ours(words: list[str]) -> None:
    group: Any = typer.main.get_command(app)
    command = group.commands[words[0]]
    if hasattr(command, "commands"):
        command = command.commands[words[1]]
    known = {name for parameter in command.params for name in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= known


# ------------------------------------------------------------------ run on this machine


def taken(port: int) -> bool:
    """Whether somebody listens there."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=PATIENCE).close()
    except OSError:
        return False
    return True


def test_the_service_serves_where_its_health_check_and_its_port_look_for_it(environ: dict[str, str]) -> None:
    """The very command and check of the file, but for the port, which may be taken here."""
    service = SERVICES["service"]
    command = shlex.split(service["command"])
    assert command[-2:] == ["--port", "8000"]
    assert "127.0.0.1:8000:8000" in SERVICES["hapi"]["ports"]
    check, how = service["healthcheck"]["test"][1:], service["healthcheck"]["test"][0]
    assert (how, check[0]) == ("CMD", "python")
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = str(found.getsockname()[1])
    check = [word.replace(":8000/", f":{port}/") for word in check]

    def healthy() -> bool:
        return subprocess.run(check, env=environ, capture_output=True, timeout=PATIENCE, check=False).returncode == 0

    assert not healthy()
    process = subprocess.Popen(
        [*command[:-1], port], env={**environ, **service["environment"]}, stderr=subprocess.DEVNULL
    )
    try:
        # To ask is to start a process, so nobody asks before there is someone who can answer.
        ends = time.monotonic() + PATIENCE
        while not (taken(int(port)) and healthy()):
            assert process.poll() is None
            assert time.monotonic() < ends
            time.sleep(0.1)
    finally:
        process.terminate()
        process.wait(PATIENCE)
    assert process.returncode == 0


def test_the_patients_are_loaded_once_hapi_answers(environ: dict[str, str]) -> None:
    """The command of the file on a server that answers at the third try; only address and pause are others."""
    tried: list[str] = []

    def starting(method: str, path: str) -> Reply | None:
        tried.append(path)
        return Reply(503) if len(tried) < 3 else None

    with serving() as stub:
        stub.instead = starting
        script = SERVICES["patients"]["command"].replace("$$", "$").replace("sleep 5", "sleep 0.1")
        words = shlex.split(script.replace("http://127.0.0.1:8080/fhir", stub.base))
        assert words[:2] == ["sh", "-c"]
        ran = subprocess.run(words, cwd=ROOT, env=environ, capture_output=True, timeout=PATIENCE, check=False)
        assert ran.returncode == 0, ran.stderr
        assert "Patient/spine-demo-resectable" in stub.held
    assert len(tried) > 3
