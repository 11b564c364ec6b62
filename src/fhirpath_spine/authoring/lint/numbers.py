"""A number in a sentence: one that equals a limit of what the sentence stands beside has to be read from it (SP345); one that the
limits of its criterion do not hold was left behind (SP346).

A number that only looks like one, the name of a grade or a quotation, is told with its reason under ``quotes:``.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from fhirpath_spine.authoring.lint.shown import things
from fhirpath_spine.authoring.profile.recommendations import CriterionForm, RecommendationForm
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


class Said(NamedTuple):
    """A sentence of the files; ``near`` are the numbers of its own test, ``limits`` those of what it stands beside by name."""

    say: Scalar
    near: frozenset[str]
    limits: Mapping[str, str]
    quotes: Scalar | None
    filled: bool


def check_numbers(draft: Draft) -> None:
    """Reports both, at the number; and a reason that excuses nothing."""
    quoting: dict[int, tuple[Scalar, bool]] = {}
    for said in _said(draft):
        told = _check(draft, said)
        if said.quotes is not None:
            quoting[id(said.quotes)] = (said.quotes, told or quoting.get(id(said.quotes), (said.quotes, False))[1])
    for quotes, told in quoting.values():
        if not told:
            message = "no number of this sentence is a limit, so there is nothing to quote"
            draft.files.report.add("SP345", message, quotes.span, "Remove quotes:.")


def _said(draft: Draft) -> Iterator[Said]:
    """Every sentence of the set, with the numbers that it should not repeat."""
    tests = {id(c.origin): c.expression for c in draft.compiler.compiled}
    shared, catalogue = draft.shared, draft.files.catalogue
    modules = [form for _, form in catalogue.modules.values()]
    for thing in things(
        [shared.data, shared.policy, shared.lesions, shared.sources, *draft.files.pathways.values(), *modules]
    ):
        beside = _beside(draft, thing.others, tests)
        for say, form, filled in thing.words:
            own = tests.get(id(form.test)) if isinstance(form, CriterionForm) else None
            near = _near(draft, [own]) if own is not None else frozenset[str]()
            quotes = getattr(form, "quotes", getattr(thing.form, "quotes", None))
            yield Said(say, near, beside, quotes, filled)
        if isinstance(thing.form, RecommendationForm) and thing.form.detail is not None:
            for paragraph in _paragraphs(draft, thing.form):
                yield Said(paragraph, frozenset(), beside, thing.form.quotes, filled=True)


def _paragraphs(draft: Draft, form: RecommendationForm) -> Iterable[Scalar]:
    name, folder = f"{form.id.span.file.rpartition('/')[0]}/{form.detail}", draft.files.folder
    return next((found for relative, found in draft.files.texts.items() if folder.name(relative) == name), ())


def _beside(draft: Draft, texts: Iterable[Scalar], tests: Mapping[int, Expression]) -> dict[str, str]:
    """The numbers of the limits that tests and windows among these texts read, with the name of each."""
    texts = list(texts)
    found = _limits(draft, [tests[id(one)] for one in texts if id(one) in tests])
    for one in texts:
        limit = draft.compiler.limits.get("", {}).get(one.removeprefix("limit.")) if one.startswith("limit.") else None
        if limit is not None and isinstance(limit.value, Quantity):
            found[str(limit.value.value)] = limit.id
    return found


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


def _check(draft: Draft, sentence: Said) -> bool:
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
                _tell(draft, number, sentence.limits.get(number, ""), span, filled=sentence.filled)
            else:
                hint = f"Its numbers are {', '.join(sorted(filter(NUMBER.fullmatch, near)))}."
                draft.files.report.add("SP346", f"the criterion has no limit {number}", span, hint)
    return found


def _tell(draft: Draft, number: str, name: str, span: Span, *, filled: bool) -> None:
    if name:
        message, hint = (
            f"{number} is the limit '{name}'",
            f"Write {{limit.{name}}}, or {{limit.{name}.value}} without its unit."
            if filled
            else f"These words are shown as they stand. Leave it out, and name {{limit.{name}}} in a line.",
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
