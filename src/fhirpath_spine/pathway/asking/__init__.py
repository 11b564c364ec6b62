"""What an expression may ask, and what it is told: variables over facts, each answer with its evidence."""

from __future__ import annotations

from fhirpath_spine.faces import face

__all__, __getattr__ = face(
    __name__,
    circumstances="gather",
    environment="Answer Environment",
    opening="Deciding Opened deciding opened",
    reach="affected criteria expressions leaders_first needs_behind pathway_needs read_by reads_advice",
    untold="asks_of",
)
