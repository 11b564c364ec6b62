"""Form of ``data.yaml``: needs, definitions, findings, ranked facts and site flags."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field
from pydantic_core import core_schema

from fhirpath_spine.authoring.form.fields import (
    AtLeastOne,
    Days,
    Expr,
    Form,
    Ident,
    Name,
    Number,
    OneOrMany,
    Short,
    Text,
    ValueSets,
    one_of,
)
from fhirpath_spine.authoring.source.nodes import Scalar

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic.json_schema import JsonSchemaValue

GROUPS = ("neuro", "pain", "lesion", "imaging", "laboratory", "status", "decisions")
CLINICAL = ("active", "history", "any", "recurrence", "relapse", "inactive", "remission", "resolved")
VALUE_TYPES = ("boolean", "integer", "quantity", "word", "concept")


class CodedForm(Form):
    """A resource type without a status of its own to choose."""

    code: ValueSets = ()


class ConditionForm(Form):
    """Conditions by code, clinical status and verification status."""

    code: ValueSets = ()
    clinical: Annotated[tuple[Annotated[Scalar, *one_of(*CLINICAL)], ...], OneOrMany()] = Field(
        default=(), alias="clinicalStatus"
    )
    verification: Annotated[tuple[Annotated[Scalar, *one_of("confirmed", "provisional")], ...], OneOrMany()] = Field(
        default=(), alias="verificationStatus"
    )


PROCEDURE_STATUS = ("preparation", "in-progress", "on-hold", "stopped", "completed", "not-done")


class ProcedureForm(Form):
    """Procedures by code and status."""

    code: ValueSets = ()
    status: Annotated[tuple[Annotated[Scalar, *one_of(*PROCEDURE_STATUS)], ...], OneOrMany()] = ()


class AnswerForm(Short):
    """What a coded answer stands for: a word or number, or, keyed by it, a value set."""

    word: Text | None = None
    value_sets: ValueSets = Field(default=(), alias="valueSet")


class UnitList:
    """Marks a mapping of units to factors that may be written as a list of units, each with the factor 1."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        def expand(value: Any) -> Any:
            listed = isinstance(value, list) and all(isinstance(unit, Scalar) for unit in value)
            return dict.fromkeys(value, Scalar("1")) if listed else value

        return core_schema.no_info_before_validator_function(expand, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"anyOf": [{"type": "array", "items": {"type": ["string", "number"]}}, handler(schema)]}


Units = Annotated[dict[Text, Number], UnitList()]
"""Accepted units, each with the number that turns it into the need's own unit."""


class ValueForm(Short):
    """How a value is read."""

    type: Annotated[Scalar, *one_of(*VALUE_TYPES)]
    unit: Text | None = None
    units: Units = Field(default_factory=dict)
    plausible: tuple[Number, Number] | None = None
    answers: dict[Text, AnswerForm] = Field(default_factory=dict)


class ComponentForm(Form):
    """A component of an Observation that is read as a member of the item."""

    code: ValueSets
    type: Annotated[Scalar, *one_of(*VALUE_TYPES)]
    unit: Text | None = None
    units: Units = Field(default_factory=dict)
    plausible: tuple[Number, Number] | None = None
    answers: dict[Text, AnswerForm] = Field(default_factory=dict)


class NeedForm(Form):
    """One typed retrieve: which resources, how they are read, how old they may be, what their absence says."""

    label: Text
    condition: ConditionForm | None = Field(default=None, alias="Condition")
    observation: CodedForm | None = Field(default=None, alias="Observation")
    procedure: ProcedureForm | None = Field(default=None, alias="Procedure")
    report: CodedForm | None = Field(default=None, alias="DiagnosticReport")
    request: CodedForm | None = Field(default=None, alias="MedicationRequest")
    statement: CodedForm | None = Field(default=None, alias="MedicationStatement")
    family: CodedForm | None = Field(default=None, alias="FamilyMemberHistory")
    allergy: CodedForm | None = Field(default=None, alias="AllergyIntolerance")
    patient: CodedForm | None = Field(default=None, alias="Patient")
    group: Annotated[Scalar, *one_of(*GROUPS)] | None = None
    value: ValueForm | None = None
    components: dict[Ident, ComponentForm] = Field(default_factory=dict)
    within: Days | None = None
    latest: Annotated[Scalar, *one_of("1")] | None = None
    absent: Annotated[Scalar, *one_of("no", "unknown")] | None = None
    conflict: Annotated[Scalar, *one_of("meaning")] | None = None
    per: Annotated[Scalar, *one_of("lesion")] | None = None
    site: ValueSets = ()
    meaning: Annotated[tuple[Annotated[Scalar, *one_of("active", "proposed", "history")], ...], OneOrMany()] = ()
    origin: Annotated[tuple[Annotated[Scalar, *one_of("chart", "draftOrders")], ...], OneOrMany()] = Field(
        default=(), alias="from"
    )

    @property
    def resources(self) -> dict[str, CodedForm | ConditionForm | ProcedureForm]:
        """The resource types that are named, with their form."""
        fields = type(self).model_fields
        parts = {f.alias: getattr(self, n) for n, f in fields.items() if f.alias and f.alias[0].isupper()}
        return {alias: form for alias, form in parts.items() if form is not None}


class DefinitionForm(Short):
    """A named expression, and how a card calls it where it is missing."""

    test: Expr
    label: Text | None = None


class FindingSourceForm(Form):
    """A need that shows, clears or grades a kind of deficit."""

    need: Name
    abnormal: Expr
    normal: Expr | None = None
    grade: Expr | None = None
    only: Annotated[Scalar, *one_of("worse")] | None = None


class FindingForm(Form):
    """A kind of deficit and what shows it."""

    label: Text
    sources: Annotated[tuple[FindingSourceForm, ...], AtLeastOne()]


class FindingsForm(Form):
    """All kinds of deficit: when one is new, how long it stays open, and what answers it."""

    new: Days
    open: Days
    answered: tuple[Name, ...]
    course: Ident
    kinds: dict[Name, FindingForm]


class RankedSourceForm(Form):
    """A need of one rank: the answer of each of its items."""

    need: Name
    answer: Expr


class RankedForm(Form):
    """A judgement read from several needs in order of rank; a rank is one need, or a list of needs that weigh the same."""

    label: Text
    gap: Days
    type: Annotated[Scalar, *one_of("boolean", "string", "integer")]
    ranks: Annotated[
        tuple[Annotated[tuple[RankedSourceForm, ...], AtLeastOne(), OneOrMany()], ...],
        AtLeastOne(),
    ]


class SiteFlagForm(Form):
    """A switch that a site sets for itself."""

    label: Text


class DataForm(Form):
    """``data.yaml``."""

    needs: dict[Name, NeedForm] = Field(default_factory=dict)
    define: dict[Name, DefinitionForm] = Field(default_factory=dict)
    findings: FindingsForm | None = None
    ranked: dict[Name, RankedForm] = Field(default_factory=dict)
    flags: dict[Ident, SiteFlagForm] = Field(default_factory=dict)
