"""Do the cases hold the profiles: each answer, claim, reason and code that they show, and each number moved a step."""

from __future__ import annotations

from fhirpath_spine.faces import face

__all__, __getattr__ = face(
    __name__,
    coverage="Coverage cover",
    mutants="Mistake Mutation mutate",
    thresholds="Days Range Threshold find_thresholds scalars",
)
