"""What an entry may be that no need reads: known and elsewhere, perhaps a cancer, perhaps a deficit, or simply not recognised.

A known code wins over its display. Of an entry that no table knows, the words may raise a doubt; they never settle one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

from fhirpath_spine.fhirpath import ValueSet
from fhirpath_spine.pathway.facts import reading
from fhirpath_spine.pathway.facts.chart import Resource
from fhirpath_spine.pathway.facts.ledger import Way
from fhirpath_spine.pathway.facts.needs import Coding, known
from fhirpath_spine.pathway.facts.words import Doubt as Suspicion
from fhirpath_spine.pathway.facts.words import Words
from fhirpath_spine.pathway.sentences import Charted


class Doubt(StrEnum):
    """What a need that collects doubts asks for: entries that no table knows. Their words, class or chapter may mean a cancer
    (strong, weak), a tumour of the spine by its name or its site (spinal), or a deficit; or they are allergies. A tumour of the
    spine that is known and cannot be used is unusable, a tumour at a body site that nobody can place is unplaced. The gravest
    comes first.
    """

    STRONG = "strong"
    SPINAL = "spinal"
    UNUSABLE = "unusable"
    UNPLACED = "unplaced"
    DEFICIT = "deficit"
    WEAK = "weak"
    UNRECOGNISED = "unrecognised"


@dataclass(frozen=True, slots=True)
class Recognition:
    """The tables that tell a known entry from one that no table knows. All of it is content.

    ``classes`` maps a coding of a Condition to how it is read (``elsewhere``, ``perhaps-strong`` ...); ``known`` holds, by
    resource type, codes that are known and elsewhere; ``harmless`` holds the allergy categories that are never a drug's;
    ``strong`` and ``weak`` are whole chapters of a classification: codes of tumours, though no table says of which;
    ``spine`` holds the body sites at which a tumour is one of the spine. ``tumours`` are codes of tumours of the spine and
    ``cancers`` of any cancer: an entry of theirs that cannot be used still may be one. ``named`` are codes
    that were decided to be no reason for anything, and are named in the explanation. ``deficits`` are codes of deficits, as a
    value of an Observation that no need reads may name one.
    """

    classes: Mapping[Coding, str] = field(default_factory=dict)
    known: Mapping[str, ValueSet] = field(default_factory=dict)
    harmless: frozenset[str] = frozenset()
    strong: ValueSet | None = None
    weak: ValueSet | None = None
    spine: ValueSet | None = None
    tumours: ValueSet | None = None
    cancers: ValueSet | None = None
    named: ValueSet | None = None
    deficits: ValueSet | None = None


_PERHAPS = {"perhaps-strong": Doubt.STRONG, "perhaps-weak": Doubt.WEAK}


class Recognised(NamedTuple):
    """How an entry that no need reads ended, and which doubts it raises."""

    way: Way
    doubts: frozenset[str] = frozenset()

    @property
    def gravest(self) -> str:
        """The gravest of its doubts; empty without one."""
        return next((doubt.value for doubt in Doubt if doubt in self.doubts), "")


NOT_RECOGNISED = Recognised(Way.NOT_RECOGNISED)
UNREADABLE = Recognised(Way.UNREADABLE)
_ELSEWHERE = Recognised(Way.ELSEWHERE)
_ALLERGY = Recognised(Way.NOT_RECOGNISED, frozenset({Doubt.UNRECOGNISED}))


def recognise(tables: Recognition, words: Words, kind: str, concept: Any, codes: Sequence[Coding]) -> Recognised:
    """What a resource is whose codes no need reads, by what it is about (``concept``) and its codings (``codes``)."""
    if kind == "AllergyIntolerance" and not known(tables.known.get(kind), codes):
        # To what it is nobody knows, whether a code stands there or none.
        return _ALLERGY
    if concept in (None, [], {}):
        return NOT_RECOGNISED
    if kind in reading.CODED and not reading.is_readable(concept):
        return UNREADABLE
    if known(tables.known.get(kind), codes):
        return _ELSEWHERE
    return _condition(tables, words, concept, codes) if kind == "Condition" else NOT_RECOGNISED


def narrowed(tables: Recognition, kind: str, resource: Resource, seen: Recognised) -> Recognised:
    """The same when the rest of the resource is read: the body site of a tumour, the category of an allergy."""
    if not seen.doubts:
        return seen
    if kind == "AllergyIntolerance":
        categories = {c for c in reading.items(resource.get("category")) if isinstance(c, str)}
        return _ELSEWHERE if categories and categories <= tables.harmless else seen
    if seen.doubts & {Doubt.STRONG, Doubt.WEAK} and known(tables.spine, reading.body_sites(resource)):
        return seen._replace(doubts=seen.doubts | {Doubt.SPINAL})
    return seen


def still_doubted(tables: Recognition, codes: Sequence[Coding]) -> frozenset[str]:
    """What a Condition of known codes may still be though it cannot be used: a tumour of the spine, a cancer."""
    spinal = known(tables.tumours, codes)
    if not spinal and not known(tables.cancers, codes):
        return frozenset()
    return frozenset({Doubt.STRONG, Doubt.UNUSABLE} if spinal else {Doubt.STRONG})


def _condition(tables: Recognition, words: Words, concept: Any, codes: Sequence[Coding]) -> Recognised:
    classes = {tables.classes[coding] for coding in codes if coding in tables.classes}
    doubts = {_PERHAPS[name] for name in classes if name in _PERHAPS}
    if classes and not doubts:
        return _ELSEWHERE
    if known(tables.strong, codes) or still_doubted(tables, reading.focus(codes)):
        doubts.add(Doubt.STRONG)
    elif known(tables.weak, codes):
        doubts.add(Doubt.WEAK)
    if not classes:
        # The displays of one entry mostly say the same as its text.
        for text in dict.fromkeys(texts(concept)):
            doubts |= set(_said(words, text))
    if Doubt.STRONG in doubts:
        doubts.discard(Doubt.WEAK)
    return Recognised(Way.NOT_RECOGNISED, frozenset(doubts))


def _said(words: Words, text: str) -> Iterator[Doubt]:
    heard = words.heard(text)
    match heard.doubt:
        case Suspicion.STRONG:
            yield Doubt.STRONG
        case Suspicion.WEAK:
            yield Doubt.WEAK
    if heard.spinal:
        yield Doubt.SPINAL
    if heard.deficit:
        yield Doubt.DEFICIT


def texts(concept: Any) -> Iterator[str]:
    """What an entry says of itself in words: its text, and the display of each coding."""
    for part in reading.items(concept):
        if not isinstance(part, dict):
            continue
        if isinstance(text := part.get("text"), str):
            yield text
        for coding in reading.items(part.get("coding")):
            if isinstance(coding, dict) and isinstance(display := coding.get("display"), str):
                yield display


def said(concept: Any, codes: Sequence[Coding]) -> Charted:
    """What an entry is called on a card: its own words, else its code, and be it one whose system nobody told."""
    return Charted(next(texts(concept), codes[0][1] if codes else next(_bare(concept), "")))


def _bare(concept: Any) -> Iterator[str]:
    for part in reading.items(concept):
        for coding in reading.items(part.get("coding")) if isinstance(part, dict) else ():
            if isinstance(coding, dict) and isinstance(code := coding.get("code"), str):
                yield code
