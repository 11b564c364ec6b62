"""Pathways that mean something else than before, and say the same version."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhirpath_spine.authoring.comparing.structure import differences
from fhirpath_spine.authoring.source.nodes import Block, Scalar
from fhirpath_spine.authoring.source.report import Report
from fhirpath_spine.diagnostics import Span

if TYPE_CHECKING:
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
            first = next((d for d in changed if d.file == f"{pathway.folder}/pathway.yaml"), None) or next(
                iter(changed), None
            )
            why = f": {first.file}, {first.where}" if first is not None else ""
            message = f"{pathway.id} means something else than before and is still {pathway.version}{why}"
            report.add("SP342", message, _place(new, pathway.folder), f"Write {_next(pathway.version)} or higher.")
    return report.sorted()


def _place(checked: Checked, folder: str) -> Span:
    written = checked.written.content.get(f"{folder}/pathway.yaml")
    version = written.get("version") if isinstance(written, Block) else None
    return version.span if isinstance(version, Scalar) else Span(f"{folder}/pathway.yaml", 1, 1)


def _next(version: str) -> str:
    first, second, *_ = version.split(".")
    return f"{first}.{int(second) + 1}.0"
