"""Forms of ``sources.yaml``, ``claims.yaml`` and ``phrases.yaml``."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, RootModel

from fhirpath_spine.authoring.form.fields import AtLeastOne, Day, Expr, Flag, Form, Id, Key, Text, one_of
from fhirpath_spine.authoring.form.policy import Selectors
from fhirpath_spine.authoring.source.nodes import Scalar


class SourceForm(Form):
    """A document or framework."""

    title: Text
    publisher: Text
    date: Day
    kind: Text
    certainty: Text
    url: Text | None = None
    note: Text | None = None


class FrameworkLineForm(Form):
    """A fact of a framework: on which recommendations it stands, how well it was verified, and when it is said."""

    on: Selectors
    grade: Annotated[Scalar, *one_of("A", "B", "C")]
    text: Text
    when: Expr | None = None


class FrameworkForm(Form):
    """A published framework beside the documents. ``always``: a safety text that no site can switch off."""

    title: Text
    publisher: Text
    date: Day
    jurisdiction: Text
    always: Flag = False
    lines: Annotated[tuple[FrameworkLineForm, ...], AtLeastOne()]


class SourcesForm(Form):
    """``sources.yaml``."""

    sources: dict[Id, SourceForm]
    frameworks: dict[Id, FrameworkForm] = Field(default_factory=dict)


class ClaimForm(Form):
    """An atomic statement of a source."""

    source: Id
    use: Annotated[Scalar, *one_of("drive", "support", "context", "suppress")]
    strength: Text | None = None


class ClaimsForm(Form):
    """``claims.yaml``."""

    claims: dict[Id, ClaimForm]


class PhrasesForm(RootModel[dict[Key, Text]]):
    """``phrases.yaml``: sentences with ``{field}`` placeholders that the service fills in."""
