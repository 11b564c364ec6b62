"""Text with its places: files, YAML nodes with positions, the kinds of fields and forms, the report. Nothing here knows what a
profile means.
"""

from __future__ import annotations

from fhirpath_spine.faces import face

__all__, __getattr__ = face(
    __name__,
    cells="read_cells",
    folder="Folder",
    nodes="Block Items Node Scalar",
    reader="document read_yaml",
    report="Report",
)
