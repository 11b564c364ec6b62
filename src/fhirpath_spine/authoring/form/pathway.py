"""Forms of ``<folder>/pathway.yaml`` and ``modules/*.yaml``."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from fhirpath_spine.authoring.form.data import DefinitionForm, NeedForm
from fhirpath_spine.authoring.form.fields import (
    AtLeastOne,
    Expr,
    Flag,
    Form,
    Id,
    Name,
    PathwayId,
    Short,
    Single,
    Text,
    Version,
    one_of,
)
from fhirpath_spine.authoring.form.shared import Criteria, Lines, RecommendationForm, UseForm
from fhirpath_spine.authoring.source.nodes import Scalar

STATES = (
    "PALLIATE",
    "RECUR",
    "SURVEIL",
    "TREATING",
    "OBSERVING",
    "REASSESS",
    "TREAT_PLAN",
    "CLASSIFY",
    "WORKUP",
    "SUSPICION",
    "EMERGENCY",
)
"""Names of states; NOT_APPLICABLE is what an entry without any is called, so no pathway declares it."""


class LesionScopeForm(Short):
    """Whether a pathway is judged once per lesion or once per patient."""

    per: Annotated[Scalar, *one_of("lesion", "none")]
    fallback: Flag = False


class PathwayForm(Form):
    """``pathway.yaml``."""

    spine: Annotated[Scalar, *one_of("1")]
    id: PathwayId
    version: Version
    title: Text
    status: Annotated[Scalar, *one_of("draft", "active", "retired")]
    evidence: tuple[Id, ...]
    lesion: LesionScopeForm
    needs: dict[Name, NeedForm] = Field(default_factory=dict)
    define: dict[Name, DefinitionForm] = Field(default_factory=dict)
    applies: Criteria = ()
    without_lesion: Criteria = Field(default=(), alias="withoutLesion")
    states: Annotated[
        tuple[Annotated[dict[Annotated[Scalar, *one_of(*STATES, code="SP315")], Expr], Single], ...],
        AtLeastOne(),
    ]
    notes: Lines = ()
    use: dict[Name, tuple[UseForm, ...]] = Field(default_factory=dict)
    recommendations: tuple[RecommendationForm, ...] = ()


class ModuleForm(Form):
    """``modules/*.yaml``."""

    module: Name
    title: Text
    recommendations: tuple[RecommendationForm, ...]
