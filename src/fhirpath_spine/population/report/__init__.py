"""What a population looks like: counted from the tables of a run, as a page, as CSV and as FHIR."""

from __future__ import annotations

from fhirpath_spine.faces import face

__all__, __getattr__ = face(
    __name__,
    page="html_page",
    section="Section",
    writing="write_report",
)
