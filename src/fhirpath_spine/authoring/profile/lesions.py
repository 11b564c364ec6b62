"""``lesions.yaml``: how lesions are built from Conditions and imaging."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from fhirpath_spine.authoring.profile.compiler import PATIENT
from fhirpath_spine.authoring.profile.shapes import LESION_RESERVED
from fhirpath_spine.authoring.profile.terminology import joined
from fhirpath_spine.authoring.source.fields import (
    AtLeastOne,
    Form,
    Ident,
    Name,
    OneOrMany,
    Sentence,
    Short,
    Text,
    ValueSets,
    Words,
    one_of,
)
from fhirpath_spine.authoring.source.nodes import Scalar
from fhirpath_spine.diagnostics import did_you_mean
from fhirpath_spine.fhirpath import ValueSet
from fhirpath_spine.pathway.lesions.table import Behaviours, Flag, LesionClass, Lesions, LesionSource

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fhirpath_spine.authoring.profile.compiler import Compiler
    from fhirpath_spine.authoring.profile.sentences import TextBuilder
    from fhirpath_spine.pathway.facts.needs import Coding, Need


class LesionSourceForm(Short):
    """Conditions that found a lesion of a class."""

    code: ValueSets
    site: ValueSets = ()
    morphology: ValueSets = ()
    """Histology that the Condition carries in its extension."""
    verification: Annotated[Scalar, *one_of("confirmed")] | None = Field(default=None, alias="verificationStatus")
    without_site: Annotated[Scalar, *one_of("drop", "keep")] | None = Field(default=None, alias="withoutSite")


class LesionNameForm(Form):
    """What a lesion is called where its code says so."""

    code: ValueSets
    called: Words


class LesionClassForm(Form):
    """One row of the class table. ``called`` is its short name in summaries, ``names`` those of some codes."""

    id: Name
    title: Words
    called: Words | None = None
    names: tuple[LesionNameForm, ...] = ()
    sources: Annotated[tuple[LesionSourceForm, ...], OneOrMany()] = Field(alias="from")
    note: Sentence | None = None


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
    unspecific: ValueSets = ()
    """Body sites that may hold a part of the spine: what lies there cannot be placed."""
    elsewhere: ValueSets = ()
    """Body sites that are known not to be the spine."""
    classes: Annotated[tuple[LesionClassForm, ...], AtLeastOne()]
    flags: dict[Ident, LesionFlagForm] = Field(default_factory=dict)
    behaviour: BehavioursForm


ABSENT = {"yes": True, "no": False}


class LesionsBuilder:
    """Compiles ``lesions.yaml`` against the shared needs."""

    def __init__(self, compiler: Compiler, texts: TextBuilder, needs: Mapping[str, Need]) -> None:
        self._compiler, self._texts, self._needs = compiler, texts, needs
        self._terminology, self._report = compiler.terminology, compiler.report

    def build(self, form: LesionsForm) -> Lesions:
        """The rules by which lesions are built."""
        imaging = self._need(form.imaging)
        self._need(form.conditions, "Condition")
        words = imaging.value.words if imaging is not None and imaging.value is not None else frozenset()
        for word in (*form.imaging_absent, *form.imaging_known):
            if imaging is not None and word not in words:
                hint = did_you_mean(word, words) or f"Its words: {', '.join(sorted(words))}."
                self._report.add("SP319", f"'{word}' is no answer of '{imaging.name}'", word.span, hint)
        for word in form.imaging_known:
            if word in form.imaging_absent:
                self._report.add("SP204", f"'{word}' says that there is none already", word.span, "Name it once.")
        condition = form.behaviour.condition
        behaviour = {
            "condition": Behaviours(self._sets(condition.benign), self._sets(condition.malignant)),
            "histology": self._histology(form.behaviour.histology),
        }
        classes = tuple(self._class(c) for c in form.classes)
        known = {c.id for c in classes}
        for number, one in enumerate(form.classes):
            if str(one.id) in {str(c.id) for c in form.classes[:number]}:
                self._report.add("SP204", f"the class '{one.id}' stands twice", one.id.span, "Join their sources.")
        levels = self._levels(form)
        order = tuple(dict.fromkeys(str(level) for level in form.levels.values()))
        return Lesions(
            classes=classes,
            conditions=str(form.conditions),
            imaging=str(form.imaging),
            imaging_absent=frozenset(map(str, form.imaging_absent)),
            imaging_known=frozenset(map(str, form.imaging_known)),
            levels=levels,
            regions={str(n): self._sets(v) for n, v in form.regions.items()},
            flags=tuple(self._flag(n, f, known, set(order)) for n, f in form.flags.items()),
            order=order,
            unspecific=self._terminology.any_of(form.unspecific, self._report),
            elsewhere=self._terminology.any_of(form.elsewhere, self._report),
            histology=str(form.behaviour.histology.need),
            behaviour=behaviour,
        )

    def _set(self, name: Scalar) -> ValueSet:
        return self._terminology.value_set(name, self._report)

    def _need(self, name: Scalar, resource: str = "Observation", also: str = "") -> Need | None:
        need = self._needs.get(name)
        if need is None:
            if name not in self._compiler.names.broken:
                self._report.add("SP321", f"no need is called '{name}'", name.span, did_you_mean(name, self._needs))
            return None
        self._compiler.used.add(need.name)
        if set(need.resources) - {also} != {resource}:
            self._report.add("SP321", f"'{name}' has to be a need of {resource} alone", name.span)
        return need

    def _class(self, form: LesionClassForm) -> LesionClass:
        sources = []
        for source in form.sources:
            if source.without_site is not None and not source.site:
                self._report.add("SP334", "withoutSite needs a site", source.without_site.span, "Add site:.")
            sources.append(
                LesionSource(
                    codes=self._sets(source.code),
                    site=self._terminology.any_of(source.site, self._report),
                    morphology=self._terminology.any_of(source.morphology, self._report),
                    confirmed=source.verification is not None,
                    drop_without_site=source.without_site == "drop",
                )
            )
        note = self._texts.build(form.note, PATIENT) if form.note is not None else None
        if note is not None and form.note is not None and any(not isinstance(p, str) for p in note.parts):
            self._report.add(
                "SP318", "the note of a class has no placeholders", form.note.span, "Say it in plain words."
            )
        names = tuple((self._sets(n.code), str(n.called)) for n in form.names)
        return LesionClass(str(form.id), str(form.title), tuple(sources), note, str(form.called or ""), names)

    def _levels(self, form: LesionsForm) -> dict[Coding, tuple[str, ...]]:
        levels: dict[Coding, tuple[str, ...]] = {}
        for name, level in form.levels.items():
            value_set = self._set(name)
            if value_set.prefixes:
                self._report.add("SP332", f"'{name}' matches by prefix, so it names no level", name.span)
            for coding in sorted(value_set.members):
                # A disc lies at two levels, and at no more.
                if len(levels.get(coding, ())) > 1:
                    said = " and ".join(levels[coding])
                    self._report.add("SP333", f"a code of '{name}' is the levels {said} already", name.span)
                levels[coding] = (*levels.get(coding, ()), str(level))
        return levels

    def _flag(self, name: Scalar, form: LesionFlagForm, classes: set[str], levels: set[str]) -> Flag:
        if name in LESION_RESERVED:
            self._report.add("SP204", f"%lesion has a member '{name}' of its own", name.span, "Rename the flag.")
        for level in form.levels:
            if level not in levels:
                self._report.add("SP321", f"no level is called '{level}'", level.span, did_you_mean(level, levels))
        for one in form.classes:
            if one not in classes:
                self._report.add("SP321", f"no class is called '{one}'", one.span, did_you_mean(one, classes))
        if not (form.levels or form.site or form.code or form.classes):
            self._report.add("SP206", f"nothing shows the flag '{name}'", name.span, "Add levels, site, code or class.")
        return Flag(
            name=str(name),
            levels=frozenset(map(str, form.levels)),
            sites=self._terminology.any_of(form.site, self._report),
            codes=self._terminology.any_of(form.code, self._report),
            classes=frozenset(map(str, form.classes)),
            absent=ABSENT.get(str(form.absent)),
        )

    def _histology(self, form: HistologyForm) -> Behaviours:
        need = self._need(form.need, also="DiagnosticReport")
        value = need.value if need is not None else None
        if value is None or value.kind != "word":
            if need is not None and (value is None or value.kind != "concept"):
                self._report.add("SP321", f"'{form.need}' has to hold words or concepts", form.need.span)
            return Behaviours(self._sets(form.benign), self._sets(form.malignant))
        sets = []
        for words in (form.benign, form.malignant):
            for word in words:
                if word not in value.words:
                    hint = did_you_mean(word, value.words) or f"Its words: {', '.join(sorted(value.words))}."
                    self._report.add("SP319", f"'{word}' is no answer of '{form.need}'", word.span, hint)
            members = {coding for coding, word in value.answers.items() if word in words}
            sets.append(ValueSet("+".join(words), members))
        return Behaviours(*sets)

    def _sets(self, names: tuple[Scalar, ...]) -> ValueSet:
        return joined([self._set(name) for name in names])
