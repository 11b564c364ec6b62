"""Words of free text that raise a doubt: may this entry be a tumour, may it be a deficit.

Text is never matched to decide: a word raises a doubt or leaves it, it settles nothing. The lists are data (``words.yaml``).
A text is cut into words once; a stop phrase cancels the words that it governs within its clause, and no others.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from itertools import accumulate
from typing import NamedTuple

from fhirpath_spine.pathway.facts.text import Hit, Phrases, Token, fold, matches, parts_of, tokens

LENGTH = 20_000
"""Characters of a text that are read. What stands behind them is not known, so a longer text is a weak doubt at least."""
_REACH = 4
"""Words between a word and a stop behind it that belong to both ("cancer of the lung was ruled out"), or between a stop and
the word before it that takes it back ("has not yet been ruled out").
"""


class Doubt(IntEnum):
    """How strongly the words of a text say that the entry may be a tumour."""

    NONE = 0
    WEAK = 1
    STRONG = 2


@dataclass(frozen=True, slots=True)
class Word:
    """A word or phrase of a list. ``cancer`` is the whole word, ``metasta*`` its beginning, ``*blastoma`` its end; ``..`` in a
    phrase stands for up to two words. It does not count directly after, or before, one of the words named.
    """

    say: str
    not_after: tuple[str, ...] = ()
    not_before: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Stop:
    """A phrase that cancels words.

    ``governs`` is ``following`` (all words from it to the end of its clause, or of its sentence if ``sentence``),
    ``preceding`` (the word directly before it), ``both``, or ``itself`` (words inside the phrase). ``within`` bounds how many
    words further on a following one reaches. ``over`` are words that may stand between it and the word before it. Near one of
    ``unless`` before it, it is no stop. ``kinds`` are the lists it acts on.
    """

    say: str
    governs: str
    sentence: bool = False
    within: int | None = None
    over: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    kinds: frozenset[str] = frozenset({"strong", "weak", "spinal", "deficit"})


@dataclass(frozen=True, slots=True)
class Lists:
    """The lists of one language, as they are written. ``breaks`` are words that end a clause, ``patient`` words that begin one
    of the patient's own, which no stop before it reaches. After an ``abbreviations`` word a full stop ends nothing.
    """

    strong: tuple[Word, ...] = ()
    weak: tuple[Word, ...] = ()
    deficit: tuple[Word, ...] = ()
    stops: tuple[Stop, ...] = ()
    breaks: tuple[str, ...] = ()
    patient: tuple[str, ...] = ()
    abbreviations: tuple[str, ...] = ()
    spinal: tuple[Word, ...] = ()


class Heard(NamedTuple):
    """What a text says: how strongly of a tumour, whether of one of the spine, and whether of a deficit."""

    doubt: Doubt
    spinal: bool
    deficit: bool


class _Found(NamedTuple):
    kind: str
    start: int
    end: int


@dataclass(slots=True)
class Words:
    """The lists of some languages, compiled: read as one, since an entry may mix them. Safe to share."""

    _words: tuple[tuple[str, Word], ...]
    _stops: tuple[Stop, ...]
    _phrases: Phrases
    _halts: Phrases
    _hint: re.Pattern[str]
    """Finds a part of some word of the lists; most texts hold none, and are not cut into words."""
    _breaks: frozenset[str] = field(default=frozenset())
    _patient: frozenset[str] = field(default=frozenset())
    _abbreviations: frozenset[str] = field(default=frozenset())

    def doubt_of(self, text: str) -> Doubt:
        """Whether the text of an entry says that it may be a tumour."""
        return self.heard(text).doubt

    def says_deficit(self, text: str) -> bool:
        """Whether the text of an entry says that it may be a deficit of nerves or cord."""
        return self.heard(text).deficit

    def heard(self, text: str) -> Heard:
        """All that a text says, for one reading of it."""
        kinds = self._heard(text)
        spinal = "spinal" in kinds
        weak = "weak" in kinds or spinal or len(text) > LENGTH
        doubt = Doubt.STRONG if "strong" in kinds else Doubt.WEAK if weak else Doubt.NONE
        return Heard(doubt, spinal, "deficit" in kinds)

    def _heard(self, text: str) -> set[str]:
        """The lists of which a word stands in the text and is not cancelled."""
        folded = fold(text[:LENGTH])
        if self._hint.search(folded) is None:
            return set()
        said = tokens(folded, self._breaks, self._patient, self._abbreviations)
        heard = list(self._found(said))
        # A name of the spine says where a tumour is: it hides no word that says how sure it is.
        groups = ([one for one in heard if (one.kind == "spinal") is spinal] for spinal in (False, True))
        found = sorted((one for group in groups for one in _longest(group)), key=lambda one: (one.start, -one.end))
        if not found:
            return set()
        governed = _Governed(said, found)
        for at in range(len(said)):
            for hit in self._halts.at(said, at):
                governed.add(self._stops[hit.entry], hit)
        return governed.heard()

    def _found(self, said: Sequence[Token]) -> Iterator[_Found]:
        for at in range(len(said)):
            for hit in self._phrases.at(said, at):
                kind, word = self._words[hit.entry]
                if not (_beside(said, at - 1, at, word.not_after) or _beside(said, hit.end, at, word.not_before)):
                    yield _Found(kind, hit.start, hit.end)


def compile(lists: Iterable[Lists]) -> Words:  # noqa: A001 - what it does
    """The matcher for the lists of some languages, and of a site's own words."""
    lists = tuple(lists)
    words = [
        (kind, word) for one in lists for kind in ("strong", "weak", "spinal", "deficit") for word in getattr(one, kind)
    ]
    stops = tuple(stop for one in lists for stop in one.stops)
    return Words(
        tuple(words),
        stops,
        Phrases(word.say for _, word in words),
        Phrases(stop.say for stop in stops),
        _hint(word.say for _, word in words),
        _folded(word for one in lists for word in one.breaks),
        _folded(word for one in lists for word in one.patient),
        _folded(word for one in lists for word in one.abbreviations),
    )


