"""Two states of a profile set side by side: what an author changed, whose meaning that changes, and for whom."""

from __future__ import annotations

from fhirpath_spine.faces import face

__all__, __getattr__ = face(
    __name__,
    patients="Patient Sealed patients_of_cases",
    sets="Side side",
    sharing="Shared shared",
    sources="kept_sources",
    structure="Difference differences",
    turning="LeftOut Turn turns",
    versions="unbumped",
    weighing="in_order is_seen",
)
