"""What an author has yet to write: each place that still says TODO, told once and in the place of whatever else follows of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fhirpath_spine.authoring.source.nodes import Block, Scalar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fhirpath_spine.authoring.source.nodes import Node
    from fhirpath_spine.authoring.source.report import Report
    from fhirpath_spine.diagnostics import Diagnostic

MARK = "TODO"
CODE = "SP361"
_WORD = re.compile(rf"\b{MARK}\b")


def tell_unfinished(node: Node, report: Report) -> None:
    """Reports each text of a document that says TODO, by the key that it stands at."""
    for key, text in _texts(node, ""):
        if _WORD.search(text):
            hint = "Write what only its author knows in the place of TODO, or take the line away."
            report.add(
                CODE, f"'{key}' is still to be written" if key else "this is still to be written", text.span, hint
            )


def without_echoes(report: Report) -> None:
    """Withdraws what else is found at a place that is still to be written."""
    found = report.sorted()
    places = {(d.span.file, d.span.line): d for d in found if d.code == CODE}
    report.withdraw([d for d in found if d.code != CODE and _is_within(d, places.get((d.span.file, d.span.line)))])


def _is_within(one: Diagnostic, whole: Diagnostic | None) -> bool:
    return whole is not None and whole.span.column <= one.span.column <= whole.span.column + whole.span.length


def _texts(node: Node, key: str) -> Iterator[tuple[str, Scalar]]:
    if isinstance(node, Scalar):
        yield key, node
    elif isinstance(node, Block):
        for name, value in node.items():
            if isinstance(name, Scalar):
                yield key, name
            yield from _texts(value, str(name))
    else:
        for value in node:
            yield from _texts(value, key)
