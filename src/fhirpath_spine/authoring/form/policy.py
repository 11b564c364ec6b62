"""Form of ``policy.yaml``: what stands above the pathways."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from fhirpath_spine.authoring.form.fields import Days, Expr, Form, Id, OneOrMany, PathwayId, Short, Text, Whole
from fhirpath_spine.authoring.form.shared import Lines, UnknownRule


class SelectorForm(Short):
    """Picks recommendations by id, glob or kind, and when."""

    ids: Annotated[tuple[Text, ...], OneOrMany()]
    when: Expr | None = None


Selectors = Annotated[tuple[SelectorForm, ...], OneOrMany()]


class GateForm(Form):
    """The emergency gate."""

    pathway: PathwayId
    open: Expr
    acknowledged: Expr
    visible: Selectors
    attached: Selectors
    hidden: Text
    unread: Text
    acknowledged_line: Text = Field(alias="acknowledged-line")
    scope_stop: Text = Field(alias="scope-stop")


class HoldForm(Form):
    """A safety hold."""

    id: Id
    test: Expr
    unknown: UnknownRule | None = None
    hide: Selectors = ()
    block: Selectors = ()
    ask: Selectors = ()
    caution: Selectors = ()
    say: Text | None = None
    head: Lines = ()


class GoalForm(Form):
    """A goal of care that hides recommendations."""

    id: Id
    test: Expr
    hide: Selectors
    say: Text
    unread: Text


class ExclusionForm(Form):
    """Recommendations that exclude each other."""

    id: Id
    test: Expr
    hide: Selectors
    say: Text


class BudgetForm(Form):
    """How many cards of each indicator one response may carry."""

    critical: Whole
    warning: Whole
    info: Whole


class PolicyForm(Form):
    """``policy.yaml``."""

    order: tuple[PathwayId, ...]
    gate: GateForm | None = None
    holds: tuple[HoldForm, ...] = ()
    goals: tuple[GoalForm, ...] = ()
    exclusions: tuple[ExclusionForm, ...] = ()
    conflict_gap: Days = Field(alias="conflict-gap")
    budget: BudgetForm
