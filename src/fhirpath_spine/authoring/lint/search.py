"""The search template of an Observation group has a length that EHRs accept; it is never cut anew (rulings 2.8)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fhirpath_spine.authoring.assembly.library import Draft
    from fhirpath_spine.pathway.facts.needs import Coding, Need
    from fhirpath_spine.pathway.model import Site

LIMIT = 1_500
"""Characters of ``system|code,system|code`` in one template."""


def group_codings(needs: list[Need], site: Site) -> set[Coding]:
    """What a template has to ask for: the codes of its needs, and the site's own codes that are mapped to them."""
    wanted: set[Coding] = set()
    for need in needs:
        if need.codes is not None:
            wanted |= need.codes.members
            wanted |= {(system, code) for system, codes in need.codes.prefixes.items() for code in codes}
    return wanted | {source for source, target in site.code_map.items() if target in wanted}


def check_groups(draft: Draft, site: Site) -> None:
    """Reports groups whose template is too long (SP306), at the group of its first need."""
    groups: dict[str, list[str]] = {}
    for name, (_, form) in draft.need_forms.items():
        if form.group is not None:
            groups.setdefault(str(form.group), []).append(name)
    for group, names in groups.items():
        codings = group_codings([draft.needs[n] for n in names], site)
        length = sum(len(system) + len(code) + 2 for system, code in codings)
        place = draft.need_forms[names[0]][1].group
        if length > LIMIT and place is not None:
            message = (
                f"the search of group '{group}' has {length} characters for {len(codings)} codes, {LIMIT} are allowed"
            )
            draft.files.report.add("SP306", message, place.span, "Move some of its needs to another group.")
