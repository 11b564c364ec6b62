"""Engines: the same rows from files on one machine and from Spark."""

from __future__ import annotations

from fhirpath_spine.faces import face

__all__, __getattr__ = face(
    __name__,
    job="Content Job",
    local="judge_locally",
    part="LOST judge_part rows_of",
    pool="Pool RunFailed Steps",
)
