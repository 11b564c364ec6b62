"""What the expressions of one entry see: needs, definitions, findings, ranked facts, the lesion and the state, each read once.

An environment answers a question with its reasons: which data decided it (evidence) or would decide it (missing). Where two
statements contradict each other, a question is asked for each of them, and is UNKNOWN only if the answers differ (rulings 1.7).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fhirpath_spine.errors import LimitExceeded
from fhirpath_spine.fhirpath import Expression, Incomplete, Scope
from fhirpath_spine.pathway import findings, ranked, reach
from fhirpath_spine.pathway.decision import Evidence, Missing
from fhirpath_spine.pathway.facts import Fact, Facts
from fhirpath_spine.pathway.filing import Found
from fhirpath_spine.pathway.lesions import Lesion
from fhirpath_spine.pathway.model import Library, Site
from fhirpath_spine.pathway.texts import Charted, Said, Text, expressions, render, words
from fhirpath_spine.pathway.truth import Reason, Truth

EVIDENCE_LIMIT = 3
"""How many items of one need are named as evidence, newest first."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a question and what it rests on."""

    truth: Truth
    evidence: tuple[Evidence, ...] = ()
    missing: tuple[Missing, ...] = ()

    @property
    def unread(self) -> bool:
        """Whether something that could not be read is among what is missing."""
        return any(m.reason in (Reason.UNREAD, Reason.LIMIT) for m in self.missing)

    @property
    def conflict(self) -> bool:
        """Whether contradicting statements are among what is missing."""
        return any(m.reason is Reason.CONFLICT for m in self.missing)


_NOT_MET = Answer(False)


