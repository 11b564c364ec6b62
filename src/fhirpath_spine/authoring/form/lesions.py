"""Form of ``lesions.yaml``: how lesions are built from Conditions and imaging."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from fhirpath_spine.authoring.form.fields import (
    AtLeastOne,
    Form,
    Ident,
    Name,
    OneOrMany,
    Short,
    Text,
    ValueSets,
    one_of,
)
from fhirpath_spine.authoring.source.nodes import Scalar


class LesionSourceForm(Short):
    """Conditions that found a lesion of a class."""

    code: ValueSets
    site: ValueSets = ()
    verification: Annotated[Scalar, *one_of("confirmed")] | None = Field(default=None, alias="verificationStatus")
    without_site: Annotated[Scalar, *one_of("drop", "keep")] | None = Field(default=None, alias="withoutSite")


class LesionClassForm(Form):
    """One row of the class table."""

    id: Name
    title: Text
    sources: Annotated[tuple[LesionSourceForm, ...], OneOrMany()] = Field(alias="from")
    note: Text | None = None
    pathway: Annotated[Scalar, *one_of("none")] | None = None


class LesionFlagForm(Form):
    """A three-valued member of a lesion."""

    levels: tuple[Text, ...] = ()
    site: ValueSets = ()
    code: ValueSets = ()
    classes: Annotated[tuple[Name, ...], OneOrMany()] = Field(default=(), alias="class")
    absent: Annotated[Scalar, *one_of("yes", "no", "unknown")] | None = None


class BehaviourForm(Form):
    """Value sets that say benign and malignant."""

    benign: ValueSets
    malignant: ValueSets


class HistologyForm(Form):
    """The need that holds histology, and which of its answers say benign and malignant: words, or a value set."""

    need: Name
    benign: Annotated[tuple[Text, ...], OneOrMany()]
    malignant: Annotated[tuple[Text, ...], OneOrMany()]


class BehavioursForm(Form):
    """Where the behaviour of a lesion is read."""

    condition: BehaviourForm
    histology: HistologyForm


class LesionsForm(Form):
    """``lesions.yaml``."""

    conditions: Name
    imaging: Name
    imaging_absent: tuple[Text, ...] = Field(alias="imagingAbsent")
    imaging_known: tuple[Text, ...] = Field(default=(), alias="imagingKnown")
    levels: dict[Name, Text]
    regions: dict[Ident, ValueSets] = Field(default_factory=dict)
    classes: Annotated[tuple[LesionClassForm, ...], AtLeastOne()]
    flags: dict[Ident, LesionFlagForm] = Field(default_factory=dict)
    behaviour: BehavioursForm
