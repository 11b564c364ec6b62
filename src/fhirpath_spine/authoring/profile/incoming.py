"""``incoming.yaml``: how an EHR says that not all is here, and how it prints units."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from fhirpath_spine.authoring.source.fields import Form, Text, one_of
from fhirpath_spine.authoring.source.nodes import Scalar
from fhirpath_spine.pathway.facts.chart import TYPES
from fhirpath_spine.pathway.facts.needs import printed
from fhirpath_spine.pathway.facts.signs import Signs

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from fhirpath_spine.authoring.source.report import Report
ResourceType = Annotated[Scalar, *one_of(*TYPES)]
ByCode = dict[Text, tuple[ResourceType, ...]]


class WithheldForm(Form):
    """By what an answer says that it does not hold all."""

    issues: tuple[Text, ...] = ()
    labels: tuple[Text, ...] = ()
    absent: tuple[Text, ...] = ()
    empty: tuple[Text, ...] = ()


class UnitForm(Form):
    """How a UCUM unit is printed, and who says so."""

    printed: tuple[Text, ...]
    source: Text


class IncomingForm(Form):
    """``incoming.yaml``."""

    withheld: WithheldForm = Field(default_factory=WithheldForm)
    no_information: ByCode = Field(default_factory=dict, alias="noInformation")
    none_known: tuple[Text, ...] = Field(default=(), alias="noneKnown")
    sections: ByCode = Field(default_factory=dict)
    units: dict[Text, UnitForm] = Field(default_factory=dict)


def build_signs(form: IncomingForm) -> Signs:
    """The signs, for whoever reads what comes in."""
    return Signs(
        issues=_codes(form.withheld.issues),
        labels=_codes(form.withheld.labels),
        absent=_codes(form.withheld.absent),
        empty=_codes(form.withheld.empty),
        no_information=_types(form.no_information),
        none_known=_codes(form.none_known),
        sections=_types(form.sections),
    )


def _codes(listed: Iterable[Scalar]) -> frozenset[str]:
    return frozenset(str(one).lower() for one in listed)


def _types(by_code: Mapping[Scalar, tuple[Scalar, ...]]) -> dict[str, frozenset[str]]:
    return {str(code).lower(): frozenset(map(str, types)) for code, types in by_code.items()}


def build_printed(form: IncomingForm, report: Report) -> dict[str, tuple[str, ...]]:
    """UCUM unit -> its printed forms. No form may stand for two units."""
    seen: dict[str, Scalar] = {}
    for unit, one in form.units.items():
        for text in one.printed:
            first = seen.setdefault(printed(text), unit)
            if first != unit:
                report.add("SP204", f"'{text}' is printed for {first} too", text.span, "It would mean two units.")
    return {str(unit): tuple(map(str, one.printed)) for unit, one in form.units.items()}
