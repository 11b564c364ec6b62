"""FHIR Bulk Data exports: which files one has, and their lines under a bound on memory."""

from __future__ import annotations

from fhirpath_spine.faces import face

__all__, __getattr__ = face(
    __name__,
    export="ExportUnusable Source find_export",
    lines="read_lines",
)
