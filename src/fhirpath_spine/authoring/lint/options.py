"""An option of treatment names what else could be done, or that nothing is done (rulings 4.7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fhirpath_spine.authoring.assembly.library import Draft

OPTIONS = frozenset({"surgery", "radiotherapy", "systemic", "combination", "observation", "palliative"})
"""Kinds that a patient chooses between; the others prepare a choice or relieve beside it."""


def check_alternatives(draft: Draft) -> None:
    """Reports options that can show and have no alternatives (SP322)."""
    for form in draft.files.catalogue.forms.values():
        if form.kind in OPTIONS and not (form.alternatives or form.suppressed or form.unreachable):
            message = f"the option {form.id} names no alternatives"
            draft.files.report.add("SP322", message, form.kind.span, "Add alternatives:, doing nothing among them.")
