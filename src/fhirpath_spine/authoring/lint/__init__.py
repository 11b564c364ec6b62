"""Checks of meaning that need the whole set: what is used, what follows what, which words can occur, what a search can
carry, what an option stands beside.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhirpath_spine.authoring.lint.durations import check_durations
from fhirpath_spine.authoring.lint.hooks import check_hooks
from fhirpath_spine.authoring.lint.intervals import check_intervals
from fhirpath_spine.authoring.lint.leaks import check_leaks
from fhirpath_spine.authoring.lint.numbers import check_numbers
from fhirpath_spine.authoring.lint.relations import (
    check_alternatives,
    check_groups,
    check_holds,
    check_homes,
    check_leaders,
    check_reach,
    check_usage,
)
from fhirpath_spine.authoring.lint.requests import check_requests
from fhirpath_spine.authoring.lint.units import check_units
from fhirpath_spine.authoring.lint.words import check_words

if TYPE_CHECKING:
    from fhirpath_spine.authoring.profile.library import Draft
    from fhirpath_spine.pathway.model import Site


def lint(draft: Draft, site: Site) -> None:
    """Adds what is found to the draft's report. Whether something is used is asked only of a set that is right so far."""
    check_leaders(draft)
    check_words(draft)
    check_groups(draft, site)
    check_holds(draft)
    check_alternatives(draft)
    check_requests(draft)
    check_reach(draft)
    check_hooks(draft)
    check_leaks(draft)
    check_numbers(draft)
    check_intervals(draft)
    check_durations(draft)
    check_units(draft)
    if not draft.files.report.errors and not draft.files.catalogue.broken:
        check_usage(draft)
        check_homes(draft)
