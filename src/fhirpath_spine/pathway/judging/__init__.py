"""What follows: gate, pathways, states, verdicts, and the plan of the cards."""

from __future__ import annotations

from fhirpath_spine.faces import face

__all__, __getattr__ = face(
    __name__,
    admission="Admitted admit",
    evaluate="decide",
    oversight="PolicyApplied",
    tables="RECOGNISED",
    why="Seen Why consider",
)
