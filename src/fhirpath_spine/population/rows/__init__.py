"""One patient's lines to one row: pure, and the same for whichever engine calls it."""

from __future__ import annotations

from fhirpath_spine.faces import face

__all__, __getattr__ = face(
    __name__,
    gathering="PATIENT_BYTES PatientMissing PatientTwice chart_of",
    judging="patient_row",
    owners="Fate LINE_BYTES Piece medications_named pieces",
    row="Outcome Row pack unpack",
)
