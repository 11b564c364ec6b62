"""Questions asked of one entry, answered with their reasons: what would decide them (missing), or what decided them (evidence,
which is only gathered for whoever shows it).

Where two statements contradict each other, a question is asked for each of them, and is UNKNOWN only if the answers differ
(rulings 1.7).

It is long because each answer and each reason is asked of the same variables.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

from fhirpath_spine.errors import LimitExceeded
from fhirpath_spine.fhirpath import Expression, some
from fhirpath_spine.pathway.asking.reasons import Reasons
from fhirpath_spine.pathway.decision import Evidence, Missing
from fhirpath_spine.pathway.sentences import Text, expressions, render
from fhirpath_spine.pathway.truth import Reason, Truth


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


class Environment(Reasons):
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
            answer = self._answers[expression] = self._answered(expression, label)
        return answer

    def _answered(self, expression: Expression, label: str) -> Answer:
        untold = self._circumstances.untold
        if not self._tells_nothing_of(untold.asks(self._library, expression)):
            return self._ask(expression, label)
        answer: Answer | None = untold.answers.get((expression, label))
        if answer is None:
            answer = untold.answers[expression, label] = self._ask(expression, label)
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

    def decided_by(self, expression: Expression) -> tuple[str, ...]:
        """The variables that decided the answer to a criterion, or left it open; of a definition that is a question, its own."""
        env = next(self._at_ages(expression), self)
        try:
            return tuple(env._deciding(expression))
        except LimitExceeded:
            return ()

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
            return Answer(None, (Missing(label or expression.filled, Reason.LIMIT),))

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
