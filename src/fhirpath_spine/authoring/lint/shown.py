"""The words of a set that somebody is shown, told by the marks of the forms, with all else that stands in the same thing."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from fhirpath_spine.authoring.profile.definitions import DefinitionForm, FindingsForm, RankedForm
from fhirpath_spine.authoring.profile.lesions import LesionClassForm
from fhirpath_spine.authoring.profile.needs import NeedForm
from fhirpath_spine.authoring.profile.pathways import PathwayForm
from fhirpath_spine.authoring.profile.policy import (
    ExclusionForm,
    FrameworkLineForm,
    GateForm,
    GoalForm,
    HoldForm,
    NoticeForm,
)
from fhirpath_spine.authoring.profile.recommendations import RecommendationForm
from fhirpath_spine.authoring.source.fields import Shown
from fhirpath_spine.authoring.source.nodes import Scalar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

THINGS: tuple[type[BaseModel], ...] = (
    PathwayForm,
    RecommendationForm,
    DefinitionForm,
    FindingsForm,
    RankedForm,
    NeedForm,
    LesionClassForm,
    GateForm,
    HoldForm,
    GoalForm,
    ExclusionForm,
    NoticeForm,
    FrameworkLineForm,
)
"""What an author thinks of as one thing: its words stand beside its tests."""


class Told(NamedTuple):
    """Words that are shown, the form that holds them, and whether their placeholders are filled in."""

    say: Scalar
    form: BaseModel
    filled: bool


class Thing(NamedTuple):
    """One thing of the files: its words, and every other text of it, tests among them."""

    form: BaseModel
    words: tuple[Told, ...]
    others: tuple[Scalar, ...]


def things(files: Iterable[BaseModel]) -> Iterator[Thing]:
    """Everything that stands in these files, without what is a thing of its own inside it."""
    waiting = list(files)
    while waiting:
        form = waiting.pop(0)
        words, others = list[Told](), list[Scalar]()
        _walk(form, words, others, waiting)
        yield Thing(form, tuple(words), tuple(others))


def _walk(form: BaseModel, words: list[Told], others: list[Scalar], waiting: list[BaseModel]) -> None:
    for name, mark in _marks(type(form)).items():
        for value in _flat(getattr(form, name)):
            if isinstance(value, Scalar):
                others.append(value) if mark is None else words.append(Told(value, form, mark.filled))
            elif isinstance(value, THINGS):
                waiting.append(value)
            elif isinstance(value, BaseModel):
                _walk(value, words, others, waiting)


def _flat(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        value = tuple(value.values())
    if isinstance(value, tuple):
        for one in value:
            yield from _flat(one)
    else:
        yield value


@cache
def _marks(form: type[BaseModel]) -> dict[str, Shown | None]:
    """Each field of a form with its mark, if what it holds is shown."""
    return {name: _mark(field) for name, field in form.model_fields.items()}


def _mark(of: Any) -> Shown | None:
    if isinstance(of, FieldInfo):
        return next((m for m in of.metadata if isinstance(m, Shown)), None) or _mark(of.annotation)
    if isinstance(of, Shown):
        return of
    return next((found for part in get_args(of) if (found := _mark(part)) is not None), None)
