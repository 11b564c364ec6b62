"""Forms that several files share: criteria, lines, references and recommendations."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from fhirpath_spine.authoring.form.fields import (
    Bare,
    Expr,
    Form,
    Id,
    Name,
    OneOrMany,
    Path,
    RecommendationId,
    Short,
    Single,
    Text,
    one_of,
)
from fhirpath_spine.authoring.source.nodes import Scalar

KINDS = (
    "surgery",
    "radiotherapy",
    "systemic",
    "combination",
    "observation",
    "palliative",
    "imaging",
    "biopsy",
    "referral",
    "medication",
    "rehabilitation",
    "advice",
    "record",
)
"""What a recommendation can be."""

ACTIVITIES = ("ServiceRequest", "Task", "Appointment", "CommunicationRequest", "NutritionOrder")
"""Request kinds that a CarePlan may propose."""

INDICATORS = ("info", "warning", "critical")

UnknownRule = Annotated[Scalar, *one_of("ask", "caution", "hide", "met")]


class CriterionForm(Short):
    """A three-valued question: an expression, or one with what UNKNOWN does and how it is worded."""

    test: Expr
    unknown: UnknownRule | None = None
    of: Annotated[Scalar, *one_of("any-lesion")] | None = None
    say: Text | None = None


Criteria = tuple[Annotated[dict[Name, CriterionForm], Single], ...]
"""An ordered list of named criteria."""


class LineForm(Short):
    """A sentence for a card, and when it is said."""

    text: Text
    when: Expr | None = None


Lines = Annotated[tuple[LineForm, ...], OneOrMany()]


class ClaimRefForm(Short):
    """A claim, and when it is cited."""

    id: Id
    when: Expr | None = None


class UseForm(Short):
    """An entry of a module, and when it is used."""

    id: RecommendationId
    when: Expr | None = None


class ActivityForm(Form):
    """What a CarePlan proposes: a kind of request and words."""

    kind: Annotated[Scalar, *one_of(*ACTIVITIES)]
    text: Text
    category: Text | None = None


IndicatorEntry = Annotated[dict[Annotated[Scalar, *one_of(*INDICATORS)], Expr], Single, Bare(*INDICATORS)]
"""An urgency, and when it applies."""


class RecommendationForm(Form):
    """One recommendation of a pathway or of a module."""

    id: RecommendationId
    title: Text
    kind: Annotated[Scalar, *one_of(*KINDS)]
    scope: Annotated[Scalar, *one_of("lesion", "patient")] | None = None
    claims: tuple[ClaimRefForm, ...] = ()
    indicator: Annotated[tuple[IndicatorEntry, ...], OneOrMany()] = ()
    follows: Annotated[tuple[Text, ...], OneOrMany()] = Field(default=(), alias="with")
    unless: Annotated[tuple[Text, ...], OneOrMany()] = ()
    when: Criteria = ()
    blocked: Criteria = ()
    caution: Criteria = ()
    satisfied: Criteria = ()
    excluded: Criteria = ()
    suppressed: Text | None = None
    unreachable: Text | None = None
    safety: Expr | None = None
    say: Lines = ()
    detail: Path | None = None
    alternatives: Lines = ()
    activity: ActivityForm | None = None
