"""Needs from their forms: which resources, how their value is read, and their shape for the compiler."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from fhirpath_spine.authoring.form.data import ComponentForm, ConditionForm, ProcedureForm, ValueForm
from fhirpath_spine.authoring.source.nodes import Scalar
from fhirpath_spine.diagnostics import did_you_mean
from fhirpath_spine.pathway.facts.chart import KEYS
from fhirpath_spine.pathway.facts.needs import Absent, Coding, Need, Value

if TYPE_CHECKING:
    from fhirpath_spine.authoring.assembly.terminology import Terminology
    from fhirpath_spine.authoring.form.data import NeedForm
    from fhirpath_spine.authoring.report import Report
    from fhirpath_spine.fhirpath import ValueSet

KEY_OF = {kind: key for key, kind in KEYS.items()}
FINAL = frozenset({"final", "amended", "corrected"})
DEFAULT_STATUS = {
    "Condition": frozenset({"active"}),
    "Procedure": frozenset({"completed"}),
    "Observation": FINAL,
    "DiagnosticReport": FINAL,
}
VALUED = frozenset({"Observation"})


class NeedBuilder:
    """Builds needs one by one; what is wrong is reported, and a need is built all the same so that others can name it."""

    def __init__(self, terminology: Terminology, report: Report) -> None:
        self._terminology, self._report = terminology, report

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
            label=str(form.label),
            resources=kinds,
            keys=tuple(dict.fromkeys(self._key(kind, form) for kind in kinds)),
            codes=self._codes(form),
            statuses=self._statuses(form),
            verification=self._verification(form),
            meaning=frozenset(str(m) for m in form.meaning) or self._meaning(kinds),
            value=self._value(form.value, name) if form.value is not None else None,
            components={str(n): self._component(n, c) for n, c in form.components.items()},
            within=form.within,
            latest=form.latest is not None,
            absent=Absent(str(form.absent)) if form.absent is not None else None,
            conflict=form.conflict is not None,
            per_lesion=form.per is not None,
            sites=self._terminology.any_of(form.site, self._report),
            drafts="draftOrders" in form.origin,
        )

    def _check(self, name: Scalar, form: NeedForm, kinds: tuple[str, ...]) -> None:
        if "Observation" in kinds and form.group is None:
            hint = "Add group: neuro, pain, lesion, imaging, laboratory, status or decisions."
            self._report.add(
                "SP305", f"the need '{name}' reads Observations and names no prefetch group", name.span, hint
            )
        if form.group is not None and "Observation" not in kinds:
            self._report.add("SP305", "only a need that reads Observations has a group", form.group.span, "Remove it.")
        if form.value is not None and form.value.type == "boolean" and form.absent is None:
            hint = "absent: no, if no entry means no; absent: unknown, if it has to be asked."
            self._report.add("SP304", f"'{name}' is a boolean and does not say what its absence means", name.span, hint)
        if form.value is not None and set(kinds) != VALUED:
            self._report.add(
                "SP207",
                "only Observations have a value",
                form.value.type.span,
                "Read the others by a need of their own.",
            )
        if form.conflict is not None and form.value is None:
            self._report.add("SP207", "only a need with a value can hold a conflict", form.conflict.span, "Remove it.")
        if "Patient" in kinds and len(kinds) > 1:
            self._report.add("SP207", "Patient cannot share a need with other types", name.span)
        coded = [f for f in form.resources.values() if f.code]
        if coded and len(coded) < len(kinds):
            self._report.add("SP207", f"every resource type of '{name}' needs a code, or none", name.span)

    @staticmethod
    def _key(kind: str, form: NeedForm) -> str:
        return f"observations-{form.group}" if kind == "Observation" else KEY_OF[kind]

    def _codes(self, form: NeedForm) -> ValueSet | None:
        names = {str(code): code for f in form.resources.values() for code in f.code}
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
        return frozenset({"active"}) if set(kinds) & {"MedicationRequest", "MedicationStatement"} else frozenset()

    def _component(self, name: Scalar, form: ComponentForm) -> Value:
        return self._value(form, name, self._terminology.any_of(form.code, self._report))

    def _value(self, form: ValueForm | ComponentForm, name: Scalar, component: ValueSet | None = None) -> Value:
        kind = str(form.type)
        if kind == "quantity" and form.unit is None:
            self._report.add(
                "SP207", f"the quantity '{name}' has no unit", form.type.span, "Add unit: with a UCUM unit."
            )
        if kind != "quantity" and form.unit is not None:
            self._report.add("SP207", f"a value of type {kind} has no unit", form.unit.span, "Remove it.")
        if kind == "word" and not form.answers:
            self._report.add("SP207", f"the words of '{name}' are missing", form.type.span, "Add answers:.")
        if kind not in ("word", "integer") and form.answers:
            self._report.add(
                "SP207", f"a value of type {kind} has no answers", next(iter(form.answers)).span, "Remove them."
            )
        factors = {str(unit): factor for unit, factor in form.units.items()}
        if form.unit is not None:
            factors.setdefault(str(form.unit), Decimal(1))
        for unit, factor in form.units.items():
            if factor <= 0:
                self._report.add("SP207", f"the factor of {unit} has to be above zero", unit.span)
        if form.plausible is not None and form.plausible[0] > form.plausible[1]:
            self._report.add("SP207", f"the plausible range of '{name}' is upside down", name.span)
        return Value(
            kind=kind,
            unit=str(form.unit or ""),
            factors=factors,
            answers=self._answers(form, kind),
            plausible=form.plausible,
            component=component,
        )

    def _answers(self, form: ValueForm | ComponentForm, kind: str) -> dict[Coding, str | int]:
        answers: dict[Coding, str | int] = {}
        for key, answer in form.answers.items():
            if answer.value_sets:
                word, codings = key, [c for name in answer.value_sets for c in self._members(name)]
            elif answer.word is not None:
                word = answer.word
                codings = [self._terminology.coding(key, self._report)]
                if codings[0][0] and not self._terminology.knows(codings[0]):
                    near = did_you_mean(codings[0][1], [c for s, c in self._terminology.codings if s == codings[0][0]])
                    self._report.add("SP212", f"no table below terminology/ holds '{key}'", key.span, near)
            else:
                self._report.add("SP206", "the key 'valueSet' is missing", key.span)
                continue
            meaning = self._meaning_of(word, kind)
            for coding in codings:
                # Of two value sets that share a code the one that is listed first gives the answer.
                answers.setdefault(coding, meaning)
        return answers

    def _members(self, name: Scalar) -> list[Coding]:
        found = self._terminology.value_set(name, self._report)
        if found.prefixes:
            self._report.add("SP207", f"'{name}' matches by prefix, so it cannot list answers", name.span)
        return sorted(found.members)

    def _meaning_of(self, word: Scalar, kind: str) -> str | int:
        if kind != "integer":
            return str(word)
        if word.isascii() and word.isdigit():
            return int(word)
        self._report.add("SP207", f"'{word}' is not a whole number", word.span)
        return 0
