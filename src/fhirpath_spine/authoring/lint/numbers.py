"""A number in a sentence: one that equals a limit of what the sentence stands beside has to be read from it (SP345); one that the
limits of its criterion do not hold was left behind (SP346).

A number that only looks like one, the name of a grade or a quotation, is told with its reason under ``quotes:``.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from fhirpath_spine.authoring.profile.sentences import UnbalancedBraceError, split
from fhirpath_spine.fhirpath import Quantity
from fhirpath_spine.fhirpath.grammar.syntax import Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from fhirpath_spine.authoring.profile.library import Draft
    from fhirpath_spine.authoring.source.nodes import Scalar
    from fhirpath_spine.diagnostics import Span
    from fhirpath_spine.fhirpath import Expression

NUMBER = re.compile(r"(?<![\w.,-])\d+(?:\.\d+)?(?![\w,-]|\.\d)")
LIMIT = re.compile(
    r"(?:below|under|above|over|beyond|at least|at most|less than|more than|from)\s+(?P<after>\d+(?:\.\d+)?)"
    r"|(?P<before>\d+(?:\.\d+)?)(?:\s+\S+)?\s+or\s+(?:more|less|older|younger|above|below|over|under|later)"
)
"""A number that a sentence gives as a limit."""
PLAIN = frozenset({"0", "1"})
"""Numbers that stand for none and one wherever they are."""


class Sentence(NamedTuple):
    """A sentence of the files; ``near`` are the numbers of its own test, ``limits`` those of what it stands beside by name."""

    say: Scalar
    near: frozenset[str]
    limits: Mapping[str, str]
    quotes: Scalar | None = None


def check_numbers(draft: Draft) -> None:
    """Reports both, at the number; and a reason that excuses nothing."""
    for sentence in _sentences(draft):
        told = _check(draft, sentence)
        if sentence.quotes is not None and not told:
            message = "no number of this sentence is a limit, so there is nothing to quote"
            draft.files.report.add("SP345", message, sentence.quotes.span, "Remove quotes:.")


def _sentences(draft: Draft) -> Iterator[Sentence]:
    """Every sentence that stands beside a test, with the numbers that it should not repeat."""
    tests = {id(c.origin): c.expression for c in draft.compiler.compiled}

    def read(*origins: Scalar | None) -> list[Expression]:
        return [tests[id(one)] for one in origins if one is not None and id(one) in tests]

    for form in draft.files.catalogue.forms.values():
        groups = (form.when, form.blocked, form.caution, form.satisfied, form.excluded)
        criteria = [c for criteria in groups for named in criteria for c in named.values()]
        beside = _limits(draft, read(*(c.test for c in criteria)))
        for one in criteria:
            if one.say is not None and (mine := read(one.test)):
                yield Sentence(one.say, _near(draft, mine), {**beside, **_limits(draft, mine)}, one.quotes)
        for line in (*form.say, *form.alternatives):
            yield Sentence(line.text, frozenset(), {**beside, **_limits(draft, read(line.when))}, line.quotes)
    for pathway in draft.files.pathways.values():
        for line in pathway.notes:
            yield Sentence(line.text, frozenset(), _limits(draft, read(line.when)), line.quotes)
    for _, definition in draft.definition_forms.values():
        if definition.label is not None and (mine := read(definition.test)):
            yield Sentence(definition.label, frozenset(), _limits(draft, mine))
    for _, need in draft.need_forms.values():
        if isinstance(need.within, str):
            name = need.within.removeprefix("limit.")
            limit = draft.compiler.limits.get("", {}).get(name)
            yield Sentence(
                need.label,
                frozenset(),
                {str(limit.value.value): name} if limit and isinstance(limit.value, Quantity) else {},
            )
    for hold in draft.shared.policy.holds:
        beside = _limits(draft, read(hold.test))
        for say in (hold.say, *(line.text for line in hold.head)):
            if say is not None:
                yield Sentence(say, frozenset(), beside)
    for notice in draft.shared.policy.notices:
        for reason in notice.lines:
            beside = _limits(draft, read(reason.test))
            for say in (reason.headline, *(line.text for line in reason.say)):
                yield Sentence(say, frozenset(), beside)


def _near(draft: Draft, expressions: Iterable[Expression]) -> frozenset[str]:
    seen: set[str] = set()
    return frozenset(number for one in expressions for number in _numbers(draft, one, seen))


def _limits(draft: Draft, expressions: Iterable[Expression]) -> dict[str, str]:
    """The numbers of the limits that these read, through definitions and windows too, with the name of each."""
    found: dict[str, str] = {}
    open_, seen = list(expressions), set[str]()
    while open_:
        one = open_.pop()
        for number in one.numbers:
            if number.limit:
                value = number.value.value if isinstance(number.value, Quantity) else number.value
                found[str(value)] = number.limit
        for name in one.variables - seen:
            seen.add(name)
            if name in draft.definitions:
                open_.append(draft.definitions[name])
            elif name in draft.need_forms and isinstance(window := draft.need_forms[name][1].within, str):
                found[str(draft.needs[name].within)] = window.removeprefix("limit.")
    return found


def _check(draft: Draft, sentence: Sentence) -> bool:
    """Whether a number of the sentence is a limit."""
    say, near = sentence.say, sentence.near
    try:
        fixed = [part for part in split(say) if not part.slot]
    except UnbalancedBraceError:
        return False
    excused, found = sentence.quotes is not None, False
    for part in fixed:
        told = {m.start("after" if m["after"] else "before") for m in LIMIT.finditer(part.text)}
        for match in NUMBER.finditer(part.text):
            number = match[0]
            repeated = number in near or number in sentence.limits
            left = match.start() in told and any(map(NUMBER.fullmatch, near))
            if number in PLAIN or not (repeated or left):
                continue
            found = True
            if excused:
                continue
            span = say.place(part.offset + match.start(), len(number))
            if repeated:
                _tell(draft, number, sentence.limits.get(number, ""), span)
            else:
                hint = f"Its numbers are {', '.join(sorted(filter(NUMBER.fullmatch, near)))}."
                draft.files.report.add("SP346", f"the criterion has no limit {number}", span, hint)
    return found


def _tell(draft: Draft, number: str, name: str, span: Span) -> None:
    if name:
        message, hint = (
            f"{number} is the limit '{name}'",
            f"Write {{limit.{name}}}, or {{limit.{name}.value}} without its unit.",
        )
    else:
        message = f"{number} is a limit of this criterion, too"
        hint = "Declare it under limits:, and write %limit.id in the test and {limit.id} in the sentence."
    draft.files.report.add(
        "SP345", message, span, f"{hint} If it is the name of a grade or a quotation, say so in quotes:."
    )


def _numbers(draft: Draft, expression: Expression, seen: set[str]) -> Iterator[str]:
    """The numbers and coded grades of a criterion, those of its definitions and the windows of its needs too."""
    for number in expression.numbers:
        value = number.value.value if isinstance(number.value, Quantity) else number.value
        yield str(value)
        if isinstance(value, Decimal) and 1 < value < 2:
            yield f"{((value - 1) * 100).normalize():f}"  # a growth by so many percent
    yield from (t.value for t in expression.tree.walk() if isinstance(t, Literal) and isinstance(t.value, str))
    for name in expression.variables - seen:
        seen.add(name)
        if name in draft.definitions:
            yield from _numbers(draft, draft.definitions[name], seen)
        elif name in draft.needs and draft.needs[name].within is not None:
            yield str(draft.needs[name].within)
