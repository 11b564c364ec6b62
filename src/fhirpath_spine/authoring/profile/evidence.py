"""``sources.yaml``, ``claims.yaml`` and ``phrases.yaml``: loaded, and checked against the recommendations that cite them."""

from __future__ import annotations

from string import Formatter
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, RootModel

from fhirpath_spine.authoring.profile.policy import FrameworkForm
from fhirpath_spine.authoring.source.fields import Day, Form, Id, Key, Text, one_of
from fhirpath_spine.authoring.source.nodes import Scalar
from fhirpath_spine.diagnostics import did_you_mean
from fhirpath_spine.pathway.model import Claim, Source

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from fhirpath_spine.authoring.profile.pathways import PathwayForm
    from fhirpath_spine.authoring.profile.recommendations import RecommendationForm
    from fhirpath_spine.authoring.source.report import Report


class SourceForm(Form):
    """A document or framework."""

    title: Text
    publisher: Text
    date: Day
    kind: Text
    certainty: Text
    url: Text | None = None
    note: Text | None = None


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


def build_sources(form: SourcesForm) -> dict[str, Source]:
    """Documents and frameworks by id."""
    return {
        str(id_): Source(
            id=str(id_),
            title=str(s.title),
            publisher=str(s.publisher),
            date=str(s.date),
            kind=str(s.kind),
            certainty=str(s.certainty),
            url=str(s.url or ""),
            note=str(s.note or ""),
        )
        for id_, s in form.sources.items()
    }


def build_claims(form: ClaimsForm, sources: Mapping[str, Source], report: Report) -> dict[str, Claim]:
    """Claims by id; each belongs to a source."""
    for id_, claim in form.claims.items():
        if claim.source not in sources:
            hint = did_you_mean(claim.source, sources) or f"Known: {', '.join(sources)}."
            report.add("SP308", f"the source '{claim.source}' of claim {id_} does not exist", claim.source.span, hint)
    return {str(i): Claim(str(i), str(c.source), str(c.use), str(c.strength or "")) for i, c in form.claims.items()}


def build_phrases(form: PhrasesForm, report: Report) -> dict[str, str]:
    """Sentences by key; their placeholders are plain names."""
    for key, sentence in form.root.items():
        try:
            fields = [name for _, name, _, _ in Formatter().parse(sentence) if name is not None]
            broken = [f for f in fields if not f.replace("-", "_").isidentifier()]
        except ValueError:
            report.add(
                "SP318", f"the braces of '{key}' do not match", sentence.span, "Write {{ and }} for plain braces."
            )
            continue
        for name in broken:
            report.add("SP318", f"'{{{name}}}' is no placeholder", sentence.span, "Use a plain name: {item}.")
    return {str(key): str(sentence) for key, sentence in form.root.items()}


def check_citations(owned: Iterable[RecommendationForm], claims: Mapping[str, Claim], report: Report) -> None:
    """Every recommendation cites claims, and every claim exists."""
    for form in owned:
        if not form.claims:
            hint = "Add claims: with ids of claims.yaml."
            report.add("SP307", f"{form.id} cites no claim", form.id.span, hint)
        seen: set[str] = set()
        for claim in form.claims:
            if claim.id not in claims:
                report.add(
                    "SP308", f"the claim {claim.id} does not exist", claim.id.span, did_you_mean(claim.id, claims)
                )
            if str(claim.id) in seen:
                report.add(
                    "SP204", f"the claim {claim.id} is cited twice", claim.id.span, "Join the conditions with or."
                )
            seen.add(str(claim.id))


def check_sources(
    pathway: PathwayForm,
    modules: Mapping[str, Mapping[str, RecommendationForm]],
    claims: Mapping[str, Claim],
    sources: Mapping[str, Source],
    report: Report,
) -> None:
    """A pathway names every source that its recommendations cite, those of modules too."""
    for id_ in pathway.evidence:
        if id_ not in sources:
            hint = did_you_mean(id_, sources) or f"Known: {', '.join(sources)}."
            report.add("SP308", f"the source '{id_}' does not exist", id_.span, hint)
    named = {str(i) for i in pathway.evidence}
    for form in pathway.recommendations:
        for ref in form.claims:
            claim = claims.get(ref.id)
            if claim is not None and claim.source in sources and claim.source not in named:
                message = f"{ref.id} is a claim of {claim.source}, which {pathway.id} does not name as evidence"
                report.add("SP309", message, ref.id.span, f"Add {claim.source} to evidence:.")
    for module, entries in pathway.use.items():
        forms = modules.get(module, {})
        for entry in entries:
            used = forms.get(entry.id)
            cited = {claims[c.id].source for c in used.claims if c.id in claims} if used is not None else set()
            if missing := sorted((cited & set(sources)) - named):
                message = f"{entry.id} cites {', '.join(missing)}, which {pathway.id} does not name as evidence"
                report.add("SP309", message, entry.id.span, f"Add {', '.join(missing)} to evidence:.")
