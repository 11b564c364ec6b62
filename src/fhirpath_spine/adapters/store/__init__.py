"""The store: issued cards, feedback, used tokens and records of calls, in SQLite or PostgreSQL. Nothing of a patient is in it."""

from __future__ import annotations

from fhirpath_spine.faces import face

__all__, __getattr__ = face(
    __name__,
    database="Database State",
    keeping="Keeping",
    recorder="Recorder",
    spool="Spool",
    tables="METADATA",
)
