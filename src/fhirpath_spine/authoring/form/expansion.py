"""Form of an expansion file: codes that a site adds to value sets, as a terminology server of its own listed them (rulings 6)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from fhirpath_spine.authoring.form.fields import Day, Form, Name, Text, one_of, pattern
from fhirpath_spine.authoring.source.nodes import Scalar

CodeText = Annotated[Scalar, *pattern(r"[^\s|]+( [^\s|]+)*", "a code")]


class ExpandedCodeForm(Form):
    """One code. The display is for the reader; it is never matched."""

    system: Annotated[Scalar, *pattern(r"[^\s|]+:[^\s|]+", "the URI of a code system")]
    code: CodeText
    display: Text | None = None


class ExpandedForm(Form):
    """The codes of one value set: what was asked, of whom, and when."""

    source: Text
    server: Text
    date: Day
    codes: tuple[ExpandedCodeForm, ...] = Field(min_length=1)


class ExpansionForm(Form):
    """The whole file. ``sha256`` is over ``valueSets``, so that an edit by hand is noticed."""

    expansion: Annotated[Scalar, *one_of("1")]
    value_sets: dict[Name, ExpandedForm] = Field(alias="valueSets", min_length=1)
    sha256: Annotated[Scalar, *pattern("[0-9a-f]{64}", "a digest of 64 hexadecimal digits")]
