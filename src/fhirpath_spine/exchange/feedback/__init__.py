"""Feedback: what of an answer can be named later, what a client says of it, and what that adds up to."""

from __future__ import annotations

from fhirpath_spine.faces import face

__all__, __getattr__ = face(
    __name__,
    issued="Issued cards_issued",
    items="ITEMS Item parse_feedback",
    report="GROUPS Row interval latest summary",
)
