"""FHIRPath over FHIR R4: strict before it runs, three-valued while it runs.

expression = compile("%creatinine.value > 2 'mg/dL'", variables={"creatinine": Shape("Observation", ...)})
expression.truth([], Scope({"creatinine": [...]}, at=now))   # True, False, or None for unknown
"""

from fhirpath_spine.fhirpath.engine.accounts import Account
from fhirpath_spine.fhirpath.engine.logic import every, some
from fhirpath_spine.fhirpath.engine.scope import Scope
from fhirpath_spine.fhirpath.expression import LONGEST, NESTED, Expression, compile  # noqa: A004 - as re.compile
from fhirpath_spine.fhirpath.grammar.limits import Amount
from fhirpath_spine.fhirpath.grammar.problems import CompileError, EvaluationError
from fhirpath_spine.fhirpath.grammar.slips import Slip
from fhirpath_spine.fhirpath.grammar.syntax import Number, step
from fhirpath_spine.fhirpath.values.items import Incomplete
from fhirpath_spine.fhirpath.values.quantity import Quantity, align
from fhirpath_spine.fhirpath.values.r4 import elements_of, elements_typed, is_resource
from fhirpath_spine.fhirpath.values.shapes import Shape
from fhirpath_spine.fhirpath.values.temporal import Date, DateTime, Time
from fhirpath_spine.fhirpath.values.units import CALENDAR
from fhirpath_spine.fhirpath.values.value_sets import ValueSet

__all__ = [
    "CALENDAR",
    "LONGEST",
    "NESTED",
    "Account",
    "Amount",
    "CompileError",
    "Date",
    "DateTime",
    "EvaluationError",
    "Expression",
    "Incomplete",
    "Number",
    "Quantity",
    "Scope",
    "Shape",
    "Slip",
    "Time",
    "ValueSet",
    "align",
    "compile",
    "elements_of",
    "elements_typed",
    "every",
    "is_resource",
    "some",
    "step",
]
