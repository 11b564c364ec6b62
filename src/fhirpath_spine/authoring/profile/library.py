"""A profile set as one library: everything compiled, checked and digested, or nothing."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from fhirpath_spine.authoring.profile import shapes
from fhirpath_spine.authoring.profile.compiler import Compiler, Names
from fhirpath_spine.authoring.profile.definitions import DefinitionBuilder
from fhirpath_spine.authoring.profile.evidence import (
    build_claims,
    build_phrases,
    build_sources,
    check_citations,
    check_sources,
)
from fhirpath_spine.authoring.profile.incoming import build_printed, build_signs
from fhirpath_spine.authoring.profile.lesions import LesionsBuilder
from fhirpath_spine.authoring.profile.limits import build_limits, told
from fhirpath_spine.authoring.profile.needs import NeedBuilder
from fhirpath_spine.authoring.profile.pathways import PathwayBuilder
from fhirpath_spine.authoring.profile.policy import PolicyBuilder
from fhirpath_spine.authoring.profile.recognition import build_recognition
from fhirpath_spine.authoring.profile.recommendations import RecommendationBuilder
from fhirpath_spine.authoring.profile.sentences import TextBuilder
from fhirpath_spine.authoring.profile.words import build_words
from fhirpath_spine.fhirpath import Shape
from fhirpath_spine.fhirpath.values.shapes import STRING
from fhirpath_spine.pathway.model import Library

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fhirpath_spine.authoring.profile.definitions import DataForm, DefinitionForm
    from fhirpath_spine.authoring.profile.files import Files, Shared
    from fhirpath_spine.authoring.profile.needs import NeedForm
    from fhirpath_spine.authoring.source.nodes import Scalar
    from fhirpath_spine.fhirpath import Expression
    from fhirpath_spine.pathway.facts.needs import Need
    from fhirpath_spine.pathway.lesions.table import Lesions
    from fhirpath_spine.pathway.model import Finding, Limit, Pathway, RankedFact
RESERVED = {
    "lesion": "facts about this lesion",
    "lesions": "tumours and lesions of the spine",
    "patient": "patient",
    "site": "site settings",
    "state": "state of this pathway",
    "pathway": "pathway",
    "chart": "chart",
    "advised": "recommendations made so far",
    "open": "kinds of options shown so far",
    "conflicts": "contradicting statements",
    "limit": "limit",
}
"""Names that expressions can read without a declaration, and how a card calls them."""


@dataclass(slots=True)
class Draft:
    """The library while it grows, with the forms that lint still needs."""

    files: Files
    shared: Shared
    compiler: Compiler
    needs: dict[str, Need] = field(default_factory=dict)
    need_forms: dict[str, tuple[Scalar, NeedForm]] = field(default_factory=dict)
    definitions: dict[str, Expression] = field(default_factory=dict)
    definition_forms: dict[str, tuple[Scalar, DefinitionForm]] = field(default_factory=dict)
    findings: dict[str, Finding] = field(default_factory=dict)
    ranked: dict[str, RankedFact] = field(default_factory=dict)
    lesions: Lesions | None = None
    units: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """How UCUM units are printed elsewhere."""
    library: Library | None = None


def build(files: Files, shared: Shared) -> Draft:
    """Builds the whole set. The report says what is wrong; with an error in it the library must not be used."""
    data, terminology, report = shared.data, files.terminology, files.report
    names = Names(_circumstances(data, shared))
    draft = Draft(files, shared, Compiler(names, terminology, report), units=build_printed(shared.incoming, report))
    _declare_limits(draft)
    _declare_needs(draft, data.needs)
    for form in files.pathways.values():
        _declare_needs(draft, form.needs, str(form.id))
    _condition_shape(draft)
    definitions = DefinitionBuilder(draft.compiler, draft.needs)
    if data.findings is not None:
        for name, finding in data.findings.kinds.items():
            if _is_free(draft, name):
                draft.findings[str(name)] = definitions.finding(name, finding, data.findings)
    for name, ranked in data.ranked.items():
        if _is_free(draft, name):
            draft.ranked[str(name)] = definitions.ranked(name, ranked)
    _define(draft, definitions, data.define)
    for form in files.pathways.values():
        _define(draft, definitions, form.define, str(form.id))
    # From here on what is read is read by something that acts; definitions are followed from there.
    draft.compiler.used.clear()
    draft.library = _assemble(draft)
    return draft


def _circumstances(data: DataForm, shared: Shared) -> dict[str, Shape]:
    flags = [str(f) for f in shared.lesions.flags]
    lesion, lesions = shapes.lesion_shapes(flags, Shape("Condition", many=True))
    return {
        "lesion": lesion,
        "lesions": lesions,
        "patient": shapes.PATIENT,
        "site": shapes.site_shape(str(f) for f in data.flags),
        "state": shapes.one(STRING),
        "pathway": shapes.one(STRING, known=True),
        "chart": shapes.CHART,
        "advised": Shape(STRING, many=True),
        "open": Shape(STRING, many=True),
        "conflicts": Shape(STRING, many=True),
    }


def _condition_shape(draft: Draft) -> None:
    """The Conditions of a lesion are items of the need that finds them."""
    need = draft.needs.get(str(draft.shared.lesions.conditions))
    if need is not None:
        flags = [str(f) for f in draft.shared.lesions.flags]
        items = replace(shapes.item_shape(need), many=True)
        circumstances = draft.compiler.names.circumstances
        circumstances["lesion"], circumstances["lesions"] = shapes.lesion_shapes(flags, items)


def _is_free(draft: Draft, name: Scalar) -> bool:
    """Whether no other declaration has the name; if one has, that is reported."""
    taken: Mapping[str, object] = {**draft.needs, **draft.findings, **draft.ranked, **draft.definition_forms}
    what = ""
    if name in RESERVED:
        what = f"'{name}' means the {RESERVED[name]}"
    elif name in taken:
        what = f"the name '{name}' is taken"
    if what:
        draft.files.report.add("SP302", what, name.span, "Names are unique in the whole set; choose another.")
    return not what


def _declare_limits(draft: Draft) -> None:
    """Limits come first, since needs, definitions and sentences name them; a name stands once in the whole set."""
    files, compiler, taken = draft.files, draft.compiler, set[str]()
    groups = {"": draft.shared.data.limits, **{str(form.id): form.limits for form in files.pathways.values()}}
    sources = [str(id_) for id_ in (*draft.shared.sources.sources, *draft.shared.sources.frameworks)]
    for pathway, forms in groups.items():
        for name in forms:
            if name in taken:
                files.report.add("SP302", f"the limit '{name}' is declared twice", name.span, "Give one another name.")
            taken.add(str(name))
        compiler.limits[pathway] = build_limits(forms, sources, files.report, pathway)


def _declare_needs(draft: Draft, forms: Mapping[Scalar, NeedForm], pathway: str = "") -> None:
    builder = NeedBuilder(
        draft.files.terminology,
        draft.files.report,
        draft.units,
        draft.shared.lesions.elsewhere,
        draft.compiler.limits_of(pathway),
    )
    for name, form in forms.items():
        is_patient = name == "patient" and tuple(form.resources) == ("Patient",)
        if not is_patient and not _is_free(draft, name):
            continue
        if form.of is not None and not form.resources:
            draft.compiler.names.broken.add(str(name))  # a view of nothing, which was told already
            continue
        need = builder.build(name, form)
        if not need.resources:
            draft.compiler.names.broken.add(need.name)
            continue
        draft.needs[need.name] = need
        draft.need_forms[need.name] = (name, form)
        draft.compiler.names.add(need.name, shapes.need_shape(need), pathway)


def _define(
    draft: Draft, builder: DefinitionBuilder, forms: Mapping[Scalar, DefinitionForm], pathway: str = ""
) -> None:
    free = {name: form for name, form in forms.items() if _is_free(draft, name)}
    draft.definition_forms |= {str(name): (name, form) for name, form in free.items()}
    draft.definitions |= builder.definitions(free, pathway)


def _assemble(draft: Draft) -> Library:
    files, shared, compiler, report = draft.files, draft.shared, draft.compiler, draft.files.report
    texts = TextBuilder(compiler, draft.needs)
    recommendations = RecommendationBuilder(compiler, texts, draft.needs, files.terminology.value_sets)
    draft.lesions = LesionsBuilder(compiler, texts, draft.needs).build(shared.lesions)
    by_id = {str(form.id): form for form in files.pathways.values()}
    sources = build_sources(shared.sources)
    claims = build_claims(shared.claims, sources, report)
    builder = PathwayBuilder(compiler, recommendations, files.catalogue, files.paragraphs)
    gates = {str(shared.policy.gate.pathway)} if shared.policy.gate is not None else set()
    # Where the gate's name is wrong, any pathway may be the one that was meant.
    gates = gates if gates <= set(by_id) else set(by_id)
    pathways = [builder.build(f, form, is_gate=str(form.id) in gates) for f, form in files.pathways.items()]
    builder.complete()
    policies = PolicyBuilder(compiler, texts, recommendations, files.catalogue)
    policy = policies.build(shared.policy, by_id)
    check_citations(files.catalogue.forms.values(), claims, report)
    modules = {n: {str(r.id): r for r in m.recommendations} for n, (_, m) in files.catalogue.modules.items()}
    for form in files.pathways.values():
        check_sources(form, modules, claims, sources, report)
    return Library(
        digest="",
        pathways=tuple(sorted(pathways, key=lambda p: _rank(policy.order, p))),
        policy=policy,
        lesions=draft.lesions,
        needs=draft.needs,
        definitions=draft.definitions,
        findings=draft.findings,
        ranked=draft.ranked,
        labels=_labels(draft),
        phrases=build_phrases(shared.phrases, report),
        sources=sources,
        claims=claims,
        value_sets=files.terminology.value_sets,
        limits=_limits(draft),
        flags=tuple(str(f) for f in shared.data.flags),
        frameworks=policies.frameworks(shared.sources.frameworks),
        words=build_words(shared.words, report),
        recognition=build_recognition(shared.data.recognition, files.terminology, report),
        spelling=files.terminology.spelling,
        signs=build_signs(shared.incoming),
    )


def _rank(order: tuple[str, ...], pathway: Pathway) -> int:
    return order.index(pathway.id) if pathway.id in order else len(order)


def _limits(draft: Draft) -> dict[str, Limit]:
    """All limits, each with what it is the window of."""
    data = draft.shared.data
    named = [(name, form.within) for name, (_, form) in draft.need_forms.items()]
    named += [(str(name), form.gap) for name, form in data.ranked.items()]
    if data.findings is not None:
        named += [(str(k), window) for k in data.findings.kinds for window in (data.findings.new, data.findings.open)]
    return {
        id_: replace(limit, windows=frozenset(name for name, window in named if window == f"limit.{id_}"))
        for limits in draft.compiler.limits.values()
        for id_, limit in limits.items()
    }


def _labels(draft: Draft) -> dict[str, str]:
    labels = dict(RESERVED)
    labels |= {name: need.label for name, need in draft.needs.items()}
    labels |= {name: finding.label for name, finding in draft.findings.items()}
    labels |= {name: fact.label for name, fact in draft.ranked.items()}
    own = {str(name): str(form.id) for form in draft.files.pathways.values() for name in form.define}
    for name, (_, form) in draft.definition_forms.items():
        known = draft.compiler.limits_of(own.get(name, ""))
        labels[name] = told(form.label, known, draft.files.report) if form.label else name.replace("-", " ")
    return labels | {f"site.{flag}": str(form.label) for flag, form in draft.shared.data.flags.items()}
