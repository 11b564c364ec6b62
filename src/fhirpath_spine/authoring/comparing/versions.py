"""Pathways that mean something else than before, and say the same version."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhirpath_spine.authoring.comparing.structure import differences
from fhirpath_spine.authoring.source.folder import SHARED
from fhirpath_spine.authoring.source.nodes import Block, Scalar
from fhirpath_spine.authoring.source.report import Report
from fhirpath_spine.diagnostics import Span

if TYPE_CHECKING:
    from fhirpath_spine.authoring.comparing.structure import Difference
    from fhirpath_spine.authoring.loading import Checked
    from fhirpath_spine.diagnostics import Diagnostic


def unbumped(old: Checked, new: Checked) -> list[Diagnostic]:
    """A finding (SP342) at the version of each pathway whose digest changed without it. Both sets have to load."""
    if old.library is None or new.library is None:
        return []
    report, before = Report(), {p.id: p for p in old.library.pathways}
    changed = differences(old.written, new.written)
    for pathway in new.library.pathways:
        was = before.get(pathway.id)
        if was is not None and was.digest != pathway.digest and was.version == pathway.version:
            counted = old.written.counted[pathway.id] | new.written.counted[pathway.id]
            why = _why([d for d in changed if d.part in counted], pathway.folder)
            message = f"{pathway.id} means something else than before and is still {pathway.version}{why}"
            report.add("SP342", message, _place(new, pathway.folder), f"Write {_next(pathway.version)} or higher.")
    return report.sorted()


def _why(changed: list[Difference], folder: str) -> str:
    """The first change of what counts for a pathway, its own before that of others, and how many more there are."""
    if not changed:
        return ""
    first = min(changed, key=lambda d: not d.part.startswith(f"{folder}/"))
    shared = " (which counts for each pathway)" if first.file in SHARED else ""
    more = f", and {len(changed) - 1} more" if len(changed) > 1 else ""
    return f": {first.place}, {first.where} changed{shared}{more}"


def _place(checked: Checked, folder: str) -> Span:
    written = checked.written.content.get(f"{folder}/pathway.yaml")
    version = written.get("version") if isinstance(written, Block) else None
    return version.span if isinstance(version, Scalar) else Span(f"{folder}/pathway.yaml", 1, 1)


def _next(version: str) -> str:
    first, second, *_ = version.split(".")
    return f"{first}.{int(second) + 1}.0"
