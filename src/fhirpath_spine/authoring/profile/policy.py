"""``policy.yaml``, what stands above the pathways: selectors resolved to ids, tests and texts compiled."""

from __future__ import annotations

from fnmatch import fnmatchcase
from itertools import chain
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from fhirpath_spine.authoring.profile.compiler import PATIENT, RECOMMENDATION
from fhirpath_spine.authoring.profile.recommendations import INDICATORS, KINDS, Lines, UnknownRule
from fhirpath_spine.authoring.source.fields import (
    AtLeastOne,
    Day,
    Days,
    Expr,
    Flag,
    Form,
    Id,
    OneOrMany,
    PathwayId,
    Sentence,
    Short,
    Text,
    Whole,
    Words,
    one_of,
)
from fhirpath_spine.authoring.source.nodes import Scalar
from fhirpath_spine.diagnostics import did_you_mean
from fhirpath_spine.pathway.model import (
    HOOKS,
    Budget,
    Exclusion,
    Framework,
    FrameworkLine,
    Gate,
    Goal,
    Hold,
    Holds,
    Hook,
    Indicator,
    Line,
    Notice,
    NoticeLine,
    Policy,
    Selector,
    Shown,
    Unknown,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from fhirpath_spine.authoring.profile.compiler import Compiler
    from fhirpath_spine.authoring.profile.pathways import Catalogue, PathwayForm
    from fhirpath_spine.authoring.profile.recommendations import RecommendationBuilder
    from fhirpath_spine.authoring.profile.sentences import TextBuilder


class FrameworkLineForm(Form):
    """A fact of a framework: on which recommendations it stands, how well it was verified, and when it is said."""

    on: Selectors
    grade: Annotated[Scalar, *one_of("A", "B", "C")]
    text: Sentence
    when: Expr | None = None
    quotes: Text | None = None


class FrameworkForm(Form):
    """A published framework beside the documents. ``always``: a safety text that no site can switch off."""

    title: Text
    publisher: Text
    date: Day
    jurisdiction: Text
    always: Flag = False
    lines: Annotated[tuple[FrameworkLineForm, ...], AtLeastOne()]


class SelectorForm(Short):
    """Picks recommendations by id, glob, kind or tag, and when."""

    ids: Annotated[tuple[Text, ...], OneOrMany()]
    when: Expr | None = None


Selectors = Annotated[tuple[SelectorForm, ...], OneOrMany()]


class GateForm(Form):
    """The emergency gate."""

    pathway: PathwayId
    open: Expr
    acknowledged: Expr
    visible: Selectors
    attached: Selectors
    hidden: Sentence
    unread: Sentence
    acknowledged_line: Sentence = Field(alias="acknowledged-line")
    scope_stop: Sentence = Field(alias="scope-stop")


class HoldForm(Form):
    """A safety hold."""

    id: Id
    test: Expr
    unknown: UnknownRule | None = None
    hide: Selectors = ()
    block: Selectors = ()
    ask: Selectors = ()
    caution: Selectors = ()
    spared: Annotated[tuple[Text, ...], OneOrMany()] = Field(default=(), alias="except")
    say: Sentence | None = None
    headline: Words | None = None
    head: Lines = ()


class GoalForm(Form):
    """A goal of care that hides recommendations."""

    id: Id
    test: Expr
    hide: Selectors
    spared: Annotated[tuple[Text, ...], OneOrMany()] = Field(default=(), alias="except")
    say: Sentence
    unread: Sentence


class ExclusionForm(Form):
    """Recommendations that exclude each other."""

    id: Id
    test: Expr
    hide: Selectors
    say: Sentence


class NoticeLineForm(Form):
    """One reason for a notice. ``holds`` says for which answer to the test: met (the default), unread or rejected."""

    name: Id
    test: Expr
    holds: Annotated[Scalar, *one_of("met", "unread", "rejected")] | None = None
    headline: Sentence
    say: Lines = ()


class NoticeForm(Form):
    """A card that belongs to no pathway and names a doubt."""

    id: Id
    title: Words
    topic: Id
    indicator: Annotated[Scalar, *one_of("info", "warning")]
    first: Flag = False
    unless: Expr | None = None
    lines: Annotated[tuple[NoticeLineForm, ...], AtLeastOne()]


class ShownForm(Short):
    """Recommendations that a hook shows, by id, glob or kind, and the indicator that they have there."""

    ids: Annotated[tuple[Text, ...], OneOrMany()]
    indicator: Annotated[Scalar, *one_of(*INDICATORS)] | None = None


class HookForm(Form):
    """What one hook of CDS Hooks shows."""

    hook: Annotated[Scalar, *one_of(*HOOKS)]
    shows: Annotated[tuple[ShownForm, ...], OneOrMany(), AtLeastOne()]
    notices: Annotated[tuple[Id, ...], OneOrMany()] = ()


class BudgetForm(Form):
    """How many cards of pathways one response may carry."""

    cards: Whole


class PolicyForm(Form):
    """``policy.yaml``."""

    order: tuple[PathwayId, ...]
    gate: GateForm | None = None
    holds: tuple[HoldForm, ...] = ()
    goals: tuple[GoalForm, ...] = ()
    exclusions: tuple[ExclusionForm, ...] = ()
    notices: tuple[NoticeForm, ...] = ()
    hooks: tuple[HookForm, ...] = ()
    conflict_gap: Days = Field(alias="conflict-gap")
    budget: BudgetForm
    lead: tuple[Annotated[Scalar, *one_of(*KINDS)], ...] = ()
    then: tuple[Annotated[Scalar, *one_of(*KINDS)], ...] = ()


class PolicyBuilder:
    """Compiles ``policy.yaml``. Its tests are asked of the patient, but for exclusions and conditions of selectors."""

    def __init__(
        self, compiler: Compiler, texts: TextBuilder, recommendations: RecommendationBuilder, catalogue: Catalogue
    ) -> None:
        self._compiler, self._texts, self._lines = compiler, texts, recommendations
        self._catalogue, self._report = catalogue, compiler.report
        self._kinds = {id_: str(form.kind) for id_, form in catalogue.forms.items()}

    def build(self, form: PolicyForm, pathways: Mapping[str, PathwayForm]) -> Policy:
        """The policy over these pathways."""
        self._order(form.order, pathways)
        seen: set[str] = set()
        groups = ((p.id for p in part) for part in (form.holds, form.goals, form.exclusions, form.notices))
        for id_ in (*chain.from_iterable(groups), *(h.hook for h in form.hooks)):
            if str(id_) in seen:
                self._report.add("SP204", f"the id '{id_}' stands twice", id_.span, "Rename one of them.")
            seen.add(str(id_))
        return Policy(
            order=tuple(map(str, form.order)),
            gate=self._gate(form.gate, pathways) if form.gate is not None else None,
            holds=tuple(self._hold(h) for h in form.holds),
            goals=tuple(
                Goal(
                    str(g.id),
                    self._compiler.test(g.test, PATIENT),
                    self.selectors(g.hide, self.named(g.spared)),
                    self._texts.build(g.say, PATIENT),
                    self._texts.build(g.unread, PATIENT),
                )
                for g in form.goals
            ),
            exclusions=tuple(
                Exclusion(
                    str(e.id),
                    self._compiler.test(e.test, RECOMMENDATION),
                    self.selectors(e.hide),
                    self._texts.build(e.say, RECOMMENDATION),
                )
                for e in form.exclusions
            ),
            notices=tuple(self._notice(n) for n in form.notices),
            conflict_days=form.conflict_gap,
            budget=Budget(form.budget.cards),
            lead=tuple(map(str, form.lead)),
            then=tuple(map(str, form.then)),
            hooks=tuple(self._hook(h, form.notices) for h in form.hooks) or (Hook(HOOKS[0]),),
        )

    def frameworks(self, forms: Mapping[Scalar, FrameworkForm]) -> tuple[Framework, ...]:
        """The frameworks with their facts; each stands on recommendations that exist."""
        return tuple(
            Framework(
                id=str(id_),
                title=str(form.title),
                publisher=str(form.publisher),
                date=str(form.date),
                jurisdiction=str(form.jurisdiction),
                always=form.always,
                lines=tuple(
                    FrameworkLine(
                        on=self.selectors(fact.on),
                        grade=str(fact.grade),
                        line=Line(
                            self._texts.build(fact.text, RECOMMENDATION),
                            self._compiler.test(fact.when, RECOMMENDATION) if fact.when is not None else None,
                        ),
                    )
                    for fact in form.lines
                ),
            )
            for id_, form in forms.items()
        )

    def _order(self, order: tuple[Scalar, ...], pathways: Mapping[str, PathwayForm]) -> None:
        """A place may be kept for a pathway that this release does not hold; one that it holds needs a place."""
        seen: set[str] = set()
        for id_ in order:
            if str(id_) in seen:
                self._report.add("SP204", f"{id_} stands twice", id_.span, "Keep one of them.")
            seen.add(str(id_))
        for name, form in pathways.items():
            if name not in seen:
                hint = "Add it to order: in policy.yaml."
                self._report.add("SP321", f"the order of pathways does not name {name}", form.id.span, hint)

    def _gate(self, form: GateForm, pathways: Mapping[str, PathwayForm]) -> Gate:
        if form.pathway not in pathways and not self._catalogue.broken:
            hint = did_you_mean(form.pathway, pathways)
            self._report.add("SP321", f"no pathway is called {form.pathway}", form.pathway.span, hint)
        return Gate(
            pathway=str(form.pathway),
            open=self._compiler.test(form.open, PATIENT),
            acknowledged=self._compiler.test(form.acknowledged, PATIENT),
            visible=self.selectors(form.visible),
            attached=self.selectors(form.attached),
            hidden=self._texts.build(form.hidden, PATIENT),
            unread=self._texts.build(form.unread, PATIENT),
            acknowledged_line=self._texts.build(form.acknowledged_line, PATIENT),
            scope_stop=self._texts.build(form.scope_stop, PATIENT),
        )

    def _hold(self, form: HoldForm) -> Hold:
        if not (form.hide or form.block or form.ask or form.caution or form.head):
            self._report.add(
                "SP206", f"the hold {form.id} does nothing", form.id.span, "Add hide, block, ask or caution."
            )
        spared = self.named(form.spared)
        return Hold(
            id=str(form.id),
            test=self._compiler.test(form.test, PATIENT),
            hide=self.selectors(form.hide, spared),
            block=self.selectors(form.block, spared),
            ask=self.selectors(form.ask, spared),
            caution=self.selectors(form.caution, spared),
            unknown=Unknown(str(form.unknown)) if form.unknown else Unknown.DEFAULT,
            say=self._texts.build(form.say, PATIENT) if form.say else None,
            headline=str(form.headline or ""),
            head=self._lines.lines(form.head, PATIENT),
        )

    def _notice(self, form: NoticeForm) -> Notice:
        return Notice(
            id=str(form.id),
            title=str(form.title),
            topic=str(form.topic),
            indicator=Indicator(str(form.indicator)),
            first=form.first,
            unless=self._compiler.test(form.unless, PATIENT) if form.unless is not None else None,
            lines=tuple(
                NoticeLine(
                    name=str(line.name),
                    test=self._compiler.test(line.test, PATIENT),
                    holds=Holds(str(line.holds)) if line.holds is not None else Holds.MET,
                    headline=self._texts.build(line.headline, PATIENT),
                    say=self._lines.lines(line.say, PATIENT),
                )
                for line in form.lines
            ),
        )

    def _hook(self, form: HookForm, notices: Iterable[NoticeForm]) -> Hook:
        known = [str(n.id) for n in notices]
        for name in form.notices:
            if name not in known:
                self._report.add("SP353", f"no notice is called '{name}'", name.span, did_you_mean(name, known))
        shows = tuple(
            Shown(self.named(one.ids), Indicator(str(one.indicator)) if one.indicator is not None else None)
            for one in form.shows
        )
        whole = any("*" in one.ids and one.indicator is None for one in form.shows)
        return Hook(str(form.hook), whole, shows, frozenset(map(str, form.notices)))

    def named(self, words: Iterable[Scalar]) -> frozenset[str]:
        """The recommendations that words select."""
        return frozenset(id_ for word in words for id_ in self._selected(word))

    def selectors(self, forms: Iterable[SelectorForm], spared: frozenset[str] = frozenset()) -> tuple[Selector, ...]:
        """Selectors with their ids, but for those that are spared; those without a condition are joined into one."""
        always: set[str] = set()
        built: list[Selector] = []
        for form in forms:
            ids = self.named(form.ids) - spared
            if form.when is None:
                always |= ids
            else:
                built.append(Selector(frozenset(ids), self._compiler.test(form.when, RECOMMENDATION)))
        return (Selector(frozenset(always)), *built) if always else tuple(built)

    def _selected(self, word: Scalar) -> set[str]:
        kind, tag = word.removeprefix("kind:"), word.removeprefix("tag:")
        if tag != word:
            self._catalogue.selected.add(tag)
            tags = {id_: frozenset(map(str, form.tags)) for id_, form in self._catalogue.forms.items()}
            selected, known = (
                {id_ for id_, mine in tags.items() if tag in mine},
                sorted(frozenset().union(*tags.values())),
            )
            kind = tag
        elif kind != word:
            selected, known = {id_ for id_, k in self._kinds.items() if k == kind}, list(KINDS)
        else:
            selected, known = {id_ for id_ in self._kinds if fnmatchcase(id_, word)}, list(self._kinds)
        # A hold protects the recommendations of a kind before there are any.
        reserved = tag == word and kind != word and kind in KINDS
        if not selected and not reserved and not self._catalogue.broken:
            hint = did_you_mean(kind, known)
            self._report.add("SP320", f"'{word}' selects no recommendation", word.span, hint)
        return selected
