"""CDS Hooks service that judges spinal tumour pathways over FHIR R4.

The names below are what others may rely on: a library is loaded once, a chart is read, and the judgement is a pure function of
both; of one patient's lines of an export it makes one row. They are imported when first asked for, so that the package itself
costs nothing to import.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fhirpath_spine.authoring import load, load_site
    from fhirpath_spine.errors import SpineError
    from fhirpath_spine.fhirpath import compile  # noqa: A004 (the public name, as re.compile)
    from fhirpath_spine.pathway.decision import Decision, Status
    from fhirpath_spine.pathway.facts.chart import Chart, Read
    from fhirpath_spine.pathway.judging.evaluate import decide
    from fhirpath_spine.pathway.model import Library, Site
    from fhirpath_spine.population.rows.judging import patient_row
    from fhirpath_spine.population.rows.row import Row

__version__ = "0.1.0"

__all__ = [
    "Chart",
    "Decision",
    "Library",
    "Read",
    "Row",
    "Site",
    "SpineError",
    "Status",
    "__version__",
    "compile",
    "decide",
    "load",
    "load_site",
    "patient_row",
]

_ROOMS = {
    "Chart": "pathway.facts.chart",
    "Decision": "pathway.decision",
    "Library": "pathway.model",
    "Read": "pathway.facts.chart",
    "Site": "pathway.model",
    "Row": "population.rows.row",
    "SpineError": "errors",
    "Status": "pathway.decision",
    "compile": "fhirpath",
    "decide": "pathway.judging.evaluate",
    "load": "authoring",
    "load_site": "authoring",
    "patient_row": "population.rows.judging",
}


def __getattr__(name: str) -> Any:
    """A public name, from the room where it lives."""
    if name not in _ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_ROOMS[name]}"), name)
