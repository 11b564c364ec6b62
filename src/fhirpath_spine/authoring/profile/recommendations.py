"""Recommendations, with the criteria, lines and references that several files share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from fhirpath_spine.authoring.profile.compiler import RECOMMENDATION, Place
from fhirpath_spine.authoring.source.fields import (
    Bare,
    Expr,
    Form,
    Id,
    Name,
    OneOrMany,
    Path,
    RecommendationId,
    Sentence,
    Short,
    Single,
    Text,
    Words,
    one_of,
)
from fhirpath_spine.authoring.source.nodes import Scalar
from fhirpath_spine.diagnostics import did_you_mean
from fhirpath_spine.pathway.facts.orders import PRIORITIES
from fhirpath_spine.pathway.facts.reading import MEDICATIONS
from fhirpath_spine.pathway.model import (
    ACTIVITY_KINDS,
    Activity,
    ClaimRef,
    Criterion,
    Indicator,
    Line,
    OnOrder,
    Recommendation,
    Unknown,
)
from fhirpath_spine.pathway.sentences import DATE, NUMBER, SUMMARY, WORDS, longest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from fhirpath_spine.authoring.profile.compiler import Compiler
    from fhirpath_spine.authoring.profile.sentences import TextBuilder
    from fhirpath_spine.fhirpath import Expression, ValueSet
    from fhirpath_spine.pathway.facts.needs import Need
    from fhirpath_spine.pathway.sentences import Text as Filled
KINDS = (
    "surgery",
    "radiotherapy",
    "systemic",
    "combination",
    "observation",
    "palliative",
    "imaging",
    "biopsy",
    "referral",
    "medication",
    "rehabilitation",
    "advice",
    "record",
)
"""What a recommendation can be."""
INDICATORS = tuple(indicator.value for indicator in Indicator)
UnknownRule = Annotated[Scalar, *one_of("ask", "caution", "hide", "met")]


class CriterionForm(Short):
    """A three-valued question: an expression, or one with what UNKNOWN does and how it is worded."""

    test: Expr
    unknown: UnknownRule | None = None
    of: Annotated[Scalar, *one_of("any-lesion")] | None = None
    say: Sentence | None = None
    quotes: Text | None = None


Criteria = tuple[Annotated[dict[Name, CriterionForm], Single], ...]
"""An ordered list of named criteria."""


class LineForm(Short):
    """A sentence for a card, and when it is said."""

    text: Sentence
    when: Expr | None = None
    quotes: Text | None = None


Lines = Annotated[tuple[LineForm, ...], OneOrMany()]


Headlines = Annotated[tuple[Sentence, ...], OneOrMany()]
"""Sentences of which the first that can be said is said; the last has no placeholder, so that there always is one."""


class ClaimRefForm(Short):
    """A claim, and when it is cited."""

    id: Id
    when: Expr | None = None


class UseForm(Short):
    """An entry of a module, and when it is used."""

    id: RecommendationId
    when: Expr | None = None


class ActivityForm(Form):
    """What a CarePlan proposes: a kind of request and words."""

    kind: Annotated[Scalar, *one_of(*ACTIVITY_KINDS)]
    text: Words


IndicatorEntry = Annotated[dict[Annotated[Scalar, *one_of(*INDICATORS)], Expr], Single, Bare(*INDICATORS)]
"""An urgency, and when it applies."""


ANSWERS = ("recommended", "blocked", "needs-data", "satisfied")
"""The verdicts at which a recommendation may speak of an order."""


class UpdateForm(Form):
    """What an order should become: of all that it holds its priority, in the words of FHIR. No dose is written here."""

    priority: Annotated[Scalar, *one_of(*PRIORITIES[1:])]


class OnOrderForm(Form):
    """An order that a recommendation speaks of: of which needs or value sets, at which verdicts, when, in which words, and what
    it should become.
    """

    of: Annotated[tuple[Name, ...], OneOrMany()]
    says: Annotated[tuple[Annotated[Scalar, *one_of(*ANSWERS)], ...], OneOrMany()]
    when: Expr | None = None
    headline: Headlines = ()
    update: UpdateForm | None = None


class RecommendationForm(Form):
    """One recommendation of a pathway or of a module."""

    id: RecommendationId
    title: Words
    kind: Annotated[Scalar, *one_of(*KINDS)]
    tags: Annotated[tuple[Name, ...], OneOrMany()] = ()
    """Words by which holds, goals and hooks select it, as ``tag:<word>``."""
    scope: Annotated[Scalar, *one_of("lesion", "patient")] | None = None
    claims: tuple[ClaimRefForm, ...] = ()
    indicator: Annotated[tuple[IndicatorEntry, ...], OneOrMany()] = ()
    follows: Annotated[tuple[Text, ...], OneOrMany()] = Field(default=(), alias="with")
    unless: Annotated[tuple[Text, ...], OneOrMany()] = ()
    when: Criteria = ()
    blocked: Criteria = ()
    caution: Criteria = ()
    satisfied: Criteria = ()
    excluded: Criteria = ()
    suppressed: Words | None = None
    unreachable: Text | None = None
    safety: Expr | None = None
    say: Lines = ()
    detail: Path | None = None
    alternatives: Lines = ()
    headline: Headlines = ()
    ask: Headlines = ()
    against: Headlines = ()
    quotes: Text | None = None
    """Why a number of its title, headlines, activity or text file that equals a limit is none."""
    activity: ActivityForm | None = None
    on_order: Annotated[tuple[OnOrderForm, ...], OneOrMany()] = Field(default=(), alias="on-order")


LEADING = ("ask", "hide", "met")
"""What UNKNOWN can do in a ``when``; a caution belongs to a recommendation that stands."""
BLOCKING = ("ask", "caution")
"""What UNKNOWN can do in a ``blocked``."""


@dataclass(frozen=True, slots=True)
class Setting:
    """Where recommendations are compiled: private names of which pathway, and whether a lesion can be read."""

    pathway: str = ""
    per_lesion: bool = True

    def place(self, *, per_patient: bool) -> Place:
        """The place of a recommendation of this setting."""
        return RECOMMENDATION.without("lesion") if per_patient or not self.per_lesion else RECOMMENDATION


class RecommendationBuilder:
    """Compiles recommendations and the parts that pathways and policy share with them."""

    def __init__(
        self,
        compiler: Compiler,
        texts: TextBuilder,
        needs: Mapping[str, Need] | None = None,
        value_sets: Mapping[str, ValueSet] | None = None,
    ) -> None:
        self._compiler, self._texts, self._report = compiler, texts, compiler.report
        self._needs, self._value_sets = needs or {}, value_sets or {}

    def build(
        self, form: RecommendationForm, setting: Setting, paragraphs: Callable[[Scalar], list[Scalar]]
    ) -> Recommendation:
        """The recommendation; ``paragraphs`` reads the file that ``detail`` names."""
        per_patient = form.scope == "patient" or not setting.per_lesion
        if form.scope is not None and form.scope == "lesion" and not setting.per_lesion:
            self._report.add("SP337", "this pathway is judged once per patient", form.scope.span, "Remove scope:.")
        place, pathway = setting.place(per_patient=per_patient), setting.pathway
        lines = self.lines(form.say, place, pathway)
        if form.detail is not None:
            told = tuple(Line(self._texts.build(p, place, pathway)) for p in paragraphs(form.detail))
            lines = (*lines, *told)
        return Recommendation(
            id=str(form.id),
            title=str(form.title),
            kind=str(form.kind),
            claims=tuple(ClaimRef(str(c.id), self._when(c.when, place, pathway)) for c in form.claims),
            indicator=self._indicator(form, place, pathway),
            when=self.criteria(form.when, place, pathway, LEADING, per_patient=per_patient),
            blocked=self.criteria(form.blocked, place, pathway, BLOCKING, per_patient=per_patient),
            caution=self.criteria(form.caution, place, pathway, per_patient=per_patient),
            satisfied=self.criteria(form.satisfied, place, pathway, per_patient=per_patient),
            excluded=self.criteria(form.excluded, place, pathway, per_patient=per_patient),
            suppressed=str(form.suppressed or ""),
            unreachable=str(form.unreachable or ""),
            follows=tuple(map(str, form.follows)),
            unless=tuple(map(str, form.unless)),
            lines=lines,
            alternatives=self.lines(form.alternatives, place, pathway),
            headline=self._headlines(form.headline, place, pathway),
            ask=self._headlines(form.ask, place, pathway),
            against=self._headlines(form.against, place, pathway),
            activity=Activity(str(form.activity.kind), str(form.activity.text)) if form.activity else None,
            per_patient=per_patient,
            safety=self._safety(form.safety, place, pathway),
            on_order=tuple(self._on_order(one, place, pathway) for one in form.on_order),
        )

    def _on_order(self, form: OnOrderForm, place: Place, pathway: str) -> OnOrder:
        """The orders that it speaks of; a need stands for the codes that it reads."""
        codes = []
        for name in form.of:
            need = self._needs.get(name)
            found = self._value_sets.get(name) if need is None else need.codes
            if found is None:
                known = [*(n for n, one in self._needs.items() if one.codes is not None), *self._value_sets]
                hint = did_you_mean(name, known) or "Name a need that has codes, or a value set."
                self._report.add("SP354", f"'{name}' names no codes", name.span, hint)
            else:
                codes.append(found)
        return OnOrder(
            tuple(map(str, form.of)),
            tuple(codes),
            frozenset(map(str, form.says)),
            self._when(form.when, place, pathway),
            self._headlines(form.headline, place, pathway),
            str(form.update.priority) if form.update is not None else "",
            any(map(self._is_of_drugs, codes)),
        )

    def _is_of_drugs(self, codes: ValueSet) -> bool:
        """Whether some need looks for these codes in what is ordered and taken."""
        of_drugs = (need.codes for need in self._needs.values() if {*need.resources} & {*MEDICATIONS})
        return any(found is not None and codes.members <= found.members for found in of_drugs)

    def criteria(
        self,
        forms: Iterable[Mapping[Scalar, CriterionForm]],
        place: Place,
        pathway: str,
        unknowns: tuple[str, ...] = (),
        *,
        per_patient: bool = False,
    ) -> tuple[Criterion, ...]:
        """A list of named criteria; names are unique within it. Those asked once of the patient may ask each lesion."""
        built: dict[str, Criterion] = {}
        for entry in forms:
            for name, form in entry.items():
                if name in built:
                    self._report.add("SP204", f"the criterion '{name}' stands twice", name.span, "Rename one of them.")
                if unknowns and form.unknown is not None and form.unknown not in unknowns:
                    hint = f"Here it can be {', '.join(unknowns)}."
                    self._report.add("SP338", f"unknown: {form.unknown} means nothing here", form.unknown.span, hint)
                if form.of is not None and not per_patient:
                    hint = "Remove of:, or let the recommendation be asked once of the patient."
                    self._report.add("SP339", f"of: {form.of} means nothing here", form.of.span, hint)
                built[str(name)] = Criterion(
                    name=str(name),
                    test=self._compiler.test(form.test, RECOMMENDATION if form.of else place, pathway),
                    any_lesion=form.of is not None,
                    unknown=Unknown(str(form.unknown)) if form.unknown else Unknown.DEFAULT,
                    say=self._texts.build(form.say, place, pathway) if form.say else None,
                )
        return tuple(built.values())

    def lines(self, forms: Iterable[LineForm], place: Place, pathway: str = "") -> tuple[Line, ...]:
        """Sentences for a card."""
        return tuple(
            Line(self._texts.build(form.text, place, pathway), self._when(form.when, place, pathway)) for form in forms
        )

    def _headlines(self, forms: Sequence[Scalar], place: Place, pathway: str) -> tuple[Filled, ...]:
        """Headlines, each within the longest that a summary may be; only the last, and it surely, is without a placeholder."""
        built = tuple(self._texts.build(form, place, pathway, told=True) for form in forms)
        for number, (form, text) in enumerate(zip(forms, built, strict=True), start=1):
            filled = any(not isinstance(part, str) for part in text.parts)
            if filled is (number == len(forms)):
                hint = "End the list with a sentence that needs no datum, and begin it with those that do."
                what = "the last headline has a placeholder" if filled else "what follows this headline is never said"
                self._report.add("SP349", what, form.span, hint)
            for slot in (p for p in text.parts if not isinstance(p, str) and p.expression is not None):
                if slot.expression is not None and slot.expression.shape.many:
                    self._report.add("SP350", f"'{slot.source}' may hold several values", form.span, "Add .first().")
            if (length := longest(text)) > SUMMARY:
                hint = (
                    f"A summary has {SUMMARY} characters; dates count as {DATE}, numbers as {NUMBER}, words as {WORDS}."
                )
                self._report.add("SP350", f"with its longest values it has {length} characters", form.span, hint)
        return built

    def _when(self, test: Scalar | None, place: Place, pathway: str) -> Expression | None:
        return self._compiler.test(test, place, pathway) if test is not None else None

    def _safety(self, test: Scalar | None, place: Place, pathway: str) -> Expression | bool:
        if test is None or test in ("true", "false"):
            return test == "true"
        return self._compiler.test(test, place, pathway)

    def _indicator(
        self, form: RecommendationForm, place: Place, pathway: str
    ) -> tuple[tuple[Indicator, Expression | None], ...]:
        found: list[tuple[Indicator, Expression | None]] = []
        always = False
        for entry in form.indicator:
            for name, test in entry.items():
                if always:
                    self._report.add("SP316", f"'{name}' is never reached", name.span, "Remove it.")
                always = always or test == "true"
                when = None if test == "true" else self._compiler.test(test, place, pathway)
                found.append((Indicator(str(name)), when))
        if form.indicator and not always:
            last = next(iter(form.indicator[-1]))
            hint = "End the list with an indicator that has no condition."
            self._report.add("SP340", "the indicator is left open where no condition holds", last.span, hint)
        return tuple(found) or ((Indicator.INFO, None),)
