"""Why an answer is what it is: the data behind a variable as evidence, and what is missing of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fhirpath_spine.fhirpath import Expression, Incomplete, Quantity
from fhirpath_spine.pathway.asking import reach
from fhirpath_spine.pathway.asking.variables import Variables
from fhirpath_spine.pathway.decision import Evidence, Missing
from fhirpath_spine.pathway.facts.facts import Fact
from fhirpath_spine.pathway.facts.filing import Found
from fhirpath_spine.pathway.sentences import Charted, Said, words
from fhirpath_spine.pathway.truth import Reason

EVIDENCE_LIMIT = 3
"""How many items of one need are named as evidence, newest first."""


class Reasons(Variables):
    """The variables of one entry, and what there is to say of each."""

    def names(self, expression: Expression) -> frozenset[str]:
        """All needs, findings, ranked facts and circumstances that an expression can read, through definitions."""
        return reach.read_by(self._library, expression)

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
            for one in self._half_told(names):
                out.setdefault((one.item, one.reason), one)
        if not out:
            # Nothing read is empty, so what is missing is a part of what was read: the question itself names it.
            gap = Missing(label or (self._library.labels.get(names[0], names[0]) if names else ""), Reason.NOT_RECORDED)
            out[gap.item, gap.reason] = gap
        return tuple(out.values())

    def _half_told(self, names: Sequence[str]) -> Iterator[Missing]:
        """What was read, and does not tell enough: a value that is a limit, a date that no one can read."""
        for need in dict.fromkeys(need for name in names for need in self._needs_of(name)):
            fact = self.fact(need)
            for found in fact.found[:EVIDENCE_LIMIT]:
                value = found.item.get("value")
                if isinstance(value, Quantity) and value.comparator:
                    said = "".join(map(str, words(value)))
                    yield Missing(f"{fact.need.label} {said}", Reason.BOUNDED, need, found.day)
                elif found.undecided:
                    yield Missing(fact.need.label, Reason.UNREAD, need)

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
