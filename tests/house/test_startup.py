"""A command imports what it needs and nothing else: who asks for help or for one decision waits for no web server."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
import typer

from fhirpath_spine.entrypoints import commands
from fhirpath_spine.entrypoints.content import load_content
from fhirpath_spine.entrypoints.kept import PACKAGE
from fhirpath_spine.entrypoints.settings import Settings
from tests.kit.commands import PROGRAM

CHART = PACKAGE.parents[1] / "sandbox" / "patients" / "09-schwannoma-safely-resectable.json"
HEAVY = {
    *("fastapi", "starlette", "uvicorn", "asyncio", "ssl"),
    *("httpx2", "httpcore2", "requests", "urllib3"),
    *("fhir", "ucumvert", "pint", "lark", "yaml", "rich"),
    *("fhirpath_spine.authoring.profile", "fhirpath_spine.authoring.lint", "fhirpath_spine.entrypoints.http.app"),
}
"""What costs tens of milliseconds or more. pydantic is no part of it: typer checks the words of a command with it."""
LIST = {*HEAVY, "pydantic", "orjson", "fhirpath_spine.fhirpath", "fhirpath_spine.pathway", "fhirpath_spine.exchange"}
"""What the list of verbs and the version do without, too."""


def imported(*words: str, of: set[str]) -> set[str]:
    """Those modules that a command has imported when it ends."""
    code = (
        f"import sys\ntry:\n    {PROGRAM}\nexcept SystemExit as left:\n    assert not left.code, left.code\n"
        f"print(*[m for m in {sorted(of)!r} if m in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=True)
    assert done.stdout
    return set(done.stderr.split()) & of


@pytest.mark.parametrize("word", ["--help", "-h", "--version"])
def test_help_and_version_import_no_verb(word: str) -> None:
    assert imported(word, of=LIST) == set()


@pytest.mark.parametrize("verb", ["decide", "explain"])
def test_a_decision_with_kept_profiles_imports_nothing_heavy(verb: str) -> None:
    words = (verb, str(CHART), "--at", "2026-06-15", "--format", "json")
    load_content(Settings())  # and keeps it
    assert imported(*words, of=HEAVY) == set()


def test_the_search_for_heavy_modules_can_find_some() -> None:
    load_content(Settings())
    assert imported("decide", str(CHART), "--at", "2026-06-15", of=HEAVY) == {"rich"}


def test_lint_needs_the_forms_and_no_web_server() -> None:
    found = imported("lint", "--format", "json", of=HEAVY)
    assert {"yaml", "fhirpath_spine.authoring.lint"} <= found
    assert found.isdisjoint({"fastapi", "uvicorn", "httpx2", "requests", "rich"})


@pytest.mark.parametrize("verb", commands.VERBS)
def test_the_line_of_a_verb_is_the_first_of_its_docstring(verb: str) -> None:
    entry = commands.VERBS[verb]
    found = getattr(import_module(f"{commands.__name__}.{entry.module}"), entry.name)
    said = found.info.help if isinstance(found, typer.Typer) else found.__doc__
    assert entry.line == said.strip().split("\n")[0]


def test_every_module_of_the_commands_has_a_verb_or_serves_one() -> None:
    folder = PACKAGE / "entrypoints" / "commands"
    there = {path.stem for path in folder.glob("*.py")} - {"__init__", "main"}
    serving = {
        "asking",
        "brief",
        "demo",
        "expand",
        "formats",
        "impacting",
        "missing",
        "mutation",
        "origin",
        "reasons",
        "subjects",
        "watching",
    }
    assert there == {entry.module for entry in commands.VERBS.values()} | serving
    assert Path(commands.__file__).parent == folder
