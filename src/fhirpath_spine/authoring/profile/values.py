"""How a value is read: its type, its units, its answers; the form of it, and what becomes of the form."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field
from pydantic_core import core_schema

from fhirpath_spine.authoring.profile.terminology import Terminology
from fhirpath_spine.authoring.source.fields import (
    Form,
    Number,
    Short,
    Text,
    ValueSets,
    Words,
    one_of,
)
from fhirpath_spine.authoring.source.nodes import Scalar
from fhirpath_spine.authoring.source.report import Report
from fhirpath_spine.diagnostics import did_you_mean
from fhirpath_spine.fhirpath import ValueSet
from fhirpath_spine.pathway.facts.needs import Coding, Conversion, Value, printed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic.json_schema import JsonSchemaValue
VALUE_TYPES = ("boolean", "integer", "quantity", "word", "concept")


_TRUTHS = {"true": True, "false": False}


class AnswerForm(Short):
    """What a coded answer stands for: a word or number, or, keyed by it, a value set."""

    word: Text | None = None
    value_sets: ValueSets = Field(default=(), alias="valueSet")


class Untold(dict[Scalar, "AnswerForm"]):
    """The answers of a list that there is not."""


class NamedList:
    """Marks answers that may be the name of a list. A name that is still there names none, which was told already."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        def named(value: Any, read: Callable[[Any], Any]) -> Any:
            return Untold() if isinstance(value, Scalar) else read(value)

        return core_schema.no_info_wrap_validator_function(named, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"anyOf": [{"type": "string"}, handler(schema)]}


Answers = Annotated[dict[Text, AnswerForm], NamedList()]
"""What each code or value set stands for, or the name of a list that says so."""


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


class ConversionForm(Form):
    """Another scale that is read where the need's own is not recorded: each band's least value, and what it means."""

    code: ValueSets
    label: Words
    plausible: tuple[Number, Number]
    answers: Answers = Field(default_factory=dict)
    units: Units = Field(default_factory=dict)
    steps: dict[Text, Text]

    type: Annotated[Scalar, *one_of("integer")]
    unit: Text | None = None


class ValueForm(Short):
    """How a value is read."""

    type: Annotated[Scalar, *one_of(*VALUE_TYPES)]
    unit: Text | None = None
    units: Units = Field(default_factory=dict)
    plausible: tuple[Number, Number] | None = None
    answers: Answers = Field(default_factory=dict)
    of: ValueSets = ()
    """The concepts that a value of type concept may be; any, where none are named."""
    component: ValueSets = ()
    """The component that holds the value where the Observation has none of its own."""
    conversion: ConversionForm | None = None
    pair: ValueSets = ()
    """Codes that a laboratory gives two values of for one sample, by race: the lower counts."""


class ComponentForm(Form):
    """A component of an Observation that is read as a member of the item."""

    code: ValueSets
    type: Annotated[Scalar, *one_of(*VALUE_TYPES)]
    unit: Text | None = None
    units: Units = Field(default_factory=dict)
    plausible: tuple[Number, Number] | None = None
    answers: Answers = Field(default_factory=dict)


class ValueBuilder:
    """Builds the values of needs; what is wrong is reported, and a value is built all the same."""

    def __init__(self, terminology: Terminology, report: Report, units: Mapping[str, tuple[str, ...]]) -> None:
        self._terminology, self._report, self._units = terminology, report, units

    def component(self, name: Scalar, form: ComponentForm) -> Value:
        """How the component of that name is read."""
        return self.value(form, name, self._terminology.any_of(form.code, self._report))

    def _conversion(self, form: ConversionForm, name: Scalar, kind: str) -> Conversion:
        if kind != "integer":
            self._report.add("SP207", f"a value of type {kind} is not read from another scale", name.span, "Remove it.")
        for text in (*form.steps, *form.steps.values()):
            if not (text.isascii() and text.isdigit()):
                self._report.add("SP207", f"'{text}' is not a whole number", text.span)
        steps = {int(k): int(v) for k, v in form.steps.items() if k.isdigit() and v.isdigit()}
        codes = self._terminology.any_of(form.code, self._report) or ValueSet(str(name), ())
        return Conversion(codes, self.value(form, name), steps, str(form.label))

    def value(
        self, form: ValueForm | ComponentForm | ConversionForm, name: Scalar, component: ValueSet | None = None
    ) -> Value:
        """How the value of the need of that name is read."""
        kind = str(form.type)
        conversion = form.conversion if isinstance(form, ValueForm) else None
        if isinstance(form, ValueForm):
            component = self._terminology.any_of(form.component, self._report)
            if form.pair and kind not in ("integer", "quantity"):
                hint = "Remove pair:."
                self._report.add("SP207", f"of two values of type {kind} none is lower", form.pair[0].span, hint)
            if form.of and kind != "concept":
                self._report.add("SP207", f"a value of type {kind} is no concept", form.of[0].span, "Remove of:.")
        if kind == "quantity" and form.unit is None:
            self._report.add(
                "SP328", f"the quantity '{name}' has no unit", form.type.span, "Add unit: with a UCUM unit."
            )
        if kind != "quantity" and form.unit is not None:
            self._report.add("SP328", f"a value of type {kind} has no unit", form.unit.span, "Remove it.")
        if kind == "word" and not form.answers and not isinstance(form.answers, Untold):
            self._report.add("SP329", f"the words of '{name}' are missing", form.type.span, "Add answers:.")
        if kind not in ("word", "integer", "boolean") and form.answers:
            self._report.add(
                "SP329", f"a value of type {kind} has no answers", next(iter(form.answers)).span, "Remove them."
            )
        factors = {str(unit): factor for unit, factor in form.units.items()}
        if form.unit is not None:
            factors.setdefault(str(form.unit), Decimal(1))
        for unit, factor in form.units.items():
            if factor <= 0:
                self._report.add("SP330", f"the factor of {unit} has to be above zero", unit.span)
        if form.plausible is not None and form.plausible[0] > form.plausible[1]:
            self._report.add("SP331", f"the plausible range of '{name}' is upside down", name.span)
        return Value(
            kind=kind,
            unit=str(form.unit or ""),
            factors=factors,
            printed={printed(text): f for u, f in factors.items() for text in (u, *self._units.get(u, ()))},
            answers=self._answers(form, kind),
            plausible=form.plausible,
            component=component,
            conversion=self._conversion(conversion, name, kind) if conversion is not None else None,
            pair=self._terminology.any_of(form.pair, self._report) if isinstance(form, ValueForm) else None,
            concepts=self._terminology.any_of(form.of, self._report) if isinstance(form, ValueForm) else None,
        )

    def _answers(self, form: ValueForm | ComponentForm | ConversionForm, kind: str) -> dict[Coding, str | int]:
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
            self._report.add("SP332", f"'{name}' matches by prefix, so it cannot list answers", name.span)
        return sorted(found.members)

    def _meaning_of(self, word: Scalar, kind: str) -> str | int:
        if kind == "boolean":
            if word not in _TRUTHS:
                self._report.add("SP207", f"'{word}' is neither true nor false", word.span)
            return _TRUTHS.get(word, False)
        if kind != "integer":
            return str(word)
        if word.isascii() and word.isdigit():
            return int(word)
        self._report.add("SP227", f"'{word}' is not a whole number", word.span)
        return 0
