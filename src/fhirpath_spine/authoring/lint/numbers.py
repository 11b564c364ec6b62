"""A number in the sentence of a criterion: one that equals a limit has to change with it (SP345); one that its limits do not hold
was left behind (SP346).
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING

from fhirpath_spine.authoring.profile.sentences import UnbalancedBraceError, split
from fhirpath_spine.fhirpath import Quantity
from fhirpath_spine.fhirpath.grammar.syntax import Literal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fhirpath_spine.authoring.profile.library import Draft
    from fhirpath_spine.authoring.profile.recommendations import CriterionForm
    from fhirpath_spine.fhirpath import Expression

NUMBER = re.compile(r"(?<![\w.,-])\d+(?:\.\d+)?(?![\w,-]|\.\d)")
LIMIT = re.compile(
    r"(?:below|under|above|over|beyond|at least|at most|less than|more than|from)\s+(?P<after>\d+(?:\.\d+)?)"
    r"|(?P<before>\d+(?:\.\d+)?)(?:\s+\S+)?\s+or\s+(?:more|less|older|younger|above|below|over|under|later)"
)
"""A number that a sentence gives as a limit."""
PLAIN = frozenset({"0", "1"})
"""Numbers that stand for none and one wherever they are."""


def check_numbers(draft: Draft) -> None:
    """Reports both, at the number."""
    tests = {(id(c.origin)): c.expression for c in draft.compiler.compiled}
    for form in draft.files.catalogue.forms.values():
        for criteria in (form.when, form.blocked, form.caution, form.satisfied, form.excluded):
            for criterion in (c for named in criteria for c in named.values()):
                expression = tests.get(id(criterion.test))
                if expression is not None and criterion.say is not None:
                    _check(draft, criterion, set(_numbers(draft, expression, set())))


def _check(draft: Draft, criterion: CriterionForm, known: set[str]) -> None:
    say = criterion.say
    if say is None:
        return
    try:
        fixed = [part for part in split(say) if not part.slot]
    except UnbalancedBraceError:
        return
    for part in fixed:
        told = {m.start("after" if m["after"] else "before") for m in LIMIT.finditer(part.text)}
        for match in NUMBER.finditer(part.text):
            number, span = match[0], say.place(part.offset + match.start(), len(match[0]))
            if number in known and number not in PLAIN:
                hint = "Change both together, or leave the number out of the sentence."
                draft.files.report.add("SP345", f"{number} is a limit of this criterion, too", span, hint)
            elif match.start() in told and any(map(NUMBER.fullmatch, known)):
                hint = f"Its numbers are {', '.join(sorted(filter(NUMBER.fullmatch, known)))}."
                draft.files.report.add("SP346", f"the criterion has no limit {number}", span, hint)


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
