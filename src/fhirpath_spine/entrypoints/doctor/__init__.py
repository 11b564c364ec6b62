"""``doctor``: what in a set-up will not work, why that matters, and what to do; a file for each thing that is examined."""

from __future__ import annotations

from fhirpath_spine.faces import face

__all__, __getattr__ = face(
    __name__,
    network="check_address check_certificate",
)
