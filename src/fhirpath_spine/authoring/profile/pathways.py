"""``<folder>/pathway.yaml`` and ``modules/*.yaml``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from fhirpath_spine.authoring.profile.compiler import ENTRY, SCOPE
from fhirpath_spine.authoring.profile.definitions import DefinitionForm
from fhirpath_spine.authoring.profile.limits import Limits
from fhirpath_spine.authoring.profile.needs import NeedForm
from fhirpath_spine.authoring.profile.recommendations import (
    Criteria,
    Lines,
    RecommendationBuilder,
    RecommendationForm,
    Setting,
    UseForm,
)
from fhirpath_spine.authoring.source.fields import (
    AtLeastOne,
    Expr,
    Flag,
    Form,
    Id,
    Name,
    PathwayId,
    Short,
    Single,
    Version,
    Words,
    one_of,
)
from fhirpath_spine.authoring.source.nodes import Scalar
from fhirpath_spine.diagnostics import did_you_mean
from fhirpath_spine.pathway.model import Pathway, Recommendation, State, Use

if TYPE_CHECKING:
    from collections.abc import Callable

    from fhirpath_spine.authoring.profile.compiler import Compiler
    from fhirpath_spine.authoring.source.report import Report
STATES = (
    "PALLIATE",
    "RECUR",
    "SURVEIL",
    "TREATING",
    "OBSERVING",
    "REASSESS",
    "TREAT_PLAN",
    "CLASSIFY",
    "WORKUP",
    "SUSPICION",
    "EMERGENCY",
)
"""Names of states; NOT_APPLICABLE is what an entry without any is called, so no pathway declares it."""


class LesionScopeForm(Short):
    """Whether a pathway is judged once per lesion or once per patient."""

    per: Annotated[Scalar, *one_of("lesion", "none")]
    fallback: Flag = False


class PathwayForm(Form):
    """``pathway.yaml``."""

    spine: Annotated[Scalar, *one_of("1")]
    id: PathwayId
    version: Version
    title: Words
    status: Annotated[Scalar, *one_of("draft", "active", "retired")]
    evidence: tuple[Id, ...]
    lesion: LesionScopeForm
    limits: Limits = Field(default_factory=dict)
    needs: dict[Name, NeedForm] = Field(default_factory=dict)
    define: dict[Name, DefinitionForm] = Field(default_factory=dict)
    applies: Criteria = ()
    without_lesion: Criteria = Field(default=(), alias="withoutLesion")
    states: Annotated[
        tuple[Annotated[dict[Annotated[Scalar, *one_of(*STATES, code="SP315")], Expr], Single], ...],
        AtLeastOne(),
    ]
    notes: Lines = ()
    use: dict[Name, tuple[UseForm, ...]] = Field(default_factory=dict)
    recommendations: tuple[RecommendationForm, ...] = ()


class ModuleForm(Form):
    """``modules/*.yaml``."""

    module: Name
    title: Words
    recommendations: tuple[RecommendationForm, ...]


@dataclass(slots=True)
class Catalogue:
    """Every recommendation of the set: its form, the file it stands in, and the module or pathway that owns it."""

    forms: dict[str, RecommendationForm] = field(default_factory=dict)
    modules: dict[str, tuple[str, ModuleForm]] = field(default_factory=dict)
    broken: bool = False
    """A file of the set could not be read, so that a name that is not found may stand there."""
    selected: set[str] = field(default_factory=set)
    """The tags by which something selects."""

    def add(self, form: RecommendationForm, report: Report) -> None:
        """Register a recommendation; an id is used once in the whole set."""
        first = self.forms.setdefault(str(form.id), form)
        if first is not form:
            where = f"first in {first.id.span}"
            report.add(
                "SP311",
                f"the recommendation {form.id} is declared twice ({where})",
                form.id.span,
                "Ids are never reused.",
            )


class PathwayBuilder:
    """Compiles pathways; a module's entry is compiled once for pathways per lesion and once for those per patient."""

    def __init__(
        self,
        compiler: Compiler,
        recommendations: RecommendationBuilder,
        catalogue: Catalogue,
        paragraphs: Callable[[str, Scalar], list[Scalar]],
    ) -> None:
        self._compiler, self._build, self._catalogue = compiler, recommendations, catalogue
        self._paragraphs, self._report = paragraphs, compiler.report
        self._entries: dict[tuple[str, bool], Recommendation] = {}

    def build(self, folder: str, form: PathwayForm, *, is_gate: bool) -> Pathway:
        """The pathway of a folder; its digest is set when the whole set is known."""
        per_lesion = form.lesion.per == "lesion"
        setting = Setting(str(form.id), per_lesion)
        hidden = () if per_lesion else ("lesion",)
        scope, entry = SCOPE.without(*hidden), ENTRY.without(*hidden)
        self._check(form, per_lesion=per_lesion, is_gate=is_gate)
        own = tuple(
            Use(self._build.build(r, setting, lambda name: self._paragraphs(folder, name)))
            for r in form.recommendations
        )
        states: list[State] = []
        final: Scalar | None = None
        for stated in form.states:
            for name, test in stated.items():
                if final is not None:
                    hint = f"'{final}' always holds; move this before it."
                    self._report.add("SP316", f"the state {name} is never reached", name.span, hint)
                if str(name) in {s.name for s in states}:
                    self._report.add("SP204", f"the state {name} stands twice", name.span, "Join the two with or.")
                final = final or (name if test.strip() == "true" else None)
                states.append(State(str(name), self._compiler.test(test, scope, setting.pathway)))
        return Pathway(
            id=str(form.id),
            version=str(form.version),
            title=str(form.title),
            folder=folder,
            status=str(form.status),
            digest="",
            applies=self._build.criteria(form.applies, scope, setting.pathway),
            states=tuple(states),
            uses=(*own, *self._used(form, setting)),
            notes=self._build.lines(form.notes, entry, setting.pathway),
            per_lesion=per_lesion,
            without_lesion=self._build.criteria(form.without_lesion, scope.without("lesion"), setting.pathway),
            fallback=form.lesion.fallback,
        )

    def _check(self, form: PathwayForm, *, per_lesion: bool, is_gate: bool) -> None:
        if not form.applies and not form.lesion.fallback and not is_gate:
            self._report.add("SP206", f"{form.id} does not say when it applies", form.id.span, "Add applies:.")
        if not per_lesion and form.without_lesion:
            name = next(iter(form.without_lesion[0]))
            self._report.add("SP337", "a pathway without lesions has no withoutLesion", name.span, "Use applies:.")
        if not per_lesion and form.lesion.fallback:
            self._report.add("SP337", "only a pathway per lesion can be the fallback", form.lesion.per.span)

    def _used(self, form: PathwayForm, setting: Setting) -> tuple[Use, ...]:
        uses: dict[str, Use] = {}
        place = ENTRY if setting.per_lesion else ENTRY.without("lesion")
        for module, entries in form.use.items():
            found = self._catalogue.modules.get(module)
            if found is None:
                if not self._catalogue.broken:
                    hint = (
                        did_you_mean(module, self._catalogue.modules) or f"Known: {', '.join(self._catalogue.modules)}."
                    )
                    self._report.add("SP312", f"no module is called '{module}'", module.span, hint)
                continue
            file, module_form = found
            own = {str(r.id): r for r in module_form.recommendations}
            for entry in entries:
                if entry.id not in own:
                    hint = did_you_mean(entry.id, own) or f"It holds {', '.join(own)}."
                    self._report.add("SP312", f"the module '{module}' has no {entry.id}", entry.id.span, hint)
                    continue
                if entry.id in uses:
                    self._report.add(
                        "SP204", f"{entry.id} is used twice", entry.id.span, "Join the conditions with or."
                    )
                when = self._compiler.test(entry.when, place, setting.pathway) if entry.when is not None else None
                uses[str(entry.id)] = Use(self._entry(own[entry.id], file, setting.per_lesion), when)
        return tuple(uses.values())

    def _entry(self, form: RecommendationForm, file: str, per_lesion: bool) -> Recommendation:
        key = (str(form.id), per_lesion)
        found = self._entries.get(key)
        if found is None:
            folder = file.rpartition("/")[0]
            setting = Setting("", per_lesion)
            found = self._build.build(form, setting, lambda name: self._paragraphs(folder, name))
            self._entries[key] = found
        return found

    def complete(self) -> None:
        """Compile what no pathway uses too, so that an error in it does not wait for its first user."""
        compiled = {id_ for id_, _ in self._entries}
        for file, module in self._catalogue.modules.values():
            for form in module.recommendations:
                if str(form.id) not in compiled:
                    self._entry(form, file, per_lesion=True)
