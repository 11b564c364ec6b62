"""``data.yaml`` beside its needs: definitions, findings, ranked facts and site flags, which no single pathway owns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from fhirpath_spine.authoring.profile.compiler import ANYWHERE, ONE_ITEM, names_in
from fhirpath_spine.authoring.profile.limits import Limits, Window, window
from fhirpath_spine.authoring.profile.needs import NeedForm
from fhirpath_spine.authoring.profile.order import in_order
from fhirpath_spine.authoring.profile.recognition import RecognitionForm
from fhirpath_spine.authoring.profile.shapes import FINDING, RANKED_TYPES, one
from fhirpath_spine.authoring.profile.values import AnswerForm
from fhirpath_spine.authoring.source.fields import (
    AtLeastOne,
    Expr,
    Form,
    Ident,
    Name,
    OneOrMany,
    Sentence,
    Short,
    Text,
    Words,
    one_of,
)
from fhirpath_spine.authoring.source.nodes import Scalar
from fhirpath_spine.diagnostics import did_you_mean
from fhirpath_spine.fhirpath import Shape
from fhirpath_spine.pathway.asking.derived import SETTLES, WORSENS
from fhirpath_spine.pathway.model import Finding, FindingSource, RankedFact, RankedSource

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fhirpath_spine.authoring.profile.compiler import Compiler
    from fhirpath_spine.fhirpath import Expression
    from fhirpath_spine.pathway.facts.needs import Need


class DefinitionForm(Short):
    """A named expression, and how a card calls it where it is missing."""

    test: Expr
    label: Sentence | None = None


class FindingSourceForm(Form):
    """A need that shows, clears or grades a kind of deficit."""

    need: Name
    abnormal: Expr
    normal: Expr | None = None
    grade: Expr | None = None
    only: Annotated[Scalar, *one_of("worse")] | None = None


class FindingForm(Form):
    """A kind of deficit and what shows it."""

    label: Words
    sources: Annotated[tuple[FindingSourceForm, ...], AtLeastOne()]


class FindingsForm(Form):
    """All kinds of deficit: when one is new, how long it stays open, and what answers it."""

    new: Window
    open: Window
    answered: tuple[Name, ...]
    course: Ident
    kinds: dict[Name, FindingForm]


class RankedSourceForm(Form):
    """A need of one rank: the answer of each of its items."""

    need: Name
    answer: Expr


class RankedForm(Form):
    """A judgement read from several needs in order of rank; a rank is one need, or a list of needs that weigh the same."""

    label: Words
    gap: Window
    type: Annotated[Scalar, *one_of("boolean", "string", "integer")]
    ranks: Annotated[
        tuple[Annotated[tuple[RankedSourceForm, ...], AtLeastOne(), OneOrMany()], ...],
        AtLeastOne(),
    ]


class SiteFlagForm(Form):
    """A switch that a site sets for itself."""

    label: Words


class DataForm(Form):
    """``data.yaml``."""

    limits: Limits = Field(default_factory=dict)
    answers: dict[Name, dict[Text, AnswerForm]] = Field(default_factory=dict)
    """Lists of answers that several needs use, by name."""
    needs: dict[Name, NeedForm] = Field(default_factory=dict)
    define: dict[Name, DefinitionForm] = Field(default_factory=dict)
    findings: FindingsForm | None = None
    ranked: dict[Name, RankedForm] = Field(default_factory=dict)
    flags: dict[Ident, SiteFlagForm] = Field(default_factory=dict)
    recognition: RecognitionForm | None = None


_TYPE_NAMES = {type_name: word for word, type_name in RANKED_TYPES.items()}


class DefinitionBuilder:
    """Compiles what stands between needs and criteria; each name becomes readable once it is compiled."""

    def __init__(self, compiler: Compiler, needs: Mapping[str, Need]) -> None:
        self._compiler, self._needs = compiler, needs
        self._report, self._names = compiler.report, compiler.names

    def finding(self, name: Scalar, form: FindingForm, group: FindingsForm) -> Finding:
        """A kind of deficit. Its course has to be a component of at least one of the needs."""
        sources, courses = [], set[str]()
        for part in form.sources:
            need = self._need(part.need)
            if need is None:
                continue
            course = need.components.get(str(group.course))
            courses |= course.words if course is not None else set()
            sources.append(
                FindingSource(
                    need=need.name,
                    abnormal=self._compiler.test(part.abnormal, ONE_ITEM, item=need),
                    normal=self._compiler.test(part.normal, ONE_ITEM, item=need) if part.normal else None,
                    grade=self._compiler.expression(part.grade, ONE_ITEM, item=need) if part.grade else None,
                    only_worse=part.only is not None,
                )
            )
            if part.only is not None and part.grade is None:
                self._report.add("SP206", "what shows a worsening needs a grade", part.need.span, "Add grade:.")
        allowed = {*WORSENS, *SETTLES}
        for word in sorted(courses - allowed):
            hint = did_you_mean(word, allowed) or f"Words of a course: {', '.join(sorted(allowed))}."
            self._report.add("SP319", f"'{word}' is no word of a course", group.course.span, hint)
        self._names.add(name, FINDING)
        answered = tuple(n.name for n in (self._need(a) for a in group.answered) if n is not None)
        return Finding(
            name=str(name),
            label=str(form.label),
            new_days=self._days(group.new),
            open_days=self._days(group.open),
            answered=answered,
            sources=tuple(sources),
            course=str(group.course),
        )

    def ranked(self, name: Scalar, form: RankedForm) -> RankedFact:
        """A judgement by rank; each need has to answer in the fact's type, and to keep all that contradicts."""
        built = (tuple(s for part in rank if (s := self._rank_source(part, form)) is not None) for rank in form.ranks)
        ranks = tuple(rank for rank in built if rank)
        self._names.add(name, one(RANKED_TYPES[str(form.type)]))
        return RankedFact(str(name), str(form.label), ranks, self._days(form.gap), str(form.type))

    def _rank_source(self, part: RankedSourceForm, form: RankedForm) -> RankedSource | None:
        need = self._need(part.need)
        if need is None:
            return None
        if need.latest:
            self._report.add(
                "SP335",
                f"'{need.name}' keeps only the newest, so what contradicts it would not be seen",
                part.need.span,
                "Read a need without latest:.",
            )
        before = self._report.errors
        answer = self._compiler.expression(part.answer, ONE_ITEM, item=need)
        if self._report.errors == before and not _is_type(answer.shape, RANKED_TYPES[str(form.type)]):
            told = _TYPE_NAMES.get(answer.shape.type, answer.shape.type)
            self._report.add("SP336", f"the answer is {told}, not {form.type}", part.answer.span)
        return RankedSource(need.name, answer)

    def _days(self, asked: int | Scalar) -> int:
        return window(asked, self._compiler.limits_of(), self._report) or 0

    def _need(self, name: Scalar) -> Need | None:
        need = self._needs.get(name)
        if need is None:
            if name not in self._names.broken:
                self._report.add("SP321", f"no need is called '{name}'", name.span, did_you_mean(name, self._needs))
            return None
        self._compiler.used.add(need.name)
        return need

    def definitions(self, forms: Mapping[Scalar, DefinitionForm], pathway: str = "") -> dict[str, Expression]:
        """All definitions of one file, in its order; each was compiled after those it reads. A circle is reported by name."""
        compiled: dict[str, Expression] = {}
        by_name = {str(name): (name, form) for name, form in forms.items()}
        reads = {name: self._named(form.test, by_name) for name, (_, form) in by_name.items()}
        for name in self._in_order(reads, by_name):
            _, form = by_name[name]
            before = self._report.errors
            expression = self._compiler.expression(form.test, ANYWHERE, pathway)
            if self._report.errors > before or self._names.is_broken(form.test):
                self._names.broken.add(name)
                continue
            compiled[name] = expression
            direct = set(expression.variables)
            through = frozenset().union(*(self._names.reads.get(n, frozenset()) for n in direct))
            self._names.reads[name] = through | (direct & set(self._names.circumstances))
            self._names.add(name, expression.shape, pathway)
        return {name: compiled[name] for name in by_name if name in compiled}

    def _named(self, text: str, forms: Mapping[str, object]) -> list[str]:
        """The definitions among ``forms`` that a text reads. Of a hyphenated word the longest known name counts."""
        found = []
        for written in names_in(text):
            parts = written.split("-")
            names = ("-".join(parts[:size]) for size in range(len(parts), 0, -1))
            name = next((n for n in names if n in forms or self._names.longest(n) == n), "")
            if name in forms:
                found.append(name)
        return found

    def _in_order(
        self, reads: Mapping[str, list[str]], forms: Mapping[str, tuple[Scalar, DefinitionForm]]
    ) -> list[str]:
        ordered, circles = in_order(reads)
        for circle in circles:
            place = forms[circle[0]][0].span
            self._report.add("SP303", f"these definitions read each other: {' -> '.join(circle)}", place)
            self._names.broken.update(circle)
        return [name for name in ordered if name not in self._names.broken]


def _is_type(shape: Shape, wanted: str) -> bool:
    return shape.type in (wanted, _TYPE_NAMES.get(wanted, wanted), "")
