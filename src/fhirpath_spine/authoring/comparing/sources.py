"""Limits that have another number than before, and still say that the same source gives it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhirpath_spine.authoring.profile.limits import DEFAULT
from fhirpath_spine.authoring.source.nodes import Block, Scalar
from fhirpath_spine.authoring.source.report import Report
from fhirpath_spine.diagnostics import Span

if TYPE_CHECKING:
    from fhirpath_spine.authoring.loading import Checked
    from fhirpath_spine.diagnostics import Diagnostic
    from fhirpath_spine.pathway.model import Limit


def kept_sources(old: Checked, new: Checked) -> list[Diagnostic]:
    """A finding (SP362) at the source of each limit whose number changed without it. Both sets have to load."""
    if old.library is None or new.library is None:
        return []
    report = Report()
    for name, limit in new.library.limits.items():
        was = old.library.limits.get(name)
        if was is not None and was.value != limit.value and was.source == limit.source != DEFAULT:
            message = f"the limit '{name}' was {was.value} and is {limit.value}, and its source is still {limit.source}"
            hint = f"If {limit.source} does not give this number, it is your own: write source: {DEFAULT}."
            report.add("SP362", message, _place(new, limit), hint)
    return report.sorted()


def _place(checked: Checked, limit: Limit) -> Span:
    folders = {p.id: f"{p.folder}/pathway.yaml" for p in checked.library.pathways} if checked.library else {}
    file = folders.get(limit.pathway, "data.yaml")
    found = checked.written.content.get(file)
    for name in ("limits", limit.id, "source"):
        found = found.get(name) if isinstance(found, Block) else None
    return found.span if isinstance(found, Scalar) else Span(file, 1, 1)
