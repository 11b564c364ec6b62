"""``terminology/displays.yaml``: what a display of a code says of a tumour, by its words: which class, which organ, and which
value sets of the profiles take it. For ``codes expand``; no judgement reads it, and no display of a chart comes here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from fhirpath_spine.authoring.profile.terminology import Terminology, read_terminology
from fhirpath_spine.authoring.profile.words import Phrase
from fhirpath_spine.authoring.source.fields import Form, Name, OneOrMany, Text, ValueSets, pattern
from fhirpath_spine.authoring.source.folder import Folder
from fhirpath_spine.authoring.source.forms import read_form
from fhirpath_spine.authoring.source.nodes import Scalar
from fhirpath_spine.authoring.source.report import Report
from fhirpath_spine.diagnostics import did_you_mean
from fhirpath_spine.errors import ProfileError
from fhirpath_spine.pathway.facts.text import Phrases, fold, tokens

if TYPE_CHECKING:
    from os import PathLike
FILE = "terminology/displays.yaml"
UNCLEAR, OTHER = "uncertain-or-unspecified", "other"
"""A tumour of which no rule says more, and what is no tumour by its words."""
_WORDS = "words"
OrganName = Annotated[Scalar, *pattern("([a-z][a-z0-9]*(-[a-z0-9]+)*)?", "an organ, or an empty text for none")]
Said = tuple[Phrase, ...]


class ClassForm(Form):
    """One rule: the class of a display that holds such words and none of the others."""

    name: Name = Field(alias="class")
    words: Said = ()
    starts: Said = ()
    whole: Said = ()
    without: Said = ()


class OrganForm(Form):
    """The words of one organ."""

    organ: Name
    words: Said


class SetForm(Form):
    """Which value sets take a class."""

    of: ValueSets = Field(alias="class")
    organ: Annotated[tuple[OrganName, ...], OneOrMany()] = ()
    words: Said = ()
    without: Said = ()
    to: tuple[Name, ...]


class DisplaysForm(Form):
    """``terminology/displays.yaml``."""

    spelling: dict[Text, Text] = Field(default_factory=dict)
    tags: dict[Text, Name]
    other_tags: tuple[Text, ...] = Field(default=(), alias="otherTags")
    classes: tuple[ClassForm, ...] = Field(min_length=1)
    tumours: Said
    organs: tuple[OrganForm, ...]
    sets: tuple[SetForm, ...]


@dataclass(frozen=True, slots=True)
class Named:
    """What a display says: class, organ (empty if none is named), and the value sets that take it."""

    name: str
    organ: str = ""
    to: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Rule:
    """The numbers of the phrases by which a rule holds."""

    words: frozenset[int]
    starts: frozenset[int]
    whole: frozenset[int]
    without: frozenset[int]


class Displays:
    """The rules of the file, compiled; each display is read once, whatever their number."""

    def __init__(self, form: DisplaysForm) -> None:
        self._spelling = [(fold(a), fold(b)) for a, b in form.spelling.items()]
        self._tags = {str(tag): OTHER for tag in form.other_tags} | {str(t): str(n) for t, n in form.tags.items()}
        self._numbers: dict[str, int] = {}
        self._classes = [(str(c.name), self._rule(c.words, c.starts, c.whole, c.without)) for c in form.classes]
        self._organs = [(str(o.organ), self._known(o.words)) for o in form.organs]
        self._tumours = self._known(form.tumours)
        self._sets = [
            (frozenset(map(str, s.of)), tuple(map(str, s.organ)), self._rule(s.words, (), (), s.without), s.to)
            for s in form.sets
        ]
        self._phrases = Phrases(self._numbers)

    def read(self, display: str, *, tumours: bool = False) -> Named:
        """What a display says. With ``tumours`` every display is known to be one, as in a hierarchy's own list."""
        text, ruled = self._tagged(display)
        said = tokens(self._spelt(text))
        hits = [hit for at in range(len(said)) for hit in self._phrases.at(said, at)]
        there = {hit.entry for hit in hits}
        starts = {hit.entry for hit in hits if hit.start == 0}
        whole = {hit.entry for hit in hits if hit.start == 0 and hit.end == len(said)}
        name = next((n for n, rule in self._classes if _holds(rule, there, starts, whole)), "")
        if ruled != _WORDS:
            name = ruled if name else OTHER
        organ = next((o for o, words in self._organs if words & there), "")
        to = self._to(name, organ, there)
        if name == OTHER or not (tumours or to or there & self._tumours):
            return Named(OTHER)
        return Named(name or UNCLEAR, organ, to)

    def _tagged(self, display: str) -> tuple[str, str]:
        """A fully specified name without its semantic tag, and what the tag means; another word in brackets is of the name."""
        found = _TAG.search(display)
        if found is None or found[1] not in self._tags:
            return display, _WORDS
        return display[: found.start()], self._tags[found[1]]

    def _to(self, name: str, organ: str, there: set[int]) -> tuple[str, ...]:
        for names, organs, rule, to in self._sets:
            asked = not rule.words or rule.words & there
            if name in names and (not organs or organ in organs) and asked and not rule.without & there:
                return tuple(map(str, to))
        return ()

    def _spelt(self, text: str) -> str:
        text = fold(text)
        for old, new in self._spelling:
            text = text.replace(old, new)
        return text

    def _known(self, phrases: Iterable[str]) -> frozenset[int]:
        return frozenset(self._numbers.setdefault(self._spelt(p), len(self._numbers)) for p in phrases)

    def _rule(self, *parts: Iterable[str]) -> _Rule:
        return _Rule(*(self._known(part) for part in parts))


