"""The page for whoever runs the service lists every setting, endpoint and limit, and none that is not there."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

from starlette.routing import Route

from fhirpath_spine.entrypoints.http import build
from fhirpath_spine.entrypoints.settings import FIELDS, PREFIX, load
from fhirpath_spine.service import CallRecord, Client
from tests.kit.content import shipped

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
ROWS = dict(re.findall(r"^\| `(SPINE_\w+)` \| ([^|]+) \|", PAGE, re.MULTILINE))


def test_every_setting_is_listed_and_no_other() -> None:
    assert set(ROWS) == {PREFIX + name.upper() for name in FIELDS}


def test_the_defaults_are_as_they_stand() -> None:
    simple = {n: f.default for n, f in FIELDS.items() if isinstance(f.default, (str, float)) and f.default}
    assert {n: ROWS[PREFIX + n.upper()].strip(" `") for n in simple} == {n: str(v) for n, v in simple.items()}


def test_every_path_is_listed_and_no_other() -> None:
    app = build(load({"SPINE_MODE": "dev"}, ROOT / "docs").settings, shipped())
    routes = [r for r in app.routes if isinstance(r, Route)]
    served = {f"{method} {r.path}" for r in routes for method in r.methods or () if method in ("GET", "POST")}
    listed = set(re.findall(r"^\| `((?:GET|POST) [^`]+)` \|", PAGE, re.MULTILINE))
    assert {path.replace("spine-patient-view", "{service_id}") for path in listed} == served


def test_the_lines_to_count_are_those_that_are_logged_with_the_fields_that_they_have() -> None:
    rows = re.findall(r'^\| `"event":"(\w+)"` \| ([^|]+) \|', PAGE, re.MULTILINE)
    source = "".join(p.read_text(encoding="utf-8") for p in (ROOT / "src").rglob("*.py"))
    assert {event for event, _ in rows} == set(re.findall(r'"event": "(\w+)"', source))
    fields = {
        "call": {f.name for f in dataclasses.fields(CallRecord)},
        "backoff": {"client", "seconds"},
        "dropped": {"lines"},
        "unauthorized": {"reason", "client"},
        "lost": {"records"},
    }
    for event, counted in rows:
        assert set(re.findall(r"`(\w+)`", counted)) <= fields[event]


def test_the_limits_are_as_they_stand() -> None:
    told = " ".join(PAGE.split())
    client = Client()
    assert f"{client.body // 1024 // 1024} MiB, {client.resources:,} resources, {client.depth} levels" in told
