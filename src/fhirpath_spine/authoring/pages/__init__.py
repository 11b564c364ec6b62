"""Pages that a clinician can read, from a loaded library: one for each pathway, one for the policy, an index.

Everything is worked out from the library, and nothing else: the same library gives the same bytes, whatever the day.
"""

from __future__ import annotations

from collections.abc import Mapping

from fhirpath_spine.authoring.approvals import Defaults
from fhirpath_spine.authoring.pages.english import English
from fhirpath_spine.authoring.pages.graph import plain
from fhirpath_spine.authoring.pages.index import index_page
from fhirpath_spine.authoring.pages.pathway import pathway_page
from fhirpath_spine.authoring.pages.policy import policy_page
from fhirpath_spine.pathway.model import Library

__all__ = ["English", "pages", "plain"]


def pages(library: Library, approvals: str = "") -> Mapping[str, str]:
    """File name -> its text. ``approvals`` is the page of DEFAULT values to sign, if there is one."""
    defaults = Defaults(approvals)
    written = {"README.md": index_page(library), "policy.md": policy_page(library, defaults)}
    for pathway in library.pathways:
        written[f"{pathway.id}.md"] = pathway_page(library, pathway, defaults)
    return written
