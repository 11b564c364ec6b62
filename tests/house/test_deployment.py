"""The files that put the service into a hospital. There is no Docker and no systemd in CI, so what can be looked at without is:
their settings, paths and commands are there, they give no right away, and their time-outs agree with the service's.
"""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path
from typing import Any

import pytest
import typer.main

from fhirpath_spine.entrypoints.commands import app
from fhirpath_spine.entrypoints.http import BODY_SECONDS, DRAIN, HEADER_SECONDS
from fhirpath_spine.entrypoints.settings import FIELDS, PREFIX, Settings, load
from fhirpath_spine.service import BYTES
from tests.kit.files import yaml_of

ROOT = Path(__file__).parents[2]
CONTAINER = (ROOT / "deploy" / "Containerfile").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml_of(ROOT / "deploy" / "compose.yaml")
UNIT = (ROOT / "deploy" / "fhirpath-spine.service").read_text(encoding="utf-8")
PAGE = (ROOT / "docs" / "deployment.md").read_text(encoding="utf-8")
FILES = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "deploy").iterdir() if path.is_file()}
OURS = [COMPOSE["services"][name] for name in ("tables", "service")]


def unit(key: str) -> list[str]:
    return re.findall(rf"^{key}=(.*)$", UNIT, re.MULTILINE)


def seconds(text: str) -> float:
    return float(text.removesuffix("s"))


def proxy(name: str) -> float:
    (found,) = re.findall(rf"{name} (\d+)s;", PAGE)
    return float(found)


def checked(words: list[str]) -> None:
    """A command of ours, with options that it has."""
    command: Any = typer.main.get_command(app)
    rest = list(words)
    while hasattr(command, "commands"):
        command = command.commands[rest.pop(0)]
    known = {name for parameter in command.params for name in parameter.opts}
    assert {word for word in rest if word.startswith("--")} <= known


@pytest.mark.parametrize("name", [*FILES, "the page"])
def test_each_setting_is_on_the_list(name: str) -> None:
    named = set(re.findall(r"\bSPINE_[A-Z_]+\b", FILES.get(name, PAGE)))
    assert named
    assert named <= {PREFIX + field.upper() for field in FIELDS}


@pytest.mark.parametrize("name", [*FILES, "the page"])
def test_each_command_is_one_of_ours(name: str) -> None:
    text = re.sub(r"#.*", "", FILES.get(name, PAGE))
    plain = [
        line.strip("`") for line in re.findall(r"(?:`|bin/)fhirpath-spine ((?:serve|store|feedback)[^`\n]*)", text)
    ]
    listed = re.findall(r"\[\"?fhirpath-spine\"?, ([^\]]*)\]", text)
    commands = [*map(shlex.split, plain), *([w.strip(' "') for w in words.split(",")] for words in listed)]
    assert commands
    for words in commands:
        checked(words)


# ------------------------------------------------------------------ the container


def test_what_the_image_copies_is_there() -> None:
    lines = re.findall(r"^COPY (?!--from)(.+)$", CONTAINER, re.MULTILINE)
    sources = [word for line in lines for word in line.split()[:-1]]
    built = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]
    assert {"requirements.production.lock", "pyproject.toml", "src"} <= set(sources)
    assert set(built["targets"]["wheel"]["force-include"]) <= set(sources), "the wheel could not be built"
    assert [name for name in sources if not (ROOT / name).exists()] == []


def test_the_image_installs_by_hashes_and_its_last_stage_installs_nothing() -> None:
    build, last = CONTAINER.rsplit("\nFROM ", 1)
    for line in re.findall(r"^RUN (pip .*install.*)$", build, re.MULTILINE):
        assert "--no-deps" in line
        assert "--require-hashes" in line or "--no-index" in line
    assert "pip" not in last
    assert re.search(r"^USER [1-9]\d*:[1-9]\d*$", last, re.MULTILINE), (
        "a number: a cluster can tell that it is not root"
    )
    assert last.index("USER") < last.index("CMD")


def test_the_lock_of_production_is_a_part_of_the_lock_without_what_develops() -> None:
    def names(file: str) -> set[str]:
        return {
            line.split(" ")[0]
            for line in (ROOT / file).read_text(encoding="utf-8").splitlines()
            if re.match(r"\w.*==", line)
        }

    production = names("requirements.production.lock")
    assert production <= names("requirements.lock")
    assert {"psycopg", "psycopg-binary"} <= {re.split(r"\[|==", name)[0] for name in production}
    assert not {"pytest", "mypy", "ruff", "hypothesis"} & {name.split("==")[0] for name in production}


# ------------------------------------------------------------------ compose


def test_the_service_of_the_compose_file_has_all_that_production_asks_for() -> None:
    for service in OURS:
        given = {
            k: re.sub(r"\$\{\w+:\?[^}]*\}", "https://cds.example.org", v) for k, v in service["environment"].items()
        }
        given["SPINE_DATABASE_URL"] = "postgresql://a:b@c/d"
        settings = load(given, ROOT / "deploy").settings
        assert settings.mode == "prod"
        assert all((settings.clients, settings.site, settings.hmac_key_file, settings.public_url))
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        folders = [volume.split(":")[1] for volume in service["volumes"]]
        named = [str(path) for path in (settings.clients, settings.site, settings.hmac_key_file)]
        assert all(any(path.startswith(f"{folder}/") for folder in folders) for path in named)


def test_ports_are_open_to_this_machine_only() -> None:
    ports = [port for service in COMPOSE["services"].values() for port in service.get("ports", ())]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_no_password_stands_in_the_files() -> None:
    for text in FILES.values():
        assert [p for p in re.findall(r"PASSWORD: (.*)", text) if not p.startswith("${")] == []


# ------------------------------------------------------------------ systemd


def test_the_unit_reloads_by_the_signal_and_waits_for_what_is_in_flight() -> None:
    assert unit("ExecReload") == ["/bin/kill -HUP $MAINPID"]
    assert seconds(unit("TimeoutStopSec")[0]) > DRAIN + 10
    assert seconds(OURS[1]["stop_grace_period"]) > DRAIN + 10


def test_the_unit_gives_its_process_two_folders_to_write_and_no_right() -> None:
    given = dict(line.split("=", 1) for line in unit("Environment"))
    assert given["SPINE_DATA_DIR"] == f"/var/lib/{unit('StateDirectory')[0]}"
    assert given["SPINE_CACHE"] == f"/var/cache/{unit('CacheDirectory')[0]}"
    assert unit("ProtectSystem") == ["strict"]
    assert unit("CapabilityBoundingSet") == [""]
    assert unit("User") == ["fhirpath-spine"]


# ------------------------------------------------------------------ the proxy


def test_the_proxy_waits_longer_than_the_service_and_takes_what_it_takes() -> None:
    assert proxy("proxy_read_timeout") > BODY_SECONDS + Settings().deadline
    assert proxy("client_header_timeout") == HEADER_SECONDS
    assert proxy("client_body_timeout") == BODY_SECONDS
    assert f"client_max_body_size {BYTES // 1024 // 1024}m;" in PAGE
    assert "ssl_protocols TLSv1.2 TLSv1.3;" in PAGE
    assert "proxy_next_upstream off;" in PAGE
