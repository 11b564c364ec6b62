"""Templates and assets of the pages, read from the package once, and the headers under which a page is sent.

Whatever is put into a template is escaped, unless it comes out of :mod:`markdown`, which escapes by itself.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

PACKAGE = "fhirpath_spine.entrypoints.pages"
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""No script is allowed at all: what a chart's text became in the worst case would still do nothing."""
ASSETS = {"spine.css": "text/css; charset=utf-8", "spine.svg": "image/svg+xml"}
"""Name -> media type of each file that a page loads."""
MARKS = {
    "recommended": ("✓", "recommended"),
    "blocked": ("✕", "blocked"),
    "needs-data": ("?", "waits for data"),
    "satisfied": ("●", "done"),
    "suppressed": ("–", "not shown"),
    "critical": ("‼", "critical"),
    "warning": ("!", "warning"),
    "info": ("i", "information"),
}
"""Status or indicator -> its sign and its word: colour alone says nothing."""


@cache
def _environment() -> Environment:
    found = Environment(
        loader=PackageLoader(PACKAGE, "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    found.globals["marks"] = MARKS
    return found


def render(template: str, **given: Any) -> str:
    """The page that a template makes of what is given; a name that it misses is an error."""
    return _environment().get_template(f"{template}.html").render(given)


@cache
def asset(name: str) -> bytes:
    """The bytes of one of the :data:`ASSETS`."""
    return files(PACKAGE).joinpath("assets", name).read_bytes()
