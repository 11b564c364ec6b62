"""What a resource is about, as the needs of a library and the tables of a site read it: settled once, for all charts.

Charts say the same few things over and over. What a code means depends on the library and the site alone, so that it is looked
up once and kept; what else a resource says is read of each.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from operator import is_
from typing import Any

from fhirpath_spine.fhirpath import ValueSet
from fhirpath_spine.pathway.facts import reading
from fhirpath_spine.pathway.facts.answers import answer
from fhirpath_spine.pathway.facts.needs import Coding, Matcher, known
from fhirpath_spine.pathway.facts.recognising import Recognised, Recognition, recognise, still_doubted
from fhirpath_spine.pathway.facts.signs import NO_SIGNS, Signs
from fhirpath_spine.pathway.facts.spelling import PLAIN, Spelling
from fhirpath_spine.pathway.facts.words import Words, for_site

NOTHING_KNOWN, NO_WORDS = Recognition(), for_site({}, ())
"""Of a library that declares no tables and no words: nothing raises a doubt."""
UNCODED, NEOPLASM, MEDICATION = "uncoded", "unrecognisedNeoplasms", "unrecognisedMedications"
"""What is counted of resources that no need reads (rulings 2.2)."""


@dataclass(frozen=True, slots=True)
class Matter:
    """What a concept means, whatever else its resource says.

    ``plain``: it stands as it is read, and holds nothing but codings and words. ``codes`` are its codings in their one form, the
    site's translations among them; ``needs`` those that they answer. ``counted`` is under which count it falls, if any. ``seen``
    is how an entry that no code of a need reads is recognised by its codes and words; None for one that is read, or says that
    there is nothing. ``suspected`` is what it may be though it cannot be used.
    """

    plain: bool
    codes: tuple[Coding, ...]
    needs: tuple[str, ...]
    counted: str
    seen: Recognised | None
    suspected: frozenset[str]


_LIMIT, _CODINGS, _LONGEST = 10_000, 8, 512
"""What is worth keeping: a chart must not fill the memory of the process."""
_MEMBERS = frozenset({"system", "code", "display", "version", "userSelected"})


@dataclass(frozen=True, slots=True)
class Matters:
    """All that tells what a resource is about. Safe to share: its only state is a bounded cache.

    ``code_map`` are the site's translations; ``recognised`` the value sets that tell a known entry from one that no table knows,
    by role.
    """

    matcher: Matcher
    code_map: Mapping[Coding, Coding] = field(default_factory=dict)
    recognised: Mapping[str, ValueSet | None] = field(default_factory=dict)
    spelling: Spelling = PLAIN
    recognition: Recognition = NOTHING_KNOWN
    words: Words = field(default_factory=lambda: NO_WORDS)
    signs: Signs = NO_SIGNS
    _kept: dict[tuple[Any, ...], Matter] = field(default_factory=dict, compare=False, repr=False)

    def of(self, kind: str, concept: Any) -> Matter:
        """What a resource of a type is about whose concept this is."""
        key = _key(kind, concept)
        if key is None:
            return self._settle(kind, concept, short=False)
        try:
            found = self._kept.get(key)
        except TypeError:  # something stands there that is no text
            return self._settle(kind, concept, short=False)
        if found is None:
            found = self._settle(kind, concept, short=True)
            if sum(len(part) for part in key if isinstance(part, str)) <= _LONGEST:
                if len(self._kept) >= _LIMIT:
                    self._kept.clear()
                self._kept[key] = found
        return found

    def read(self, value: Any, but: str = "") -> Any:
        """JSON with each coding in its one form and the site's translations beside it; the same object where none is needed.

        ``but`` is a member of which that is known.
        """
        spelt = self.spelling.read(value, but)
        return self._mapped(spelt) if self.code_map else spelt

    def with_answer(self, resource: Any, needs: Iterable[str]) -> Any:
        """An Observation whose value is a text that the site binds to an answer of one of these needs, with that answer; else the
        very same one. The whole text is bound, and no part of it.
        """
        concept = resource.get("valueCodeableConcept")
        text = resource.get("valueString", concept.get("text") if isinstance(concept, dict) else None)
        if not self.code_map or not isinstance(text, str) or any(True for _ in reading.codings(concept)):
            return resource
        said = [a for name in needs if (a := answer(name, text)) is not None and a in self.code_map]
        if not said:
            return resource
        coded = [{"system": system, "code": code} for system, code in dict.fromkeys(self.code_map[a] for a in said)]
        rest = {name: value for name, value in resource.items() if name != "valueString"}
        return {**rest, "valueCodeableConcept": {"coding": coded, "text": text}}

    def _settle(self, kind: str, told: Any, *, short: bool) -> Matter:
        concept = self.read(told)
        codes = tuple(reading.codings(concept))
        needs = self.matcher.needs(kind, codes)
        none = self._says_none(codes)
        seen = None
        if not none and not self.matcher.coded(kind, codes):
            seen = recognise(self.recognition, self.words, kind, concept, codes)
        suspected = still_doubted(self.recognition, codes) if kind == "Condition" else frozenset[str]()
        return Matter(
            short and concept is told,
            codes,
            needs,
            "" if none else self._counted(kind, concept, codes, needs),
            seen,
            suspected,
        )

    def _says_none(self, codes: tuple[Coding, ...]) -> bool:
        """Whether an entry says that there is nothing, or that nothing is known: it is about no datum."""
        signs = self.signs
        return any(code.lower() in signs.none_known or code.lower() in signs.no_information for _, code in codes)

    def _counted(self, kind: str, concept: Any, codes: tuple[Coding, ...], needs: tuple[str, ...]) -> str:
        if needs and codes:
            return ""
        if (
            kind in ("Condition", "Observation", "Procedure")
            and not self.matcher.readable(codes)
            and (kind == "Condition" or concept)
        ):
            return UNCODED
        if kind == "Condition" and not needs:
            chapter, tables = self.recognised.get("chapter"), self.recognised.get("neoplasms")
            return NEOPLASM if known(chapter, codes) and not known(tables, codes) else ""
        if kind in reading.MEDICATIONS and not needs:
            drugs, others = self.recognised.get("medications"), self.recognition.known.get(kind)
            return "" if known(drugs, codes) or known(others, codes) else MEDICATION
        return ""

    def _mapped(self, value: Any) -> Any:
        """The value with the site's translations beside its own codings; the same object where it has none."""
        if type(value) is list:
            items = [self._mapped(one) for one in value]
            return value if all(map(is_, items, value)) else items
        if type(value) is not dict:
            return value
        changed = {k: new for k, v in value.items() if type(v) in (dict, list) and (new := self._mapped(v)) is not v}
        if isinstance(value.get("coding"), list):
            added = [self.code_map[c] for c in reading.codings(value) if c in self.code_map]
            if added:
                own: list[Any] = changed.get("coding") or value["coding"]
                changed["coding"] = [*own, *({"system": system, "code": code} for system, code in added)]
        return {**value, **changed} if changed else value


def _key(kind: str, concept: Any) -> tuple[Any, ...] | None:
    """All of a concept that tells what it means; None where it stands in another form than nearly all do."""
    if type(concept) is not dict or type(coded := concept.get("coding")) is not list or len(coded) > _CODINGS:
        return None
    if len(concept) > (2 if "text" in concept else 1):
        return None
    parts = [kind, concept.get("text")]
    for coding in coded:
        if type(coding) is not dict:
            return None
        told = coding.get("system"), coding.get("code"), coding.get("display")
        if len(coding) > 3 - told.count(None) and not coding.keys() <= _MEMBERS:
            return None
        parts += told
    return tuple(parts)
