"""Answers that a site writes as text ("WNL", "steady"): each whole string, for one need, has a coding of its own, so that a
site's code map can bind it to an answer of the need.
"""

from __future__ import annotations

from fhirpath_spine.pathway.facts.needs import Coding
from fhirpath_spine.pathway.facts.text import fold

SYSTEM = "urn:fhirpath-spine:answer:"
"""Followed by the name of the need."""
LENGTH = 60
"""Longest text that is an answer and not a report."""


def answer(need: str, text: str) -> Coding | None:
    """The coding that stands for a whole string under a need, whatever its case and spacing; None if it is too long or empty."""
    said = " ".join(fold(text[: LENGTH * 2]).split()).replace("|", "/")
    return (f"{SYSTEM}{need}", said) if 0 < len(said) <= LENGTH else None
