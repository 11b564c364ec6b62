"""Form of ``site.yaml``: what a site decides for itself."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from fhirpath_spine.authoring.form.fields import Day, Flag, Form, Id, Ident, PairText, PathwayId, Text, pattern
from fhirpath_spine.authoring.source.nodes import Items, Scalar

Digest = Annotated[Scalar, *pattern("[0-9a-f]{64}", "a digest of 64 hexadecimal digits")]


class ApprovalForm(Form):
    """Who approved which content of a pathway."""

    pathway: PathwayId
    digest: Digest
    by: Text
    role: Text
    date: Day


class CodeMapForm(Form):
    """One translation of a code that a site uses into one that the profiles know."""

    source: PairText = Field(alias="from")
    target: PairText = Field(alias="to")
    claim: Text
    when: Day


def _or_empty(schema: dict[str, Any]) -> None:
    listed = {key: schema.pop(key) for key in ("type", "items") if key in schema}
    schema["anyOf"] = [listed, {"type": "object", "maxProperties": 0}]


def _none(value: Any) -> Any:
    """``{}`` stands for an empty list."""
    return Items() if isinstance(value, dict) and not value else value


class SiteForm(Form):
    """``site.yaml``."""

    timezone: Text
    flags: dict[Ident, Flag] = Field(default_factory=dict)
    frameworks: tuple[Id, ...] = ()
    code_map: Annotated[tuple[CodeMapForm, ...], BeforeValidator(_none)] = Field(
        default=(), json_schema_extra=_or_empty
    )
    variants: tuple[Text, ...] = ()
    expansions: tuple[Text, ...] = ()
    approvals: tuple[ApprovalForm, ...] = ()
