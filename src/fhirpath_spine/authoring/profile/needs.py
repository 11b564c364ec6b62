"""Needs: which resources, how old, what their absence says; and their shape for the compiler."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import ConfigDict, Field

from fhirpath_spine.authoring.profile.limits import Window, told, window
from fhirpath_spine.authoring.profile.values import ComponentForm, ValueBuilder, ValueForm
from fhirpath_spine.authoring.source.fields import (
    Form,
    Ident,
    Name,
    OneOrMany,
    Sentence,
    ValueSets,
    one_of,
)
from fhirpath_spine.authoring.source.nodes import Scalar
from fhirpath_spine.pathway.facts.chart import KEYS, OBSERVATION_GROUPS
from fhirpath_spine.pathway.facts.needs import Absent, Need
from fhirpath_spine.pathway.facts.reading import FINAL, MEDICATIONS
from fhirpath_spine.pathway.facts.recognising import Doubt

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fhirpath_spine.authoring.profile.terminology import Terminology
    from fhirpath_spine.authoring.source.report import Report
    from fhirpath_spine.fhirpath import ValueSet
    from fhirpath_spine.pathway.model import Limit
CLINICAL = ("active", "history", "any", "recurrence", "relapse", "inactive", "remission", "resolved")


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


def _labelled(schema: dict[str, Any]) -> None:
    """A view has the label of its need."""
    schema["required"] = [key for key in schema["required"] if key != "label"]
    schema["anyOf"] = [{"required": ["label"]}, {"required": ["of"]}]


class NeedForm(Form):
    """One typed retrieve: which resources, how they are read, how old they may be, what their absence says."""

    model_config = ConfigDict(json_schema_extra=_labelled)

    label: Sentence
    of: Name | None = None
    """The need of which this is a view; what that reads is written out here already."""
    condition: ConditionForm | None = Field(default=None, alias="Condition")
    observation: CodedForm | None = Field(default=None, alias="Observation")
    report: CodedForm | None = Field(default=None, alias="DiagnosticReport")
    procedure: ProcedureForm | None = Field(default=None, alias="Procedure")
    request: CodedForm | None = Field(default=None, alias="MedicationRequest")
    statement: CodedForm | None = Field(default=None, alias="MedicationStatement")
    administration: CodedForm | None = Field(default=None, alias="MedicationAdministration")
    family: CodedForm | None = Field(default=None, alias="FamilyMemberHistory")
    allergy: CodedForm | None = Field(default=None, alias="AllergyIntolerance")
    patient: CodedForm | None = Field(default=None, alias="Patient")
    group: Annotated[Scalar, *one_of(*OBSERVATION_GROUPS)] | None = None
    value: ValueForm | None = None
    components: dict[Ident, ComponentForm] = Field(default_factory=dict)
    within: Window | None = None
    latest: Annotated[Scalar, *one_of("1")] | None = None
    absent: Annotated[Scalar, *one_of("no", "unknown")] | None = None
    conflict: Annotated[Scalar, *one_of("meaning")] | None = None
    per: Annotated[Scalar, *one_of("lesion")] | None = None
    site: ValueSets = ()
    doubt: Annotated[Scalar, *one_of(*Doubt)] | None = None
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


KEY_OF = {kind: key for key, kind in KEYS.items()}
DEFAULT_STATUS = {
    "Condition": frozenset({"active"}),
    "Procedure": frozenset({"completed"}),
    **FINAL,
}
VALUED = frozenset({"Observation"})
CONCLUDED = VALUED | {"DiagnosticReport"}
"""A report states a concept: its conclusion."""


class NeedBuilder:
    """Builds needs one by one; what is wrong is reported, and a need is built all the same so that others can name it."""

    def __init__(
        self,
        terminology: Terminology,
        report: Report,
        units: Mapping[str, tuple[str, ...]],
        elsewhere: tuple[Scalar, ...] = (),
        limits: Mapping[str, Limit] = MappingProxyType({}),
    ) -> None:
        self._terminology, self._report, self._elsewhere = terminology, report, elsewhere
        self._limits = limits
        self._values = ValueBuilder(terminology, report, units)

    def build(self, name: Scalar, form: NeedForm) -> Need:
        """The need of that name."""
        kinds = tuple(form.resources)
        if not kinds:
            self._report.add(
                "SP206", f"the need '{name}' names no resource type", name.span, "Add for example Condition:."
            )
        self._check(name, form, kinds)
        return Need(
            name=str(name),
            label=told(form.label, self._limits, self._report),
            resources=kinds,
            keys=tuple(dict.fromkeys(self._key(kind, form) for kind in kinds)),
            codes=self._codes(form),
            statuses=self._statuses(form),
            verification=self._verification(form),
            meaning=frozenset(str(m) for m in form.meaning) or self._meaning(kinds),
            value=self._values.value(form.value, name) if form.value is not None else None,
            components={str(n): self._values.component(n, c) for n, c in form.components.items()},
            within=window(form.within, self._limits, self._report),
            latest=form.latest is not None,
            absent=Absent(str(form.absent)) if form.absent is not None else None,
            conflict=form.conflict is not None,
            per_lesion=form.per is not None,
            sites=self._terminology.any_of(form.site, self._report),
            elsewhere=self._terminology.any_of(self._elsewhere, self._report) if form.site else None,
            drafts="draftOrders" in form.origin,
            doubt=str(form.doubt or ""),
            of=str(form.of or ""),
        )

    def _check(self, name: Scalar, form: NeedForm, kinds: tuple[str, ...]) -> None:
        if "Observation" in kinds and form.group is None:
            hint = f"Add group: {', '.join(OBSERVATION_GROUPS[:-1])} or {OBSERVATION_GROUPS[-1]}."
            self._report.add(
                "SP305", f"the need '{name}' reads Observations and names no prefetch group", name.span, hint
            )
        if form.group is not None and "Observation" not in kinds:
            self._report.add("SP305", "only a need that reads Observations has a group", form.group.span, "Remove it.")
        if form.value is not None and form.value.type == "boolean" and form.absent is None:
            hint = "absent: no, if no entry means no; absent: unknown, if it has to be asked."
            self._report.add("SP304", f"'{name}' is a boolean and does not say what its absence means", name.span, hint)
        valued = CONCLUDED if form.value is not None and str(form.value.type) == "concept" else VALUED
        if form.value is not None and not (set(kinds) <= valued and "Observation" in kinds):
            self._report.add(
                "SP324",
                "only Observations have a value",
                form.value.type.span,
                "Read the others by a need of their own.",
            )
        if form.conflict is not None and form.value is None:
            self._report.add("SP325", "only a need with a value can hold a conflict", form.conflict.span, "Remove it.")
        if "Patient" in kinds and len(kinds) > 1:
            self._report.add("SP326", "Patient cannot share a need with other types", name.span)
        searched = [f for kind, f in form.resources.items() if kind != "Patient"]
        coded = [f for f in searched if f.code]
        if coded and len(coded) < len(searched):
            self._report.add("SP327", f"every resource type of '{name}' needs a code, or none", name.span)
        if form.doubt is not None and coded:
            hint = "Remove its code: it collects what no table knows."
            self._report.add("SP305", f"'{name}' collects doubts and names a code", form.doubt.span, hint)

    @staticmethod
    def _key(kind: str, form: NeedForm) -> str:
        return f"observations-{form.group}" if kind == "Observation" else KEY_OF[kind]

    def _codes(self, form: NeedForm) -> ValueSet | None:
        names = {str(code): code for f in form.resources.values() for code in f.code}
        if form.value is not None and form.value.conversion is not None:
            names |= {str(code): code for code in form.value.conversion.code}
        return self._terminology.any_of(tuple(names.values()), self._report)

    @staticmethod
    def _statuses(form: NeedForm) -> frozenset[str]:
        """Written out for every type, so that a need of several types means the same for each."""
        found: set[str] = set()
        for kind, part in form.resources.items():
            if isinstance(part, ConditionForm) and part.clinical:
                found |= {str(s) for s in part.clinical}
            elif isinstance(part, ProcedureForm) and part.status:
                found |= {str(s) for s in part.status}
            else:
                found |= DEFAULT_STATUS.get(kind, frozenset())
        return frozenset(found - {"any"} | {"active", "history"} if "any" in found else found)

    @staticmethod
    def _verification(form: NeedForm) -> frozenset[str]:
        """Empty admits every status but refuted, a missing one too; so does naming both (rulings 2.1)."""
        condition = form.condition
        stated = {str(v) for v in condition.verification} if condition is not None else set()
        return frozenset() if stated >= {"confirmed", "provisional"} else frozenset(stated)

    @staticmethod
    def _meaning(kinds: tuple[str, ...]) -> frozenset[str]:
        return frozenset({"active"}) if set(kinds) & set(MEDICATIONS) else frozenset()
