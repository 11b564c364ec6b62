"""The one function that every engine calls: the lines of one patient, judged, as a row.

What is wrong with one patient is that patient's row, never the end of a run: what the data forbid is a refusal with the code of
its error; a bug of ours is a refusal ``internal-error`` that names its kind and place and no value, as a failed call does.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterable
from datetime import datetime
from pathlib import PurePath

from fhirpath_spine.errors import ScopeUndecidable, SpineError
from fhirpath_spine.pathway.facts.chart import Chart
from fhirpath_spine.pathway.judging.evaluate import decide
from fhirpath_spine.pathway.model import Library, Site
from fhirpath_spine.population.rows.gathering import chart_of
from fhirpath_spine.population.rows.reading import row_of, unread_of
from fhirpath_spine.population.rows.row import Outcome, Refusal, Row

BUGS = (ArithmeticError, AssertionError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)
"""What a bug in the judgement of one chart raises. What concerns the machine (memory, disk, a signal) is not a patient's."""


def patient_row(
    patient: str, lines: Iterable[bytes], library: Library, at: datetime, site: Site, *, base: str = ""
) -> Row:
    """Judges one patient, and never raises because of what stands in the lines.

    ``patient`` is the logical id; ``lines`` are NDJSON of this patient in any order: resources, Bundles, and the Medications
    that they name. ``at`` is aware; ``base`` is the address of the server that made the export, if known.
    """
    chart: Chart | None = None
    try:
        chart, resources = chart_of(patient, lines, base, library.signs)
        return row_of(decide(library, chart, at, site), chart, library, resources)
    except ScopeUndecidable as error:
        return refused(patient, error.code, " ".join(unread_of(chart)) if chart else "")
    except SpineError as error:
        return refused(patient, error.code)
    except BUGS as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        return refused(
            patient, "internal-error", f"{type(error).__name__} at {PurePath(last.filename).name}:{last.lineno}"
        )


def refused(patient: str, code: str, detail: str = "") -> Row:
    """The row of a patient who was not judged."""
    return Row(patient, Outcome.REFUSED, refusal=Refusal(code, detail))
