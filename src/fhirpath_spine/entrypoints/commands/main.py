"""The command line. stdout is the result, stderr the talk; exit 0 fine, 1 findings, 2 wrong use or internal error.

A verb's module is imported when the verb is called: the list of verbs answers at once, and no verb waits for what another needs.
"""

from __future__ import annotations

import gc
import sys
import traceback
from collections import UserDict
from collections.abc import Callable
from importlib import import_module
from typing import Annotated, Any, NamedTuple

import typer
from typer.core import TyperGroup

from fhirpath_spine import __version__
from fhirpath_spine.errors import ProfileError, SpineError


class Verb(NamedTuple):
    """Where a verb is written, and its line in the list: the first sentence of its docstring, which a test compares."""

    module: str
    name: str
    line: str


VERBS = {
    "serve": Verb(
        "serve", "serve", "Serve CDS Hooks. Settings come from SPINE_* and fhirpath-spine.toml; see `config`."
    ),
    "demo": Verb(
        "serve",
        "demo",
        "Show what the service says about invented patients; then keep serving, with its clock at that day.",
    ),
    "decide": Verb("judge", "decide", "Judge one patient's chart offline: pathways, verdicts, cards and care plans."),
    "explain": Verb(
        "judge",
        "explain",
        "Show the tree of a decision: pathway, recommendation, criterion; with answer, value, resource, date and why.",
    ),
    "lint": Verb(
        "files", "lint", "Check a set of profiles: everything that is wrong with it, at once, each at its place."
    ),
    "rule": Verb(
        "files", "rule", "Print one rule of the catalogue: why it is there, what breaks it and what keeps it."
    ),
    "config": Verb("files", "config", "Print each setting with its value and where it came from; secrets are masked."),
    "render": Verb(
        "pages", "render", "Write a page with a flowchart for each pathway, one page for the policy, and an index."
    ),
    "call": Verb(
        "call",
        "call",
        "Call the service as an EHR does: prefetch from a FHIR server by the discovered templates, send, show the cards.",
    ),
    "replay": Verb("call", "replay", "Send kept requests again. The hookInstance stays, so that cards keep their ids."),
    "doctor": Verb(
        "doctor", "doctor", "Check settings, profiles and clients, and a FHIR server against what the profiles need."
    ),
    "test": Verb(
        "cases", "cases", "Judge the cases that stand beside the pathways, and compare with what each expects."
    ),
    "impact": Verb(
        "impact", "impact", "Say what an edit of the profiles changes: in the files, and for which patients and why."
    ),
    "feedback": Verb(
        "feedback", "feedback", "Show what users did with the cards: accepted, overridden, and why; from the store."
    ),
    "store": Verb("store", "app", "The store of production: its schema, a copy of it, and the end of what is old."),
    "new": Verb("new", "app", "Write the form of a pathway, a recommendation or a case, for an author to fill in."),
    "sandbox": Verb("sandbox", "app", "Fill a FHIR server with invented patients, and empty it again."),
    "population": Verb("population", "app", "Judge the patients of a Bulk Data export, and report on them."),
    "codes": Verb("codes", "app", "Codes: what reads one, and a site's own expansions."),
}
QUIET: dict[str, Any] = {"add_completion": False, "pretty_exceptions_enable": False, "rich_markup_mode": None}
"""Help in plain text: to draw it would cost more than the rest of a short command."""


class Commands(UserDict[str, Any]):
    """The verbs by name; one that is asked for is imported."""

    def __init__(self, shared: list[Any]) -> None:
        super().__init__(VERBS)
        self._shared = shared

    def __getitem__(self, name: str) -> Any:
        """The command of a verb, with the options that all verbs share."""
        held = self.data[name]
        if isinstance(held, Verb):
            found = getattr(import_module(f"{__package__}.{held.module}"), held.name)
            if not isinstance(found, typer.Typer):
                alone = typer.Typer(**QUIET)
                alone.command(name)(found)
                found = alone
            held = self.data[name] = typer.main.get_command(found)
            held.params += self._shared
        return held


class Verbs(TyperGroup):
    """The group of all verbs."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = Commands([option for option in self.params if option.name == "version"])

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """The list of verbs, without importing any."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, verb.line) for name, verb in VERBS.items()])


app = typer.Typer(
    name="fhirpath-spine",
    cls=Verbs,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    **QUIET,
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"fhirpath-spine {__version__}")
        raise typer.Exit


@app.callback()
def verbs(
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version and end.", is_eager=True, expose_value=False, callback=_version
        ),
    ] = False,
) -> None:
    """Judges spinal tumour pathways over FHIR R4, three-valued and explained."""


def main(verbs: Callable[[], None] = app) -> None:
    """Runs the command line. This rim is one of the package's two catch-alls: it is loud, and repeats no value."""
    # A library holds no circles that could be freed: to look for them after each 700 objects, as Python does by default, takes a
    # quarter of the time in which profiles are loaded.
    gc.set_threshold(50_000, 10, 10)
    try:
        verbs()
    except ProfileError as error:
        for diagnostic in error.diagnostics:
            typer.echo(str(diagnostic), err=True)
        # With diagnostics the message only repeats the first of them.
        count = len(error.diagnostics)
        summary = f"{count} errors, nothing was loaded. {error.hint}" if count else str(error)
        typer.echo(f"fhirpath-spine: {summary}", err=True)
        sys.exit(1)
    except SpineError as error:
        typer.echo(f"fhirpath-spine: {error}", err=True)
        sys.exit(2)
    except Exception as error:
        # The message of an unforeseen error may hold a patient's value; type and place do not.
        at = traceback.extract_tb(error.__traceback__)[-1]
        kind = type(error).__name__
        typer.echo(f"fhirpath-spine: internal error {kind} at {at.filename}:{at.lineno}. Please report it.", err=True)
        sys.exit(2)
