"""What each pathway can read, found once from the compiled expressions: needs, and the order in which verdicts depend."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

from fhirpath_spine.fhirpath import Expression
from fhirpath_spine.pathway.model import Library, Line, Pathway, Recommendation, Selector
from fhirpath_spine.pathway.sentences import expressions

ADVISED = "advised"
"""The variable that holds the ids recommended so far; what reads it is judged last."""
OPEN = "open"
"""The variable that holds the kinds of which some recommendation of the lesion is recommended, blocked or needs data."""


def variables(library: Library, expressions: Iterable[Expression]) -> frozenset[str]:
    """All variables that the expressions read, through definitions."""
    found: set[str] = set()
    open_ = [name for e in expressions for name in e.variables]
    while open_:
        name = open_.pop()
        if name not in found:
            found.add(name)
            if name in library.definitions:
                open_ += library.definitions[name].variables
    return frozenset(found)


@lru_cache(maxsize=20_000)
def read_by(library: Library, expression: Expression) -> frozenset[str]:
    """All variables that one expression reads, through definitions."""
    return variables(library, (expression,))


@lru_cache(maxsize=1_000)
def affected(library: Library, given: frozenset[str]) -> frozenset[str]:
    """The given variables, and the definitions that read one of them."""
    return given | {name for name, test in library.definitions.items() if read_by(library, test) & given}


def needs_behind(library: Library, names: Iterable[str]) -> frozenset[str]:
    """The needs behind variables: their own, and those of findings and ranked facts."""
    out: set[str] = set()
    for name in names:
        if name in library.needs:
            out.add(name)
        elif name in library.findings:
            out |= {s.need for s in library.findings[name].sources} | set(library.findings[name].answered)
        elif name in library.ranked:
            out |= set(library.ranked[name].needs)
    return frozenset(out)


@lru_cache(maxsize=256)
def pathway_needs(library: Library, pathway: str) -> frozenset[str]:
    """Every need that a pathway with its modules, and the policy above it, can read."""
    chosen = library.pathway(pathway)
    expressions = [*_policy(library), *(_pathway(chosen) if chosen else ())]
    lesions = library.lesions
    named = {lesions.conditions, lesions.imaging, lesions.histology} - {""}
    return needs_behind(library, variables(library, expressions)) | frozenset(named & set(library.needs))


@lru_cache(maxsize=4096)
def reads_advice(library: Library, recommendation: str) -> bool:
    """Whether a recommendation asks what else is advised or open."""
    found = next(
        (u.recommendation for p in library.pathways for u in p.uses if u.recommendation.id == recommendation), None
    )
    return found is not None and bool({ADVISED, OPEN} & variables(library, recommendation_expressions(found)))


@lru_cache(maxsize=1_000)
def leaders_first(library: Library, recommendations: tuple[Recommendation, ...]) -> list[Recommendation]:
    """The recommendations in an order in which each comes after those that it follows or asks about."""
    by_id = {r.id: r for r in recommendations}
    advised = {id_ for id_ in by_id if reads_advice(library, id_)}
    ordered: dict[str, Recommendation] = {}
    entered: set[str] = set()

    def visit(one: Recommendation) -> None:
        if one.id in ordered or one.id in entered:
            return
        entered.add(one.id)
        wanted = {*one.follows, *one.unless}
        for other in recommendations:
            leads = other.id in wanted or f"kind:{other.kind}" in wanted
            if other is not one and (
                leads or (one.id in advised and other.id not in advised and not _depends(other, advised, by_id))
            ):
                visit(other)
        ordered[one.id] = one

    for one in recommendations:
        visit(one)
    return list(ordered.values())


def _depends(one: Recommendation, ids: set[str], by_id: dict[str, Recommendation]) -> bool:
    wanted = {*one.follows, *one.unless}
    return any(i in wanted or f"kind:{by_id[i].kind}" in wanted for i in ids)


def recommendation_expressions(one: Recommendation) -> Iterator[Expression]:
    """Every expression of a recommendation, those of its texts too."""
    for group in (one.when, one.blocked, one.caution, one.satisfied, one.excluded):
        for criterion in group:
            yield criterion.test
            yield from expressions(criterion.say)
    yield from (test for _, test in one.indicator if test is not None)
    yield from (c.when for c in one.claims if c.when is not None)
    yield from _lines((*one.lines, *one.alternatives))


def _pathway(pathway: Pathway) -> Iterator[Expression]:
    yield from (c.test for c in (*pathway.applies, *pathway.without_lesion))
    yield from (s.test for s in pathway.states)
    yield from _lines(pathway.notes)
    for use in pathway.uses:
        if use.when is not None:
            yield use.when
        yield from recommendation_expressions(use.recommendation)


def _policy(library: Library) -> Iterator[Expression]:
    policy = library.policy
    if gate := policy.gate:
        yield from (gate.open, gate.acknowledged)
        yield from _selectors((*gate.visible, *gate.attached))
    for hold in policy.holds:
        yield hold.test
        yield from _selectors((*hold.hide, *hold.block, *hold.ask, *hold.caution))
        yield from _lines(hold.head)
    for framework in library.frameworks:
        for fact in framework.lines:
            yield from _selectors(fact.on)
            yield from _lines((fact.line,))
    for goal in policy.goals:
        yield goal.test
        yield from _selectors(goal.hide)
    for exclusion in policy.exclusions:
        yield exclusion.test
        yield from _selectors(exclusion.hide)


def _selectors(selectors: Iterable[Selector]) -> Iterator[Expression]:
    return (s.when for s in selectors if s.when is not None)


def _lines(lines: Iterable[Line]) -> Iterator[Expression]:
    for line in lines:
        if line.when is not None:
            yield line.when
        yield from expressions(line.say)