_TAG = re.compile(r"\s\(([a-z][a-z /]*)\)\s*\Z")


def _holds(rule: _Rule, there: set[int], starts: set[int], whole: set[int]) -> bool:
    found = rule.words & there or rule.starts & starts or rule.whole & whole
    return bool(found) and not rule.without & there


def read_displays(folder: Folder, terminology: Terminology) -> Displays | None:
    """The rules of a profile set, or None with findings. A value set that no table has is SP301."""
    node = folder.yaml(FILE)
    form = None if node is None else read_form(DisplaysForm, node, folder.report)
    if form is None:
        return None
    for one in (name for rule in form.sets for name in rule.to):
        if one not in terminology.value_sets:
            hint = did_you_mean(one, terminology.value_sets)
            folder.report.add("SP301", f"no value set is called '{one}'", one.span, hint)
    _report_idle(form, folder.report)
    return Displays(form)


def _report_idle(form: DisplaysForm, report: Report) -> None:
    """Reports each key of ``sets`` that changes nothing (SP341): a class or organ that no rule gives, words of a class that goes
    nowhere either way, and a rule that an earlier one leaves nothing.
    """
    given = {str(c.name) for c in form.classes} | {UNCLEAR}
    organs = {str(o.organ) for o in form.organs} | {""}
    for number, rule in enumerate(form.sets):
        earlier = form.sets[:number]
        for name in rule.of:
            if str(name) not in given:
                report.add("SP341", f"no display is of the class '{name}'", name.span, did_you_mean(name, given))
        for organ in rule.organ:
            if str(organ) not in organs:
                report.add("SP341", f"no display names the organ '{organ}'", organ.span, did_you_mean(organ, organs))
        if rule.of and all(any(_leaves_nothing(one, str(name), rule) for one in earlier) for name in rule.of):
            message = f"an earlier rule takes all that this one would take of '{rule.of[0]}'"
            report.add("SP341", message, rule.of[0].span, "Remove it, or put it before the other.")
        elif not rule.to and not any(set(map(str, one.of)) & set(map(str, rule.of)) for one in form.sets[number + 1 :]):
            report.add("SP341", "it keeps nothing from a later rule", rule.of[0].span, "Remove it, or put it first.")
        for word in rule.without:
            if word in rule.words:
                report.add("SP341", f"'{word}' is asked for and shut out", word.span, "Remove one of them.")


def _leaves_nothing(earlier: SetForm, name: str, rule: SetForm) -> bool:
    """Whether a rule above takes every display of a class that this one could take."""
    within = not earlier.organ or (bool(rule.organ) and set(map(str, rule.organ)) <= set(map(str, earlier.organ)))
    words = not earlier.words or (bool(rule.words) and set(rule.words) <= set(earlier.words))
    return name in map(str, earlier.of) and not earlier.without and within and words


def load_displays(directory: str | PathLike[str]) -> Displays:
    """The rules of the profiles in a folder.

    Raises:
        ProfileError: the file is missing or wrong; it carries every error.

    """
    report = Report()
    folder = Folder.at(directory, report)
    found = None if folder is None else read_displays(folder, read_terminology(folder, [])[0])
    if found is None or report.errors:
        raise ProfileError(
            f"The rules of {FILE} cannot be used.", diagnostics=tuple(report.sorted()), hint="Correct the file."
        )
    return found
