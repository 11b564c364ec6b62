"""Forms of ``terminology/systems.yaml`` and ``terminology/value-sets.yaml``."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, RootModel

from fhirpath_spine.authoring.form.fields import Form, Name, Text, pattern
from fhirpath_spine.authoring.source.nodes import Scalar

TableFile = Annotated[Scalar, *pattern("[a-z0-9][a-z0-9/-]*[.]csv", "a CSV file below terminology/")]


class SystemForm(Form):
    """A code system: its short name is the key, its table a CSV file."""

    uri: Text
    title: Text
    licence: Text
    file: TableFile
    aliases: tuple[Text, ...] = ()


class SystemsForm(RootModel[dict[Name, SystemForm]]):
    """``systems.yaml``."""


class ValueSetForm(Form):
    """A value set: what it means and where its rows come from."""

    title: Text
    origin: Text | None = Field(default=None, alias="from")
    dropped: tuple[Text, ...] = ()
    """Codes that were left out on purpose, with the reason."""


class ValueSetsForm(RootModel[dict[Name, ValueSetForm]]):
    """``value-sets.yaml``."""
