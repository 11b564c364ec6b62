"""What a chart tells nothing of is answered once for a library: such an answer depends on no chart.

Of most questions an ordinary chart holds nothing: no entry was filed under any need that they read, and each of those was read to
its end. What is kept holds no datum of anybody, since none was read.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fhirpath_spine.fhirpath import Expression
from fhirpath_spine.fhirpath.grammar.syntax import Call
from fhirpath_spine.pathway.asking.reach import needs_behind, read_by
from fhirpath_spine.pathway.facts.facts import Facts
from fhirpath_spine.pathway.facts.needs import Need
from fhirpath_spine.pathway.model import Library
from fhirpath_spine.pathway.once import once

LESIONS = frozenset({"lesion", "lesions"})
_CLOCK = frozenset({"now", "today", "timeOfDay"})


class Untold:
    """The answers to questions, by label, and the values of variables, of which a chart tells nothing; and what each stands on.

    Safe to share: whatever fills it gives the same, and a library has only so many questions. It holds no library.
    """

    __slots__ = ("_of_questions", "_of_variables", "answers", "keeps", "values")

    def __init__(self) -> None:
        self.keeps = True
        """False where somebody hears of each question of each chart, so that each has to be asked."""
        self.answers: dict[tuple[Expression, str], Any] = {}
        self.values: dict[str, Sequence[Any]] = {}
        self._of_questions: dict[Expression, frozenset[str] | None] = {}
        self._of_variables: dict[str, frozenset[str] | None] = {}

    def asks(self, library: Library, question: Expression) -> frozenset[str] | None:
        """As :func:`asks_of`."""
        if not self.keeps:
            return None
        if question not in self._of_questions:
            self._of_questions[question] = asks_of(library, question)
        return self._of_questions[question]

    def stands_on(self, library: Library, name: str) -> frozenset[str] | None:
        """The same of a variable: a definition, a finding or a ranked fact."""
        if not self.keeps:
            return None
        if name not in self._of_variables:
            definition = library.definitions.get(name)
            self._of_variables[name] = (
                _settled(library, frozenset({name})) if definition is None else asks_of(library, definition)
            )
        return self._of_variables[name]


@once
def untold(library: Library) -> Untold:
    """What is kept for a library."""
    del library  # it is the key, and nothing else
    return Untold()


def told_of(library: Library, facts: Facts) -> frozenset[str]:
    """The needs of which a chart tells something, or may: an entry was filed, or not all of it was read."""
    return facts.filed.union(*(names for one, names in _read_alike(library) if facts.unread(one)))


@once
def _read_alike(library: Library) -> tuple[tuple[Need, frozenset[str]], ...]:
    """The needs that stand under the same keys, with one of them: they are read to the end together, or none is."""
    groups: dict[tuple[str, ...], list[Need]] = {}
    for need in library.needs.values():
        groups.setdefault(need.keys, []).append(need)
    return tuple((needs[0], frozenset(need.name for need in needs)) for needs in groups.values())


def asks_of(library: Library, expression: Expression) -> frozenset[str] | None:
    """The needs that an expression reads, and ``lesion`` or ``lesions``; None where its answer may be another though a chart
    tells nothing of them: it reads the patient, the site, the clock, or what was decided before.
    """
    names = read_by(library, expression)
    read = (expression, *(library.definitions[name] for name in names if name in library.definitions))
    if any(isinstance(part, Call) and part.name in _CLOCK for one in read for part in one.tree.walk()):
        return None
    return _settled(library, names)


def _settled(library: Library, names: frozenset[str]) -> frozenset[str] | None:
    known = (
        library.needs.keys() | library.definitions.keys() | library.findings.keys() | library.ranked.keys() | LESIONS
    )
    needs = needs_behind(library, names)
    if names - known or any("Patient" in library.needs[need].resources for need in needs):
        return None
    return needs | (names & LESIONS)
