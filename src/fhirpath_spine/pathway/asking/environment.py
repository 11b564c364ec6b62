"""Questions asked of one entry, answered with their reasons: what would decide them (missing), or what decided them (evidence,
which is only gathered for whoever shows it).

Where two statements contradict each other, a question is asked for each of them, and is UNKNOWN only if the answers differ
(rulings 1.7).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

from fhirpath_spine.errors import LimitExceeded
from fhirpath_spine.fhirpath import Expression, Incomplete, some
from fhirpath_spine.pathway.asking import reach
from fhirpath_spine.pathway.asking.variables import Variables
from fhirpath_spine.pathway.decision import Evidence, Missing
from fhirpath_spine.pathway.facts.facts import Fact
from fhirpath_spine.pathway.facts.filing import Found
from fhirpath_spine.pathway.sentences import Charted, Said, Text, expressions, render, words
from fhirpath_spine.pathway.truth import Reason, Truth

EVIDENCE_LIMIT = 3
"""How many items of one need are named as evidence, newest first."""


class Answer(NamedTuple):
    """The answer to a question and, where it is unknown, what is missing. What it rests on: :meth:`Environment.evidence`."""

    truth: Truth
    missing: tuple[Missing, ...] = ()

    @property
    def unread(self) -> bool:
        """Whether something that could not be read is among what is missing."""
        return any(m.reason in (Reason.UNREAD, Reason.LIMIT) for m in self.missing)

    @property
    def rejected(self) -> bool:
        """Whether something that stands there and was not understood is among what is missing."""
        return any(m.reason is Reason.REJECTED for m in self.missing)

    @property
    def conflict(self) -> bool:
        """Whether contradicting statements are among what is missing."""
        return any(m.reason is Reason.CONFLICT for m in self.missing)


_MET, _NOT_MET = Answer(True), Answer(False)


class Environment(Variables):
    """The variables of one entry, and the questions that are asked of them."""

    @cached_property
    def _answers(self) -> dict[Expression, Answer]:
        """Each question is answered once."""
        return {}

    @cached_property
    def _grounds(self) -> dict[Expression, tuple[Evidence, ...]]:
        """What each question that holds rests on is gathered once."""
        return {}

    def ask(self, expression: Expression, label: str = "") -> Answer:
        """The answer to a criterion, with what is missing if it is not decided."""
        answer = self._answers.get(expression)
        if answer is None:
            answer = self._answers[expression] = self._ask(expression, label)
        return answer

    def evidence(self, expression: Expression) -> tuple[Evidence, ...]:
        """The data that a criterion which holds rests on; none where it does not hold."""
        if self.ask(expression).truth is not True:
            return ()
        grounds = self._grounds.get(expression)
        if grounds is None:
            env = next(self._at_ages(expression), self)
            try:
                grounds = env._evidence(env._deciding(expression))
            except LimitExceeded:
                grounds = ()
            self._grounds[expression] = grounds
        return grounds

    def ask_any_lesion(self, expression: Expression, label: str = "") -> Answer:
        """The answer to a criterion that is asked of each lesion, true if it is true of one; of the patient without lesions.

        What is newest of one lesion says nothing of another, so no lesion is left out (rulings 3).
        """
        answers = [env.ask(expression, label) for env in self.each_lesion] or [self.ask(expression, label)]
        if not self._circumstances.complete:
            unread = Missing(self._library.labels.get("lesions", "lesions"), Reason.UNREAD)
            answers.append(Answer(None, (unread,)))
        truth = some(a.truth for a in answers)
        return _MET if truth else Answer(truth, tuple(dict.fromkeys(m for a in answers for m in a.missing)))

    def evidence_of_any_lesion(self, expression: Expression) -> tuple[Evidence, ...]:
        """As :meth:`evidence`, of a criterion that is asked of each lesion."""
        asked = self.each_lesion or (self,)
        return tuple(dict.fromkeys(e for env in asked for e in env.evidence(expression)))

    @cached_property
    def each_lesion(self) -> tuple[Environment, ...]:
        """The same circumstances for each lesion, what was read of a lesion shared by all that ask of it."""
        lesions = self._circumstances.lesions
        if self._parent is not None:
            return tuple(
                env._narrowed(self._circumstances, lesion, self._given, self._unsure)
                for env, lesion in zip(self._parent.each_lesion, lesions, strict=True)
            )
        return tuple(
            type(self)(self._circumstances, lesion, given=self._given, unsure=self._unsure) for lesion in lesions
        )

    def _ask(self, expression: Expression, label: str) -> Answer:
        if aged := list(self._at_ages(expression)):
            # The answer that holds at every age that the birth date leaves open (rulings 2.5); else that date is missing.
            answers = [env.ask(expression, label) for env in aged]
            if len({answer.truth for answer in answers}) == 1:
                return answers[0]
            return Answer(None, self._missing(self._people(expression), label))
        try:
            truth = expression.truth((), self.scope)
            if self._conflicts and (contested := [n for n in self.names(expression) if n in self._conflicts]):
                under_each = {truth, *self._under_each(expression, contested)}
                if len(under_each) > 1:
                    return Answer(None, tuple(self._contest(n) for n in contested))
            if truth is not None:
                return _MET if truth else _NOT_MET
            return Answer(None, self._missing(self._deciding(expression), label))
        except LimitExceeded:
            return Answer(None, (Missing(label or expression.text, Reason.LIMIT),))

    def recorded(self, expression: Expression) -> tuple[Evidence, ...]:
        """All data that an expression reads, whatever it makes of them; none of those that contradict each other."""
        needs = [n for n in sorted(self.names(expression)) if n in self._library.needs]
        return self._evidence([n for n in needs if not self.fact(n).alternatives])

    def held(self, name: str) -> tuple[Evidence, ...]:
        """What the chart holds of one variable, newest first."""
        return self._evidence([name])

    def gaps(self, name: str) -> tuple[Missing, ...]:
        """Why one variable may be unknown; nothing where it is recorded and was read whole."""
        return tuple(dict.fromkeys(self._gaps(name)))

    def told(self, texts: Iterable[Text]) -> tuple[Evidence, ...]:
        """The data that the placeholders of sentences show."""
        names: dict[str, None] = {}
        for text in texts:
            if render(text, self) is not None:
                for expression in expressions(text):
                    names |= dict.fromkeys(sorted(expression.variables))
        return self._evidence(list(names))

    def _people(self, expression: Expression) -> list[str]:
        """The names by which an expression reads the patient, as long as no age is settled on."""
        needs = self._library.needs
        return [
            name
            for name in sorted(self.names(expression))
            if name not in self._given
            and (name == "patient" or (name in needs and needs[name].resources == ("Patient",)))
        ]

    def _at_ages(self, expression: Expression) -> Iterator[Environment]:
        """The same circumstances at each age that the birth date leaves open, if the expression reads the patient."""
        if self._facts.possible_patients and (people := self._people(expression)):
            for patient in self._facts.possible_patients:
                yield self.with_given({name: [patient] for name in people})

    def _under_each(self, expression: Expression, contested: Sequence[str]) -> Iterator[Truth]:
        for name in contested:
            for alternative in self._conflicts[name]:
                yield expression.truth((), self.with_given({name: alternative}).scope)

    def _contest(self, name: str) -> Missing:
        label = self._library.labels.get(name, name)
        told = (
            [(name, found) for found in self.fact(name).alternatives]
            if name in self._library.needs
            else [(one.need, one.found) for one in self._statements(name)]
        )
        return Missing(label, Reason.CONFLICT, name, alternatives=tuple(self._one(n, f) for n, f in told))

    def names(self, expression: Expression) -> frozenset[str]:
        """All needs, findings, ranked facts and circumstances that an expression can read, through definitions."""
        return reach.read_by(self._library, expression)

    def _deciding(self, expression: Expression) -> list[str]:
        """The variables that decided an answer, definitions replaced by what decided them; in order of reading."""
        out: dict[str, None] = {}
        self._blame(expression, out)
        return list(out)

    def _blame(self, expression: Expression, out: dict[str, None]) -> None:
        # What does not branch was decided by all that it reads; only the rest is asked once more, side by side.
        names = expression.variables if expression.whole else expression.account((), self.scope).variables
        for name in sorted(names):
            if name in out:
                continue
            definition = self._library.definitions.get(name)
            if definition is not None and definition.shape.type in ("boolean", "System.Boolean"):
                self._blame(definition, out)
            else:
                out[name] = None

    # ------------------------------------------------------------------ why

    def _needs_of(self, name: str) -> list[str]:
        library = self._library
        if name in library.needs:
            return [name] if library.needs[name].resources != ("Patient",) else []
        if name in library.findings:
            return [s.need for s in library.findings[name].sources]
        if name in library.ranked:
            return list(library.ranked[name].needs)
        if name in library.definitions:
            inner = sorted(n for n in self.names(library.definitions[name]) if n not in library.definitions)
            return list(dict.fromkeys(need for n in inner for need in self._needs_of(n)))
        return []

    def _evidence(self, names: Sequence[str]) -> tuple[Evidence, ...]:
        found = {}
        for name in names:
            if name == "lesion" and self._lesion:
                for condition in self._lesion.conditions:
                    found[condition.reference] = self._one(self._library.lesions.conditions, condition)
            for need in self._needs_of(name):
                for one in self.fact(need).found[:EVIDENCE_LIMIT]:
                    found.setdefault(one.reference, self._one(need, one))
        return tuple(found.values())

    def _one(self, need: str, found: Found) -> Evidence:
        value = found.item.get("value", found.item.get("code"))
        said: Said = () if value is None else words(value)
        if isinstance(value, str):
            said = (value.replace("-", " "),)
        return Evidence(
            need,
            self._library.labels.get(need, need),
            said,
            found.day,
            found.reference,
            Charted(found.item.get("author", "")),
        )

    def _missing(self, names: Sequence[str], label: str) -> tuple[Missing, ...]:
        out: dict[tuple[str, Reason], Missing] = {}
        for name in names:
            for one in self._gaps(name):
                out.setdefault((one.item, one.reason), one)
        if not out:
            # Nothing read is empty, so what is missing is a part of what was read: the question itself names it.
            gap = Missing(label or (self._library.labels.get(names[0], names[0]) if names else ""), Reason.NOT_RECORDED)
            out[gap.item, gap.reason] = gap
        return tuple(out.values())

    def _gaps(self, name: str) -> Iterator[Missing]:
        """What is missing of one variable."""
        label = self._library.labels.get(name, name)
        if name in self._unsure:
            yield Missing(label, self._unsure[name])
        elif name == "site":
            yield from self._unset_flags()
        elif name == "patient" or (name in self._library.needs and not self._needs_of(name)):
            if (reason := self._patient_gap()) is not None:
                yield Missing(label, reason)
        elif name in ("lesion", "lesions") and self._lesion_unread(every=name == "lesions"):
            yield Missing(label, Reason.UNREAD)
        else:
            yield from self._needs_gaps(name, label)

    def _unset_flags(self) -> Iterator[Missing]:
        for flag in self._library.flags:
            if flag not in self._circumstances.site.flags:
                yield Missing(self._library.labels.get(f"site.{flag}", flag), Reason.NOT_CONFIGURED)

    def _patient_gap(self) -> Reason | None:
        if not self._facts.patient_read:
            return Reason.UNREAD
        patient = self._facts.patient
        return Reason.NOT_RECORDED if patient is None or "age" not in patient else None

    def _needs_gaps(self, name: str, label: str) -> Iterator[Missing]:
        """The gaps of the needs behind a variable, named as the group where all of it is absent."""
        facts = [self.fact(need) for need in self._needs_of(name)]
        absent = [f for f in facts if not f.found]
        unread = self._unread_behind(name, facts)
        if unread or name in self._library.needs:
            gaps = unread or absent
        else:
            # Of a group that is wholly absent the group is named, as too old if a part of it is on record; of one in part,
            # each part that is missing.
            stale = [f for f in absent if f.gap is Reason.STALE] or absent
            gaps = stale[:1] if len(absent) == len(facts) else absent
        whole = not unread and len(absent) == len(facts)
        for fact in gaps:
            days = fact.need.within if fact.gap is Reason.STALE else None
            yield Missing(label if whole else fact.need.label, fact.gap, fact.need.name, fact.stale, days)

    def _unread_behind(self, name: str, facts: Sequence[Fact]) -> list[Fact]:
        unread = [f for f in facts if isinstance(f.items, Incomplete)]
        if unread or name not in self._library.findings:
            return unread
        # What shows the finding was read; what may answer it was not.
        answers = [self.fact(need) for need in self._library.findings[name].answered]
        return [f for f in answers if isinstance(f.items, Incomplete)]

    def _lesion_unread(self, *, every: bool) -> bool:
        """Whether a member of the lesion, or of any, rests on something that could not be read."""
        asked = self._circumstances.lesions if every else [self._lesion] if self._lesion else []
        open_ = any(isinstance(v, Incomplete) for lesion in asked for v in lesion.item.values())
        return open_ or (every and not self._circumstances.complete)
