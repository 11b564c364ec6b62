"""Form of the files below ``cases/``: invented patients in shorthand, and what has to be said of each. See ``docs/cases.md``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field, PlainValidator, WithJsonSchema

from fhirpath_spine.authoring.profile.recommendations import INDICATORS
from fhirpath_spine.authoring.source.fields import (
    AtLeastOne,
    Flag,
    Form,
    Id,
    Ident,
    Name,
    OneOrMany,
    Text,
    Whole,
    one_of,
    wrong,
)
from fhirpath_spine.authoring.source.nodes import Block, Scalar
from fhirpath_spine.pathway.model import HOOKS

CARDS = ("critical", "warning", "info", "safety", "incomplete", "notice")
"""What cards are counted by: those of pathways by their indicator, the others by what they are for."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One expected verdict: the recommendation, the level of its lesion if it matters, and words that have to stand in it."""

    id: Scalar
    level: str = ""
    says: tuple[Scalar, ...] = ()


def _wanted(value: object) -> Wanted:
    if isinstance(value, Scalar):
        id_, _, level = value.partition(" ")
        return Wanted(Scalar.of(id_, value.span), level.strip())
    if isinstance(value, dict) and len(value) == 1:
        ((key, says),) = value.items()
        if isinstance(key, Scalar) and isinstance(says, Scalar | list):
            texts = tuple(says) if isinstance(says, list) else (says,)
            if all(isinstance(t, Scalar) for t in texts):
                id_, _, level = key.partition(" ")
                return Wanted(Scalar.of(id_, key.span), level.strip(), texts)
    raise wrong(
        "SP207",
        "a recommendation is wanted here",
        'Write "- ID", "- ID T7" for one of several lesions, or "- ID: words of it".',
    )


_ONE = {"minProperties": 1, "maxProperties": 1}
_WORDS = {"type": ["string", "number", "boolean"], "minLength": 1}
_VERDICT = {
    "anyOf": [
        {"type": "string", "minLength": 1},
        {
            "type": "object",
            "additionalProperties": {"anyOf": [_WORDS, {"type": "array", "items": _WORDS}]},
            **_ONE,
        },
    ],
    "description": "ID, ID and level, or ID: words that have to stand in it.",
}
Verdicts = Annotated[tuple[Annotated[Any, PlainValidator(_wanted), WithJsonSchema(_VERDICT)], ...], OneOrMany()]


def _entry(value: object) -> Scalar | Block:
    if isinstance(value, Scalar) or (isinstance(value, Block) and len(value) == 1):
        return value
    raise wrong(
        "SP207",
        "one entry of the chart is wanted here",
        'Write "- night-pain: yes", "- spine-mri", or "- resource: {...}".',
    )


_ENTRY = {
    "anyOf": [{"type": "string", "minLength": 1}, {"type": "object", **_ONE}],
    "description": "A need or value set, alone or with what is said of it; or resource: {...}.",
}
Entries = tuple[Annotated[Any, PlainValidator(_entry), WithJsonSchema(_ENTRY)], ...]


class PatientForm(Form):
    """Who the invented patient is. Without a line: a man of 60 years."""

    birth_date: Text | None = Field(default=None, alias="birthDate")
    age: Text | None = None
    gender: Annotated[Scalar, *one_of("female", "male", "other", "unknown", "unstated")] | None = None
    deceased: Text | None = None


class SiteForm(Form):
    """What the site has decided."""

    flags: dict[Ident, Flag] = Field(default_factory=dict)
    variants: tuple[Text, ...] = ()
    frameworks: tuple[Id, ...] = ()


class ExpectForm(Form):
    """What has to be said. A list names what must be there; what it leaves out is not looked at."""

    states: dict[Text, Text] | None = None
    recommended: Verdicts = ()
    blocked: Verdicts = ()
    needs_data: Verdicts = Field(default=(), alias="needs-data")
    satisfied: Verdicts = ()
    suppressed: Verdicts = ()
    not_applicable: Verdicts = Field(default=(), alias="not-applicable")
    absent: Verdicts = ()
    indicators: dict[Text, Annotated[Scalar, *one_of(*INDICATORS)]] = Field(default_factory=dict)
    cites: dict[Text, Annotated[tuple[Text, ...], OneOrMany()]] = Field(default_factory=dict)
    cites_not: dict[Text, Annotated[tuple[Text, ...], OneOrMany()]] = Field(default_factory=dict, alias="cites-not")
    cards: dict[Annotated[Scalar, *one_of(*CARDS)], Whole] | None = None
    says: Annotated[tuple[Text, ...], OneOrMany()] = ()
    says_not: Annotated[tuple[Text, ...], OneOrMany()] = Field(default=(), alias="says-not")
    refused: Annotated[Scalar, *one_of("scope-undecidable", "patient-mismatch")] | None = None
    silent: Flag = False


class CaseForm(Form):
    """One case."""

    case: Text
    id: Name | None = None
    base: Name | None = None
    at: Text | None = None
    patient: PatientForm | None = None
    given: Entries = ()
    instead: Entries = ()
    without: Annotated[tuple[Text, ...], OneOrMany()] = ()
    unavailable: Annotated[tuple[Text, ...], OneOrMany()] = ()
    cut: Annotated[tuple[Text, ...], OneOrMany()] = ()
    site: SiteForm | None = None
    hook: Annotated[Scalar, *one_of(*HOOKS)] | None = None
    orders: Entries = ()
    emergency: Annotated[Scalar, *one_of("full", "scope-stop")] | None = None
    audience: Annotated[Scalar, *one_of("clinician", "patient")] | None = None
    fails: Text | None = None
    expect: ExpectForm


class CasesForm(Form):
    """A file of cases. ``at``, ``patient`` and ``site`` here hold for each of them that says nothing else."""

    at: Text | None = None
    patient: PatientForm | None = None
    site: SiteForm | None = None
    cases: Annotated[tuple[CaseForm, ...], AtLeastOne()]


class ExemptForm(Form):
    """Answers that no case can show, and why."""

    criterion: Text
    answers: Annotated[tuple[Annotated[Scalar, *one_of("met", "not-met", "unknown")], ...], OneOrMany()]
    reason: Text


class ReasonForm(Form):
    """A block, hold or claim that no case can show, and why."""

    name: Text
    reason: Text


class MovesForm(Form):
    """Thresholds that no case can hold on a side, and why."""

    name: Text
    moves: Annotated[tuple[Annotated[Scalar, *one_of("up", "down")], ...], OneOrMany()]
    reason: Text


class ExemptionsForm(Form):
    """``cases/exempt.yaml``."""

    criteria: tuple[ExemptForm, ...] = ()
    claims: tuple[ReasonForm, ...] = ()
    reasons: tuple[ReasonForm, ...] = ()
    thresholds: tuple[MovesForm, ...] = ()
    mutants: tuple[ReasonForm, ...] = ()
