"""The command line. stdout is the result, stderr the talk; exit 0 fine, 1 findings, 2 wrong use or internal error."""

from __future__ import annotations

import sys
import traceback

import typer

from fhirpath_spine.entrypoints.commands import call, cases, codes, doctor, files, judge, pages, sandbox, serve
from fhirpath_spine.errors import ProfileError, SpineError

app = typer.Typer(
    name="fhirpath-spine",
    help="Judges spinal tumour pathways over FHIR R4, three-valued and explained.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for verb in (
    serve.serve,
    serve.demo,
    judge.decide,
    judge.explain,
    files.lint,
    files.rule,
    files.config,
    pages.render,
    call.call,
    call.replay,
    doctor.doctor,
):
    app.command()(verb)
app.command("test")(cases.cases)
app.add_typer(sandbox.app)
app.add_typer(codes.app)


def main() -> None:
    """Runs the command line. This rim is one of the package's two catch-alls: it is loud, and repeats no value."""
    try:
        app()
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
