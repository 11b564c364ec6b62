"""One patient's lines to one row: pure, and the same for whichever engine calls it."""

from __future__ import annotations

from fhirpath_spine.population.rows.judging import patient_row
from fhirpath_spine.population.rows.row import Row

__all__ = ["Row", "patient_row"]
