"""Checks of meaning that need the whole set."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fhirpath_spine.authoring.assembly.library import Draft
    from fhirpath_spine.pathway.model import Site


def lint(draft: Draft, site: Site) -> None:
    """Adds what is found to the draft's report."""
