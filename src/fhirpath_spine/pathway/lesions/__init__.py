"""What is judged one at a time: the lesions of a chart, where they sit, and what belongs to them."""

from __future__ import annotations

from fhirpath_spine.faces import face

__all__, __getattr__ = face(
    __name__,
    building="build",
    lesion="Lesion LesionRef",
    places="Place assigner exact levels_of named_by near place_of regions_of",
    table="Lesions",
)
