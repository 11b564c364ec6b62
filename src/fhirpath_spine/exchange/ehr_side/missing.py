"""What a site's charts send and no table reads: codes, and answers written as text, counted. For ``codes missing``.

A resource is looked at and let go; what is kept is bounded by :data:`MOST`.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from fhirpath_spine.exchange import Json
from fhirpath_spine.exchange.outgoing.markdown import clean
from fhirpath_spine.fhirpath import ValueSet
from fhirpath_spine.pathway.facts.answers import SYSTEM as ANSWERS
from fhirpath_spine.pathway.facts.answers import answer
from fhirpath_spine.pathway.facts.needs import Coding, Matcher, Need
from fhirpath_spine.pathway.facts.reading import codings, concept_of, items, medication_concepts
from fhirpath_spine.pathway.facts.text import fold, tokens
from fhirpath_spine.pathway.model import Library, Site

MOST = 100_000
"""Different codes that are kept apart; further ones are counted together."""
DISPLAY = 200
COLUMNS = ("system", "code", "count", "nearest", "to", "claim", "when")
"""``nearest`` is the name of a datum that may be meant; ``to``, ``claim`` and ``when`` are for the site to fill in."""
ANSWERED = frozenset({"word", "integer", "boolean"})
"""Kinds of values that a text may answer."""
_DRUGS = ("MedicationRequest", "MedicationStatement", "MedicationAdministration")
_LEAST = 3
"""Characters that two codes of one chapter share at the least, and that a word has that says something."""


@dataclass(frozen=True, slots=True)
class Gap:
    """One code that no table reads, how often it was sent, and what may be meant."""

    system: str
    code: str
    count: int
    nearest: str
    display: str = field(repr=False)

    @property
    def is_text(self) -> bool:
        """Whether it is an answer that the chart writes as text."""
        return self.system.startswith(ANSWERS)


class Missing:
    """Takes resources, of any patients and in any order, and counts what no table of a library reads at a site."""

    def __init__(self, library: Library, site: Site, most: int = MOST) -> None:
        self._needs = {name: need for name, need in library.needs.items() if need.codes is not None}
        self._matcher = Matcher(self._needs)
        self._mapped, self._most = site.code_map, most
        sets = library.value_sets.values()
        prefixes: dict[str, list[str]] = {}
        for one in sets:
            for system, found in one.prefixes.items():
                prefixes.setdefault(system, []).extend(found)
        self._known = ValueSet("known", frozenset().union(*(one.members for one in sets)), prefixes)
        self._counts: Counter[Coding] = Counter()
        self._displays: dict[Coding, str] = {}
        self._kinds: dict[Coding, str] = {}
        self.further = self.uncoded = self.read = 0
        """Codes beyond those that are kept, resources without any code, and resources looked at."""

    @property
    def types(self) -> tuple[str, ...]:
        """Resource types that some need reads by code, and the drugs that orders refer to."""
        kinds = sorted({kind for need in self._needs.values() for kind in need.resources})
        return (*kinds, "Medication") if any(kind in _DRUGS for kind in kinds) else tuple(kinds)

    def take(self, resource: Json) -> None:
        """Looks at one resource; one of another type counts for nothing."""
        kind = resource.get("resourceType")
        if kind not in self.types:
            return
        self.read += 1
        kinds = [k for k in _DRUGS if k in self.types] if kind == "Medication" else [str(kind)]
        concept: Any = medication_concepts(resource) if kind == "Medication" else concept_of(resource)
        if isinstance(concept, dict) and "reference" in concept:
            return  # the drug it names comes as a Medication
        codes = [*codings(concept)]
        names = {name for k in kinds for name in self._matcher.needs(k, [*codes, *self._means(codes)])}
        if not codes:
            self.uncoded += bool(concept)
        elif not names:
            self._note(concept, kinds[0])
        for name in sorted(names):
            self._answers(self._needs[name], resource)
        for part in items(resource.get("component")):
            if isinstance(part, dict) and names:
                self._note(part.get("code"), kinds[0])
        self._note(resource.get("bodySite"), kinds[0])

    def _means(self, codes: Iterable[Coding]) -> list[Coding]:
        return [self._mapped[code] for code in codes if code in self._mapped]

    def _answers(self, need: Need, resource: Json) -> None:
        """What stands as the value of a need that is answered by words."""
        if need.value is None or need.value.kind not in ANSWERED:
            return
        concept = resource.get("valueCodeableConcept")
        codes = [*codings(concept)]
        if not codes:
            text = resource.get("valueString", concept.get("text") if isinstance(concept, dict) else None)
            said = answer(need.name, text) if isinstance(text, str) else None
            if said is not None and said not in self._mapped:
                self._count(said, clean(str(text)), need.name)
        elif not any(code in need.value.answers for code in [*codes, *self._means(codes)]):
            self._note(concept, need.name)

    def _note(self, concept: Any, kind: str) -> None:
        """Counts the codes of a concept that no table holds and no translation takes."""
        for one in items(concept):
            for coding in items(one.get("coding")) if isinstance(one, dict) else ():
                for code in codings(coding):
                    if code not in self._mapped and not self._known.contains(*code):
                        display = coding.get("display", one.get("text"))
                        self._count(code, clean(display) if isinstance(display, str) else "", kind)

    def _count(self, code: Coding, display: str, kind: str) -> None:
        if code not in self._counts and len(self._counts) >= self._most:
            self.further += 1
            return
        self._counts[code] += 1
        self._kinds.setdefault(code, kind)
        if display and code not in self._displays:
            self._displays[code] = display[:DISPLAY]

    def gaps(self) -> Iterator[Gap]:
        """What was counted, the most frequent first."""
        nearest = _Nearest(self._needs)
        for code, count in sorted(self._counts.items(), key=lambda item: (-item[1], item[0])):
            display, kind = self._displays.get(code, ""), self._kinds[code]
            near = kind if kind in self._needs else nearest.of(code, display, kind)
            yield Gap(*code, count, near, display)


class _Nearest:
    """Which datum a code may mean: one whose name shares the most telling words with its display, else a neighbour's."""

    def __init__(self, needs: Mapping[str, Need]) -> None:
        self._needs = needs
        self._by_word: dict[str, set[str]] = {}
        self._said: dict[str, int] = {}
        for name, need in needs.items():
            words = _telling(f"{name} {need.label}")
            self._said[name] = len(words)
            for word in words:
                self._by_word.setdefault(word, set()).add(name)
        self._neighbours: dict[tuple[str, str], set[str]] = {}
        for name, need in needs.items():
            for system, code in _codes(need):
                if code[:1].isalpha():
                    self._neighbours.setdefault((system, code[:_LEAST]), set()).add(name)

    def of(self, code: Coding, display: str, kind: str) -> str:
        """The name of a need of that resource type, empty if none is near."""
        scores: Counter[str] = Counter()
        for word in _telling(display):
            names = self._by_word.get(word, ())
            for name in names:
                scores[name] += 1000 // len(names)
        found = scores or Counter(dict.fromkeys(self._neighbours.get((code[0], code[1][:_LEAST]), ()), 1))
        ours = {name: score for name, score in found.items() if kind in self._needs[name].resources}
        return min(ours, key=lambda name: (-ours[name], self._said[name], name)) if ours else ""


def _codes(need: Need) -> Iterator[Coding]:
    if need.codes is not None:
        yield from need.codes.members
        yield from ((system, code) for system, codes in need.codes.prefixes.items() for code in codes)


def _telling(text: str) -> set[str]:
    return {token.text for token in tokens(fold(text)) if len(token.text) > _LEAST}


def table(gaps: Iterable[Gap], *, with_text: bool) -> str:
    """The gaps as the CSV that ``code_map`` takes back. Without ``with_text`` no word of a chart stands in it: neither displays
    nor answers that are text.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*COLUMNS, *(["display"] if with_text else [])])
    for gap in gaps:
        if with_text:
            writer.writerow([gap.system, gap.code, gap.count, gap.nearest, "", "", "", _harmless(gap.display)])
        elif not gap.is_text:
            writer.writerow([gap.system, gap.code, gap.count, gap.nearest, "", "", ""])
    return out.getvalue()


def _harmless(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text