def _hint(phrases: Iterable[str]) -> re.Pattern[str]:
    """What each text that holds one of the phrases matches: the longest word of each."""
    longest = (max(parts_of(say), key=lambda part: len(part.strip("*#."))) for say in phrases)
    return re.compile("|".join(sorted({re.escape(word.strip("*")) for word in longest})) or r"(?!)")


def _folded(words: Iterable[str]) -> frozenset[str]:
    return frozenset(fold(word) for word in words)


def for_site(lists: Mapping[str, Lists], languages: Iterable[str], own: Lists | None = None) -> Words:
    """The matcher for the languages of a site, with its own words beside them."""
    chosen = [lists[name] for name in languages if name in lists]
    return compile([*chosen, own] if own is not None else chosen)


def _beside(said: Sequence[Token], at: int, of: int, words: Sequence[str]) -> bool:
    """Whether one of the words stands at a place, in the same run as the token ``of``."""
    return 0 <= at < len(said) and said[at].run == said[of].run and any(matches(w, said[at]) for w in words)


def _longest(found: Iterable[_Found]) -> list[_Found]:
    """In order, without what lies inside a longer one: "malignant melanoma" is one word, and is cancelled as one."""
    kept: list[_Found] = []
    for one in sorted(set(found), key=lambda f: (f.start, -f.end)):
        if not kept or one.end > kept[-1].end or (one.start, one.end) == (kept[-1].start, kept[-1].end):
            kept.append(one)
    return kept


class _Governed:
    """Which words of one text its stops cancel, each stop in constant time."""

    def __init__(self, said: Sequence[Token], found: Sequence[_Found]) -> None:
        self._said, self._found = said, found
        self._cancelled: set[_Found] = set()
        self._starting: dict[int, list[_Found]] = {}
        self._ending: dict[int, list[_Found]] = {}
        for one in found:
            self._starting.setdefault(one.start, []).append(one)
            self._ending.setdefault(one.end, []).append(one)
        # Where scopes open (+1) and close (-1), by list.
        self._steps = {kind: [0] * (len(said) + 1) for kind in {one.kind for one in found}}
        self._clauses = _ends([token.clause for token in said])
        self._sentences = _ends([token.sentence for token in said])

    def add(self, stop: Stop, hit: Hit) -> None:
        """Takes one stop where it stands."""
        if stop.unless and self._taken_back(stop, hit):
            return
        if stop.governs == "itself":
            inside = (one for at in range(hit.start, hit.end) for one in self._starting.get(at, ()))
            self._cancelled.update(one for one in inside if one.end <= hit.end and one.kind in stop.kinds)
            return
        if stop.governs in ("preceding", "both") and self._cancel_before(stop, hit):
            return
        if stop.governs in ("following", "both"):
            last = (self._sentences if stop.sentence else self._clauses)[hit.end - 1]
            last = last if stop.within is None else min(last, hit.end + stop.within + 1)
            for kind in stop.kinds & self._steps.keys():
                self._steps[kind][hit.end] += 1
                self._steps[kind][max(last, hit.end)] -= 1

    def _cancel_before(self, stop: Stop, hit: Hit) -> bool:
        """Cancels the word directly before a stop, but for words that lie over both; whether there is one."""
        for end in range(hit.start, max(0, hit.start - _REACH) - 1, -1):
            before = [one for one in self._ending.get(end, ()) if one.kind in stop.kinds]
            if before and self._said[end - 1].clause == self._said[hit.start].clause:
                over = end == hit.start or any(matches(word, self._said[end]) for word in stop.over)
                self._cancelled.update(before if over else ())
                return over
        return False

    def _taken_back(self, stop: Stop, hit: Hit) -> bool:
        clause = self._said[hit.start].clause
        near = self._said[max(0, hit.start - _REACH) : hit.start]
        return any(t.clause == clause and matches(word, t) for t in near for word in stop.unless)

    def heard(self) -> set[str]:
        """The lists of which a word is left."""
        over = {kind: list(accumulate(steps)) for kind, steps in self._steps.items()}
        return {one.kind for one in self._found if one not in self._cancelled and not over[one.kind][one.start]}


def _ends(groups: Sequence[int]) -> list[int]:
    """For each place, where its group ends."""
    found = [len(groups)] * len(groups)
    for at in range(len(groups) - 2, -1, -1):
        found[at] = at + 1 if groups[at + 1] != groups[at] else found[at + 1]
    return found
