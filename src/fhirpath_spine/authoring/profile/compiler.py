"""Which names an expression may read, by what it is asked of; and the compiler that puts its findings where they
stand in the file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from fhirpath_spine.authoring.profile.shapes import item_shape
from fhirpath_spine.authoring.source.nodes import Scalar
from fhirpath_spine.diagnostics import Edit, Severity
from fhirpath_spine.fhirpath import CompileError
from fhirpath_spine.fhirpath import compile as compile_fhirpath

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Literal

    from fhirpath_spine.authoring.profile.terminology import Terminology
    from fhirpath_spine.authoring.source.report import Report
    from fhirpath_spine.diagnostics import Diagnostic, Span
    from fhirpath_spine.fhirpath import Expression, Shape
    from fhirpath_spine.pathway.facts.needs import Need
    from fhirpath_spine.pathway.model import Limit
REFUSED = frozenset({"SP151", "SP152", "SP153"})
"""Advice of the compiler that a profile has to follow: what leaks, what misses a second coding, what can fail at run time."""
_MEMBER_OF = re.compile(r"memberOf\(\s*'([^']*)'\s*\)")


@dataclass(frozen=True, slots=True)
class Compiled:
    """A text that compiled, and where it stands. ``item`` is the need of which it judges one item; ``criterion``: it had to be
    boolean, so a service prepares it.
    """

    text: str
    expression: Expression
    origin: Scalar
    shift: int
    item: str
    criterion: bool = False


class Compiler:
    """Compiles one expression at a time. What fails is reported and replaced by a stand-in: the load fails as a whole."""

    def __init__(self, names: Names, terminology: Terminology, report: Report) -> None:
        self.names, self.terminology, self.report = names, terminology, report
        self.used: set[str] = set()
        self.limits: dict[str, dict[str, Limit]] = {}
        self.limits_read: set[str] = set()
        self.compiled: list[Compiled] = []
        self.stand_in = compile_fhirpath("true", focus=None, variables={}, value_sets={}, want="boolean", profile=True)

    def test(self, text: Scalar, place: Place, pathway: str = "", item: Need | None = None) -> Expression:
        """A criterion: an expression that has to be boolean."""
        return self.expression(text, place, pathway, item, want="boolean")

    def expression(
        self,
        text: Scalar,
        place: Place,
        pathway: str = "",
        item: Need | None = None,
        want: Literal["boolean"] | None = None,
        shift: int = 0,
        written: Scalar | None = None,
    ) -> Expression:
        """The compiled expression. It stands in ``written`` (itself, if not given), ``shift`` characters later."""
        origin = text if written is None else written
        if self.names.is_broken(text):
            return self.stand_in
        if (obstacle := self.names.obstacle(place, pathway, text)) is not None:
            offset, name, reason = obstacle
            span = _place(text, offset, len(name) + 1, origin, shift)
            self.report.add("SP302", f"%{name} cannot be read here: {reason}", span)
            return self.stand_in
        try:
            compiled = compile_fhirpath(
                str(text),
                focus=item_shape(item) if item is not None else None,
                variables=self.names.view(place, pathway),
                value_sets=self.terminology.value_sets,
                limits={name: limit.value for name, limit in self.limits_of(pathway).items()},
                want=want,
                profile=True,
            )
        except CompileError as error:
            names = self.names.view(place, pathway)
            told = (self._with_sign(d, str(text), names) for d in error.diagnostics)
            self.report.extend(self._placed(d, text, origin, shift) for d in told)
            return self.stand_in
        self.report.extend(self._placed(d, text, origin, shift) for d in compiled.advice)
        self.used |= set(compiled.variables)
        self.limits_read |= set(compiled.limits)
        judged = item.name if item is not None else ""
        self.compiled.append(Compiled(str(text), compiled, origin, shift, judged, want == "boolean"))
        return compiled

    def limits_of(self, pathway: str = "") -> Mapping[str, Limit]:
        """The limits that can be named in a file: those that all share, and the pathway's own."""
        return {**self.limits.get("", {}), **self.limits.get(pathway, {})}

    @staticmethod
    def _with_sign(found: Diagnostic, text: str, names: Mapping[str, Shape]) -> Diagnostic:
        """The same finding, with the likeliest cause where a name was written without its sign. It has one reading where no
        shorter name fits, which would leave a subtraction.
        """
        lines = text.split("\n")[: found.span.line - 1]
        start = sum(len(line) + 1 for line in lines) + found.span.column - 1
        word = _BARE.match(text, start)
        if word is None or text[:start].endswith(("%", "%`")):
            return found
        parts = word[0].split("-")
        fit = [n for k in range(len(parts), 0, -1) if (n := "-".join(parts[:k])) in names]
        if not fit:
            return found
        plain = len(fit) == 1 and found.code == "SP106"
        edit = Edit(replace(found.span, length=len(fit[0])), f"%{fit[0]}") if plain else None
        return replace(found, hint=f"Did you mean %{fit[0]}?", edit=edit)

    @staticmethod
    def _placed(found: Diagnostic, text: str, origin: Scalar, shift: int) -> Diagnostic:
        lines = text.split("\n")[: found.span.line - 1]
        offset = sum(len(line) + 1 for line in lines) + found.span.column - 1
        severity = Severity.ERROR if found.code in REFUSED else found.severity
        span, edit = _place(text, offset, found.span.length, origin, shift), found.edit
        if edit is not None:
            edit = _edit(text, offset, edit, origin, shift)
        return replace(found, span=span, severity=severity, edit=edit)


def _place(text: str, offset: int, length: int, origin: Scalar, shift: int) -> Span:
    start = offset + shift
    if text[offset : offset + 1] == "%" and origin[start : start + 1] != "%":
        # In a placeholder the author leaves the sign of the first name out.
        start, length = start + 1, length - 1
    return origin.place(start, length)


