"""A hold rests on something that a chart or a site can say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhirpath_spine.pathway.asking.reach import needs_behind, variables

if TYPE_CHECKING:
    from fhirpath_spine.authoring.assembly.library import Draft

GROUNDED = frozenset({"site", "patient", "lesions"})
"""Circumstances that rest on settings, on the Patient, or on coded entries."""


def check_holds(draft: Draft) -> None:
    """Reports holds whose test reads no need with a value set, no site flag and no member of the patient (SP310)."""
    library = draft.library
    if library is None:
        return
    for form, hold in zip(draft.shared.policy.holds, library.policy.holds, strict=True):
        if hold.test is draft.compiler.stand_in:
            continue
        names = variables(library, [hold.test])
        coded = any(library.needs[n].codes is not None for n in needs_behind(library, names))
        if not coded and not names & GROUNDED:
            message = f"the hold {hold.id} reads nothing that has a code"
            draft.files.report.add(
                "SP310", message, form.test.span, "Read a need with a value set, a site flag or the patient."
            )
