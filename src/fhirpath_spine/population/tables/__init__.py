"""What is kept of a run: tables as Parquet, sorted, and the record of the run."""

from __future__ import annotations

from fhirpath_spine.faces import face

__all__, __getattr__ = face(
    __name__,
    merge="file_of write",
    pseudonyms="Pseudonyms",
    schema="REFUSALS TABLES Table",
)
