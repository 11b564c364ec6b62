"""The front page is executed: its request gets its answer, its commands exist, its links lead somewhere."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer
from starlette.testclient import TestClient
from typer.testing import CliRunner

from fhirpath_spine.entrypoints.commands import app
from fhirpath_spine.entrypoints.http import build
from fhirpath_spine.entrypoints.settings import load
from tests.kit.content import shipped

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [path for folder in (".", "docs", "docs/adr") for path in sorted((ROOT / folder).glob("*.md"))]
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
CURL = next(text for kind, text in BLOCKS if kind == "sh" and text.startswith("curl"))
ANSWER = json.loads(next(text for kind, text in BLOCKS if kind == "json"))
CLOCK = re.search(r"`SPINE_CLOCK=(\S+?)`", README)[1]  # type: ignore[index]
CUT = "…"
LINK = re.compile(r"(?<!\!)\[([^\]]+)\]\(([^)\s]+)\)")
GOALS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
VERBS = set(typer.main.get_command(app).commands)  # type: ignore[attr-defined]


def missing(wanted: Any, found: Any, at: str = "") -> list[str]:
    """Where the answer lacks what the page shows. A list is compared from its beginning, a text up to the cut."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        return [m for key, value in wanted.items() for m in missing(value, found.get(key), f"{at}.{key}")]
    if isinstance(wanted, list) and isinstance(found, list):
        rest = [*found, *[None] * len(wanted)]
        return [m for n, value in enumerate(wanted) for m in missing(value, rest[n], f"{at}[{n}]")]
    if isinstance(wanted, str) and wanted.endswith(CUT) and isinstance(found, str):
        return [] if found.startswith(wanted.removesuffix(CUT)) else [f"{at}: {found}"]
    return [] if wanted == found else [f"{at}: {found}"]


def test_the_request_gets_the_answer() -> None:
    words = shlex.split(CURL)
    url, header, body = words[2], words[words.index("-H") + 1], words[words.index("-d") + 1]
    name, _, value = header.partition(": ")
    app = build(load({"SPINE_MODE": "dev", "SPINE_CLOCK": CLOCK}, ROOT / "docs").settings, shipped())
    path = url.removeprefix("http://127.0.0.1:8000")
    answer = TestClient(app).post(path, content=body.encode(), headers={name: value})
    assert answer.status_code == 200
    assert missing(ANSWER, answer.json()) == []


def test_the_comparison_can_fail() -> None:
    assert missing({"a": [{"b": "x…"}]}, {"a": [{"b": "y"}]}) == [".a[0].b: y"]
    assert missing({"a": [1]}, {"a": []}) == [".a[0]: None"]


def test_the_request_answers_every_key_of_the_prefetch() -> None:
    body = json.loads(shlex.split(CURL)[-1])
    app = build(load({"SPINE_MODE": "dev"}, ROOT / "docs").settings, shipped())
    services = TestClient(app).get("/cds-services").json()["services"]
    assert set(body["prefetch"]) == set(services[0]["prefetch"])


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_every_command_that_a_page_names_exists(page: Path) -> None:
    code = re.findall(r"`([^`\n]+)`", page.read_text(encoding="utf-8"))
    code += [
        line
        for block in re.findall(r"^```sh\n(.*?)^```$", page.read_text(encoding="utf-8"), re.M | re.S)
        for line in block.splitlines()
    ]
    goals = {m[1] for text in code if (m := re.match(r"make ([a-z-]+)", text))}
    verbs = {m[1] for text in code if (m := re.search(r"(?:^|[/ ])fhirpath-spine ([a-z]+)", text))}
    assert goals <= GOALS
    assert verbs <= VERBS


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_every_link_of_a_page_leads_to_a_file_and_to_the_test_that_it_names(page: Path) -> None:
    broken = []
    for text, target in LINK.findall(page.read_text(encoding="utf-8")):
        if target.startswith(("https://", "http://", "#", "mailto:")):
            continue
        path = (page.parent / target.split("#")[0]).resolve()
        if not path.exists() or (text.startswith("test_") and f"def {text}(" not in path.read_text(encoding="utf-8")):
            broken.append(f"[{text}]({target})")
    assert broken == []


def commands(group: Any, name: str = "") -> dict[str, Any]:
    """All commands with their full name."""
    out = {}
    for word, one in group.commands.items():
        out |= commands(one, f"{name} {word}") if hasattr(one, "commands") else {f"{name} {word}".strip(): one}
    return out


def test_each_picture_is_there_is_small_and_says_in_words_what_it_shows() -> None:
    """`SPINE_PICTURES=folder pytest -m browser tests/browser` takes those of the pages anew."""
    shown = [
        (alt, (page.parent / path).resolve())
        for page in PAGES
        for alt, path in re.findall(r"!\[([^\]]*)\]\(([^)\s]+)\)", page.read_text(encoding="utf-8"))
    ]
    assert {path for _, path in shown} == set((ROOT / "docs" / "pictures").iterdir())
    for alt, path in shown:
        data = path.read_bytes()
        assert data.startswith(b"\x89PNG\r\n")
        assert len(data) < 200_000, path.name
        assert len(alt.split()) >= 5, path.name


@pytest.mark.parametrize("verb", sorted(commands(typer.main.get_command(app))))
def test_every_verb_says_what_it_does_and_how_it_ends(verb: str) -> None:
    command = commands(typer.main.get_command(app))[verb]
    assert command.help
    assert "Exit:" in command.help
    assert CliRunner().invoke(app, [*verb.split(), "--help"]).exit_code == 0


def test_the_architecture_fits_two_pages() -> None:
    words = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8").split()
    assert len(words) <= 1100
