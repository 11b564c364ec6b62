"""What the other side does, for tools that play or prepare it: calls, invented patients, scopes, registration, key sets."""

from __future__ import annotations

from fhirpath_spine.faces import face

__all__, __getattr__ = face(
    __name__,
    calling="Occasion whole with_token without_token",
    expanding="SNOMED question",
    jwks="keys",
    listing="rows",
    missing="COLUMNS Gap Missing table",
    registration="NEVER PLACE markdown sheet",
    scopes="read_token uncovered",
    seeding="CASE DEMO TAG TYPES ours removal seed",
    shift="shift_dates",
)
