"""What a population looks like: counted from the tables of a run, as a page, as CSV and as FHIR."""

from __future__ import annotations

from fhirpath_spine.faces import face

__all__, __getattr__ = face(
    __name__,
    changed="tallied why",
    comparing="Change Turned changes",
    page="html_page",
    picture="WIDTH long wrapped",
    section="Coded Difference Section",
    words="ANSWERS REASONS REFUSED STATUSES WAYS day instant",
    writing="write_report",
)
