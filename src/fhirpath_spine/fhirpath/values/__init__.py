"""What there is: the R4 model, shapes, items, times, quantities with their units, value sets."""

from __future__ import annotations

from fhirpath_spine.faces import face

__all__, __getattr__ = face(
    __name__,
    r4="Element TYPES choice_spelling descends element is_abstract is_primitive is_resource",
    units="measure unit",
)