class Environment(Mapping[str, Sequence[Any]]):
    """The variables of one entry, computed when first read."""

    def __init__(
        self,
        library: Library,
        facts: Facts,
        site: Site,
        lesions: Sequence[Lesion],
        lesion: Lesion | None = None,
        *,
        lesions_complete: bool = True,
        given: Mapping[str, Sequence[Any]] | None = None,
        unsure: Mapping[str, Reason] | None = None,
        parent: Environment | None = None,
    ) -> None:
        self._library, self._facts, self._site = library, facts, site
        self._lesions, self._lesion, self._lesions_complete = lesions, lesion, lesions_complete
        self._given = dict(given or {})
        self._unsure = dict(unsure or {})
        self._values: dict[str, Sequence[Any]] = dict(self._given)
        self._answers: dict[Expression, Answer] = {}
        self._parent = parent
        self._changed = reach.affected(library, frozenset(self._given)) if parent is not None else frozenset()
        self._conflicts: dict[str, Sequence[Sequence[Any]]] = parent._conflicts if parent is not None else {}
        self._at = facts.at.astimezone(facts.zone)

    def with_given(self, given: Mapping[str, Sequence[Any]], unsure: Mapping[str, Reason] | None = None) -> Environment:
        """The same circumstances with further variables fixed. What they do not touch is read once for both.

        ``unsure`` says of a variable why it may not be what it seems, should it turn out to decide something.
        """
        return Environment(
            self._library,
            self._facts,
            self._site,
            self._lesions,
            self._lesion,
            lesions_complete=self._lesions_complete,
            given={**self._given, **given},
            unsure={**{k: v for k, v in self._unsure.items() if k not in given}, **(unsure or {})},
            parent=self,
        )

    @property
    def scope(self) -> Scope:
        """What an expression sees. Made when asked for: kept, it and the environment would hold each other in memory."""
        return Scope(self, at=self._at)

    # ------------------------------------------------------------------ reading a variable

    def __getitem__(self, name: str) -> Sequence[Any]:
        value = self._values.get(name)
        if value is None:
            inherited = self._parent if name not in self._changed else None
            value = self._values[name] = self._compute(name) if inherited is None else inherited[name]
        return value

    def __iter__(self) -> Iterator[str]:
        return iter((*self._library.needs, *self._library.definitions, *self._library.findings, *self._library.ranked))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _compute(self, name: str) -> Sequence[Any]:
        library = self._library
        if name in library.needs:
            if library.needs[name].resources == ("Patient",):
                return self._patient()
            return self.fact(name).items
        if name in library.definitions:
            return library.definitions[name].evaluate((), self.scope)
        if name in library.findings:
            return [self._finding(name)]
        if name in library.ranked:
            return self._ranked(name)
        return self._circumstance(name)

    def _circumstance(self, name: str) -> Sequence[Any]:
        match name:
            case "lesion":
                return [self._lesion.item] if self._lesion else []
            case "lesions":
                items = [x.item for x in self._lesions]
                return items if self._lesions_complete else Incomplete(items)
            case "patient":
                return self._patient()
            case "site":
                return [{**self._site.flags, "approved_variants": list(self._site.variants)}]
            case "conflicts":
                return [n for n in (*self._judgements(), *self._library.ranked) if self._contested(n)]
            case "chart":
                return [dict(self._facts.counts)]
            case _:
                if name in self._unsure:
                    return Incomplete()
                raise KeyError(name)

    def _judgements(self) -> Iterator[str]:
        return (n for n, need in self._library.needs.items() if need.conflict)

    def _contested(self, name: str) -> bool:
        self[name]  # reading it finds its alternatives
        return name in self._conflicts

    def _patient(self) -> Sequence[Any]:
        if self._facts.patient is not None:
            return [self._facts.patient]
        return [] if self._facts.patient_read else Incomplete()

    def fact(self, name: str) -> Fact:
        """The fact of a need for this entry."""
        fact = self._facts.resolve(name, self._lesion.key if self._lesion else None)
        if fact.alternatives and name not in self._conflicts and name not in self._given:
            self._conflicts[name] = [[f.item] for f in fact.alternatives]
        return fact

    def _finding(self, name: str) -> dict[str, Any]:
        finding = self._library.findings[name]
        item = findings.assess(finding, self._found, self._facts.today, self._on_item)
        if any(isinstance(self.fact(s.need).items, Incomplete) for s in finding.sources):
            # What could not be read may hold an onset, or a newer course: only a present finding is sure. The gate
            # takes what was read inside the window as pressing all the same (rulings 1.6, 2.5).
            shown = {"present": True} if item["present"] else {}
            return {**shown, "pressing": True} if item["new"] else shown
        if item["open"] and any(isinstance(self.fact(n).items, Incomplete) for n in finding.answered):
            # An answer to the deficit may stand in what could not be read.
            del item["open"]
        if item["new"] or "open" in item:
            item["pressing"] = item["new"] or item["open"]
        return item

    def _found(self, need: str) -> Sequence[Found]:
        return self.fact(need).found

    def _ranked(self, name: str) -> Sequence[Any]:
        result = ranked.assess(self._library.ranked[name], self.fact, self._on_item)
        if len(result) > 1:
            self._conflicts[name] = [[value] for value in result]
        sources = self._library.ranked[name].sources
        open_ = any(isinstance(self.fact(s.need).items, Incomplete) for s in sources)
        return Incomplete(result[:1]) if open_ else result[:1]

    def _on_item(self, expression: Expression, item: Any) -> Any:
        values = expression.evaluate([item], self.scope)
        return values[0] if len(values) == 1 else None

    # ------------------------------------------------------------------ asking

    def read(self, expression: Expression) -> Sequence[Any]:
        """The value of an expression; empty when a budget is spent."""
        try:
            return expression.evaluate((), self.scope)
        except LimitExceeded:
            return []

    def rejected(self, need: str) -> Sequence[Said]:
        """The rejections of a need in the words of the phrase book."""
        phrases = self._library.phrases
        return [
            (phrases.get(f"rejected-{r.reason}", r.reason),)
            if not r.value
            else (*r.value, " ", phrases.get(f"rejected-{r.reason}", r.reason))
            for r in self._facts.rejections([need])
        ]

    def ask(self, expression: Expression, label: str = "") -> Answer:
        """The answer to a criterion, with its evidence if decided and with what is missing if not."""
        answer = self._answers.get(expression)
        if answer is None:
            answer = self._answers[expression] = self._ask(expression, label)
        return answer

    def _ask(self, expression: Expression, label: str) -> Answer:
        try:
            truth = expression.truth((), self.scope)
            if self._conflicts and (contested := [n for n in self.names(expression) if n in self._conflicts]):
                answers = {truth, *self._under_each(expression, contested)}
                if len(answers) > 1:
                    return Answer(None, missing=tuple(self._contest(n) for n in contested))
            if truth is False:
                return _NOT_MET
            names = self._deciding(expression)
        except LimitExceeded:
            return Answer(None, missing=(Missing(label or expression.text, Reason.LIMIT),))
        if truth is None:
            return Answer(None, missing=self._missing(names, label))
        return Answer(True, evidence=self._evidence(names))

    def recorded(self, expression: Expression) -> tuple[Evidence, ...]:
        """All data that an expression reads, whatever it makes of them; none of those that contradict each other."""
        needs = [n for n in sorted(self.names(expression)) if n in self._library.needs]
        return self._evidence([n for n in needs if not self.fact(n).alternatives])

    def told(self, texts: Iterable[Text]) -> tuple[Evidence, ...]:
        """The data that the placeholders of sentences show."""
        names: dict[str, None] = {}
        for text in texts:
            if render(text, self) is not None:
                for expression in expressions(text):
                    names |= dict.fromkeys(sorted(expression.variables))
        return self._evidence(list(names))

    def _under_each(self, expression: Expression, contested: Sequence[str]) -> Iterator[Truth]:
        for name in contested:
            for alternative in self._conflicts[name]:
                yield expression.truth((), self.with_given({name: alternative}).scope)

    def _contest(self, name: str) -> Missing:
        label = self._library.labels.get(name, name)
        needs = [name] if name in self._library.needs else [s.need for s in self._library.ranked[name].sources]
        found = [f for n in needs for f in (self.fact(n).alternatives or self.fact(n).found[:1])]
        return Missing(
            label,
            Reason.CONFLICT,
            name,
            alternatives=tuple(
                self._one(n, f) for n in needs for f in found if f.item.get("label") == self._library.needs[n].label
            ),
        )

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
            return [s.need for s in library.ranked[name].sources]
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
        label = self._library.labels.get(name, name)
        if name in self._unsure:
            yield Missing(label, self._unsure[name])
        elif name == "site":
            yield from (
                Missing(self._library.labels.get(f"site.{f}", f), Reason.NOT_CONFIGURED)
                for f in self._library.flags
                if f not in self._site.flags
            )
        elif name == "patient" or (name in self._library.needs and not self._needs_of(name)):
            if not self._facts.patient_read:
                yield Missing(label, Reason.UNREAD)
            elif self._facts.patient is None or "age" not in self._facts.patient:
                yield Missing(label, Reason.NOT_RECORDED)
        elif (name == "lesions" and not self._lesions_complete) or (name == "lesion" and self._lesion_unread()):
            yield Missing(label, Reason.UNREAD)
        else:
            needs = self._needs_of(name)
            facts = [self.fact(need) for need in needs]
            unread = [f for f in facts if isinstance(f.items, Incomplete)]
            if name in self._library.findings and not unread:
                # What shows the finding was read; what may answer it was not.
                answers = [self.fact(need) for need in self._library.findings[name].answered]
                unread = [f for f in answers if isinstance(f.items, Incomplete)]
            absent = [f for f in facts if not f.found]
            if unread or name in self._library.needs:
                gaps = unread or absent
            else:
                # Of a group that is wholly absent the group is named; of one in part, each part that is missing.
                gaps = absent[:1] if len(absent) == len(facts) else absent
            for fact in gaps:
                whole = not unread and len(absent) == len(facts)
                days = fact.need.within if fact.gap is Reason.STALE else None
                yield Missing(label if whole else fact.need.label, fact.gap, fact.need.name, fact.stale, days)

    def _lesion_unread(self) -> bool:
        """Whether a member of the lesion rests on something that could not be read."""
        return self._lesion is not None and any(isinstance(v, Incomplete) for v in self._lesion.item.values())
