"""``recognition:`` of ``data.yaml``: what is known though no need reads it, and which codes raise the doubt of a tumour."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from fhirpath_spine.authoring.source.fields import Form, Text, ValueSets, one_of
from fhirpath_spine.authoring.source.nodes import Scalar
from fhirpath_spine.pathway.facts.recognising import Recognition

if TYPE_CHECKING:
    from fhirpath_spine.authoring.profile.terminology import Terminology
    from fhirpath_spine.authoring.source.report import Report

TYPES = ("Condition", "Procedure", "MedicationRequest", "MedicationStatement", "AllergyIntolerance")


class RecognitionForm(Form):
    """``known``: by resource type, codes that are known and matter to no need. ``harmless``: categories of an allergy that are no
    drug's. ``strong`` and ``weak``: codes of tumours as a classification numbers them, known by their chapter alone.
    ``spine``: the body sites of the spine. ``tumours`` and ``cancers``: codes of tumours of the spine, and of any cancer,
    which stay a doubt where an entry of theirs cannot be used. ``named``: codes that are no reason for anything, by decision.
    ``deficits``: codes of deficits, as the value of an Observation that no need reads may name one.
    """

    known: dict[Annotated[Scalar, *one_of(*TYPES)], ValueSets] = Field(default_factory=dict)
    harmless: tuple[Text, ...] = ()
    strong: ValueSets = ()
    weak: ValueSets = ()
    spine: ValueSets = ()
    tumours: ValueSets = ()
    cancers: ValueSets = ()
    named: ValueSets = ()
    deficits: ValueSets = ()


def build_recognition(form: RecognitionForm | None, terminology: Terminology, report: Report) -> Recognition:
    """The tables of the form; empty ones where a set declares none."""
    if form is None:
        return Recognition(classes=terminology.classes)
    known = {str(kind): terminology.any_of(names, report) for kind, names in form.known.items()}
    return Recognition(
        classes=terminology.classes,
        known={kind: value_set for kind, value_set in known.items() if value_set is not None},
        harmless=frozenset(map(str, form.harmless)),
        strong=terminology.any_of(form.strong, report),
        weak=terminology.any_of(form.weak, report),
        spine=terminology.any_of(form.spine, report),
        tumours=terminology.any_of(form.tumours, report),
        cancers=terminology.any_of(form.cancers, report),
        named=terminology.any_of(form.named, report),
        deficits=terminology.any_of(form.deficits, report),
    )
