"""What the expressions of one entry can read: needs, definitions, findings, ranked facts, the lesion and the state.

Each is computed when first read; what a narrower environment does not change is read once for both.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Self

from fhirpath_spine.errors import LimitExceeded
from fhirpath_spine.fhirpath import Expression, Incomplete, Scope
from fhirpath_spine.pathway.asking import derived, reach
from fhirpath_spine.pathway.asking.circumstances import Circumstances
from fhirpath_spine.pathway.facts.facts import Fact
from fhirpath_spine.pathway.facts.filing import NOT_UNDERSTOOD, Found
from fhirpath_spine.pathway.lesions.lesion import Lesion
from fhirpath_spine.pathway.sentences import WORDS, Said
from fhirpath_spine.pathway.truth import Reason

_UNCLEAR = NOT_UNDERSTOOD | {"no-status"}
"""What keeps a finding from being excluded: its value may be anything, or nobody can tell whether it counts."""


class Variables(Mapping[str, Sequence[Any]]):
    """The variables of one entry, computed when first read."""

    def __init__(
        self,
        circumstances: Circumstances,
        lesion: Lesion | None = None,
        *,
        given: Mapping[str, Sequence[Any]] | None = None,
        unsure: Mapping[str, Reason] | None = None,
        parent: Self | None = None,
    ) -> None:
        self._circumstances, self._lesion, self._parent = circumstances, lesion, parent
        self._library, self._facts = circumstances.library, circumstances.facts
        self._given = dict(given or {})
        self._unsure = dict(unsure or {})
        self._values: dict[str, Sequence[Any]] = dict(self._given)
        self._changed: frozenset[str] = frozenset()
        self._conflicts: dict[str, Sequence[Sequence[Any]]] = {}
        self._said: dict[Expression, Sequence[Any]] = {}
        if parent is not None:
            told = {*self._given, *self._unsure}
            if parent._circumstances is not circumstances:
                told |= {"lesion", "lesions"}
            self._changed = reach.affected(self._library, frozenset(told))
            self._conflicts = parent._conflicts
        self._at = self._facts.at.astimezone(self._facts.zone)

    def with_given(self, given: Mapping[str, Sequence[Any]], unsure: Mapping[str, Reason] | None = None) -> Self:
        """The same circumstances with further variables fixed. What they do not touch is read once for both.

        ``unsure`` says of a variable why it may not be what it seems, should it turn out to decide something.
        """
        return self._narrowed(self._circumstances, self._lesion, given, unsure or {})

    def once_known(self, circumstances: Circumstances, lesion: Lesion | None = None) -> Self:
        """The same question once more is known of the lesions; ``lesion`` is this one as it is then."""
        return self._narrowed(circumstances, lesion, {}, {})

    def _narrowed(
        self,
        circumstances: Circumstances,
        lesion: Lesion | None,
        given: Mapping[str, Sequence[Any]],
        unsure: Mapping[str, Reason],
    ) -> Self:
        return type(self)(
            circumstances,
            lesion,
            given={**self._given, **given},
            unsure={**{k: v for k, v in self._unsure.items() if k not in given}, **unsure},
            parent=self,
        )

    @property
    def circumstances(self) -> Circumstances:
        """What all that is asked of this chart shares."""
        return self._circumstances

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
        if name in library.definitions or name in library.findings or name in library.ranked:
            return self._derived(name)
        return self._circumstance(name)

    def _derived(self, name: str) -> Sequence[Any]:
        untold = self._circumstances.untold
        if not self._tells_nothing_of(untold.stands_on(self._library, name)):
            return self._derive(name)
        value = untold.values.get(name)
        if value is None:
            value = untold.values[name] = self._derive(name)
        return value

    def _derive(self, name: str) -> Sequence[Any]:
        library = self._library
        if name in library.definitions:
            return library.definitions[name].evaluate((), self.scope)
        return [self._finding(name)] if name in library.findings else self._ranked(name)

    def _tells_nothing_of(self, asked: frozenset[str] | None) -> bool:
        """Whether the chart tells nothing of what is asked, so that the answer is that of any such chart."""
        return (
            asked is not None
            and asked.isdisjoint(self._circumstances.told)
            and asked.isdisjoint(self._given)
            and asked.isdisjoint(self._unsure)
        )

    def _circumstance(self, name: str) -> Sequence[Any]:
        match name:
            case "lesion":
                return [self._lesion.item] if self._lesion else []
            case "lesions":
                items = [x.item for x in self._circumstances.lesions]
                return items if self._circumstances.complete else Incomplete(items)
            case "patient":
                return self._patient()
            case "site":
                site = self._circumstances.site
                return [{**site.flags, "approved_variants": list(site.variants)}]
            case "conflicts":
                return [n for n in (*self._judgements(), *self._library.ranked) if self._contested(n)]
            case "chart":
                unknown = [one.called for one in self._facts.orders if not one.recognised]
                named = [called for called in unknown if called]
                told = {"ordersNotRecognised": named, "ordersWithoutName": len(unknown) - len(named)}
                return [{**self._facts.counts, **told}]
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
        item = derived.deficit(finding, self._found, self._facts.today, self._on_item)
        blurred = [r for s in finding.sources for r in self.fact(s.need).rejected if r.reason in _UNCLEAR]
        item["unreadable"] = derived.unreadable(finding, self._found, blurred, self._facts.today)
        if any(isinstance((f := self.fact(s.need)).items, Incomplete) and not f.blurred for s in finding.sources):
            # What could not be read may hold an onset, or a newer course: only a present finding is sure. The gate
            # takes what was read inside the window as pressing all the same (rulings 1.6, 2.5).
            shown = {"unreadable": item["unreadable"], **({"present": True} if item["present"] else {})}
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
        result = [one.answer for one in self._statements(name)]
        if len(result) > 1:
            self._conflicts[name] = [[answer] for answer in result]
        open_ = any(isinstance(self.fact(need).items, Incomplete) for need in self._library.ranked[name].needs)
        return Incomplete(result[:1]) if open_ else result[:1]

    def _statements(self, name: str) -> Sequence[derived.Statement]:
        return derived.ranked(self._library.ranked[name], self.fact, self._on_item)

    def _on_item(self, expression: Expression, item: Any) -> Any:
        values = expression.evaluate([item], self.scope)
        return values[0] if len(values) == 1 else None

    def read(self, expression: Expression) -> Sequence[Any]:
        """The value of an expression; empty when a budget is spent."""
        value = self._said.get(expression)
        if value is None:
            try:
                value = expression.evaluate((), self.scope)
            except LimitExceeded:
                value = []
            self._said[expression] = value
        return value

    def rejected(self, need: str) -> Sequence[Said]:
        """The rejections of a need in the words of the phrase book."""
        return [
            (*r.value, " ", why) if r.value else (why,)
            for r in self._facts.rejections([need])
            for why in (self.phrase(f"rejected-{r.reason}", r.reason),)
        ]

    def enumeration(self, names: Sequence[str]) -> str:
        """Names of ours after one another, as many as a summary has room for; the first always."""
        kept: list[str] = []
        for name in dict.fromkeys(names):
            if kept and len(", ".join((*kept, name))) > WORDS:
                break
            kept.append(name[:1].lower() + name[1:] if name[1:2].islower() else name)
        last = self.phrase("and", "and")
        return f" {last} ".join([", ".join(kept[:-1]), kept[-1]]) if len(kept) > 1 else "".join(kept)

    def of_verdict(self, name: str) -> str:
        """Nothing: only a verdict tells of itself."""
        del name
        return ""

    def phrase(self, key: str, default: str = "") -> str:
        """A fixed sentence of the phrase book; the default where a set has none of that name."""
        return str(self._library.phrases.get(key, default))
