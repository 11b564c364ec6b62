"""How commands that talk to servers say that one of them failed, and what else they have to remark. All on stderr."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import typer

from fhirpath_spine.entrypoints.human import talk
from fhirpath_spine.errors import ServerError

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


def note(text: str, *, bad: bool = False) -> None:
    """A remark, as it is."""
    talk().print(text, style="bold red" if bad else "", markup=False, soft_wrap=True)