def _edit(text: str, offset: int, edit: Edit, origin: Scalar, shift: int) -> Edit | None:
    """The edit of an expression, in its file. None where it cannot be made as it stands there."""
    start, end = offset + shift, offset + shift + edit.span.length
    if origin.is_plain and start == 0 and edit.text.startswith("%"):
        # What begins with the sign needs quotes in YAML.
        whole = f"{edit.text}{origin[end:]}"
        return Edit(origin.span, f'"{whole}"') if not set('"\\\n') & set(whole) else None
    if origin[start:end] != text[offset : offset + edit.span.length]:
        return None
    return Edit(origin.place(start, edit.span.length), edit.text)


def value_sets_in(text: str) -> list[str]:
    """Names of the value sets that an expression asks about."""
    return _MEMBER_OF.findall(text)


_BARE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:-[A-Za-z0-9_]+)*")
_NAME = re.compile(r"%[`']?([A-Za-z_][A-Za-z0-9_]*(?:-[A-Za-z0-9_]+)*)")

REASONS = {
    "lesion": "this is asked once of the patient, not of each lesion; use %lesions",
    "state": "the state is not known before the pathway is judged",
    "pathway": "this is asked before any pathway is judged",
    "advised": "what is advised is known to recommendations only",
    "open": "what is open is known to recommendations only",
}
"""Why a circumstance cannot be read at some places."""
ITEM = "here only the members of one item can be read, by their bare names"


@dataclass(frozen=True, slots=True)
class Place:
    """What an expression is asked of: the circumstances that cannot be read there. ``item``: nothing but an item can."""

    hidden: frozenset[str] = frozenset()
    item: bool = False

    def without(self, *names: str) -> Place:
        """The same place with further circumstances hidden."""
        return Place(self.hidden | set(names), self.item)


ANYWHERE = Place()
"""Definitions: what they read limits where they can be used."""
RECOMMENDATION = Place()
"""Criteria and texts of a recommendation."""
ENTRY = Place(frozenset({"advised", "open"}))
"""What is asked of a pathway for one lesion once its state is known."""
SCOPE = Place(frozenset({"state", "advised", "open"}))
"""What decides whether a pathway applies, and its state."""
PATIENT = Place(frozenset({"lesion", "state", "pathway", "advised", "open"}))
"""What is asked of the patient before any pathway."""
ONE_ITEM = Place(item=True)
"""What is asked of one item of a need."""


@dataclass(slots=True)
class Names:
    """All names of a library, and those that one pathway keeps for itself.

    ``circumstances`` are lesion, lesions, patient, site, state, pathway, chart and advised. ``reads`` holds, for each
    definition, the circumstances that it reads, through others too. ``broken`` are names whose declaration failed:
    expressions that use them are not compiled, since their errors would be echoes.
    """

    circumstances: dict[str, Shape]
    shared: dict[str, Shape] = field(default_factory=dict)
    private: dict[str, dict[str, Shape]] = field(default_factory=dict)
    reads: dict[str, frozenset[str]] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    _views: dict[tuple[Place, str], Mapping[str, Shape]] = field(default_factory=dict)

    def view(self, place: Place, pathway: str = "") -> Mapping[str, Shape]:
        """The names that can be read at a place of a pathway, with their shapes."""
        key = (place, pathway)
        found = self._views.get(key)
        if found is None:
            everything = {**self.circumstances, **self.shared, **self.private.get(pathway, {})}
            hidden, reads = place.hidden, self.reads
            seen = (n for n in everything if n not in hidden and hidden.isdisjoint(reads.get(n, ())))
            found = {} if place.item else {name: everything[name] for name in seen}
            self._views[key] = found
        return found

    def add(self, name: str, shape: Shape, pathway: str = "") -> None:
        """Declare a name; views that were made before are made anew."""
        (self.private.setdefault(pathway, {}) if pathway else self.shared)[name] = shape
        self._views.clear()

    def _hiding(self, place: Place, name: str) -> list[str]:
        """The hidden circumstances that a name is or reads."""
        return sorted(place.hidden & ({name} | self.reads.get(name, frozenset())))

    def obstacle(self, place: Place, pathway: str, text: str) -> tuple[int, str, str] | None:
        """The first name in ``text`` that exists but cannot be read here: its offset, the name and the reason."""
        visible = self.view(place, pathway)
        for match in _NAME.finditer(text):
            name = self.longest(match[1])
            if name is None or name in visible:
                continue
            if place.item:
                return match.start(), name, ITEM
            if hiding := self._hiding(place, name):
                through = "" if hiding[0] == name else f"it reads %{hiding[0]}, and "
                return match.start(), name, through + REASONS[hiding[0]]
            return match.start(), name, "it is private to another pathway"
        return None

    def is_broken(self, text: str) -> bool:
        """Whether the text uses a name whose own declaration failed."""
        return any(self._parts(match[1]) & self.broken for match in _NAME.finditer(text))

    def longest(self, written: str) -> str | None:
        """The longest known name that ``written`` starts with, since a hyphen is a minus sign too."""
        private = set().union(*self.private.values())
        parts = written.split("-")
        for size in range(len(parts), 0, -1):
            name = "-".join(parts[:size])
            if name in self.circumstances or name in self.shared or name in private:
                return name
        return None

    @staticmethod
    def _parts(written: str) -> set[str]:
        parts = written.split("-")
        return {"-".join(parts[:size]) for size in range(1, len(parts) + 1)}


def names_in(text: str) -> list[str]:
    """The names after ``%`` as they are written, hyphens and all."""
    return [match[1] for match in _NAME.finditer(text)]
