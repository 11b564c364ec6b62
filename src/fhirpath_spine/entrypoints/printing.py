"""What every command prints with: results on stdout, talk on stderr, and how another server failed. Plain text only; what draws
is :mod:`show`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum

import orjson
import typer

from fhirpath_spine.errors import ServerError


class Format(StrEnum):
    """Output for a person or for a machine."""

    HUMAN = "human"
    JSON = "json"


def print_json(value: object) -> None:
    """The result on stdout, as one JSON document."""
    typer.echo(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode())


def note(text: str, *, bad: bool = False) -> None:
    """A remark, as it is."""
    typer.secho(text, err=True, bold=bad or None, fg=typer.colors.RED if bad else None)


SAID = 300
"""Characters of a server's own words that are shown."""


@contextmanager
def failing() -> Iterator[None]:
    """A server that does not do what is asked ends the command with 1, and with what to do."""
    try:
        yield
    except ServerError as error:
        note(f"fhirpath-spine: {error}", bad=True)
        if error.said:
            note(f"The server says: {error.said[:SAID]}")
        raise typer.Exit(1) from None
