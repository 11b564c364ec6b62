"""Value sets from CSV tables, one table per code system.

Columns: ``value_set,code,display,match,note``. ``match`` is ``exact``, ``prefix`` for a code that stands for all below it, or
``shape`` for a code with ``?`` for any sign.
"""

from __future__ import annotations

import csv
import json
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, RootModel

from fhirpath_spine.authoring.profile.check_digits import CHECKS
from fhirpath_spine.authoring.profile.problems import read_classes
from fhirpath_spine.authoring.profile.spellings import ALIASES, read_spelling
from fhirpath_spine.authoring.source.fields import Form, Name, Text, one_of, pattern
from fhirpath_spine.authoring.source.forms import read_form
from fhirpath_spine.authoring.source.nodes import Node, Scalar
from fhirpath_spine.diagnostics import Span, did_you_mean
from fhirpath_spine.fhirpath import ValueSet
from fhirpath_spine.pathway.facts.spelling import FORMS, PLAIN, Spelling, folded

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from fhirpath_spine.authoring.source.folder import Folder
    from fhirpath_spine.authoring.source.report import Report
    from fhirpath_spine.pathway.facts.needs import Coding
TableFile = Annotated[Scalar, *pattern("[a-z0-9][a-z0-9/-]*[.]csv", "a CSV file below terminology/")]


class SystemForm(Form):
    """A code system: its short name is the key, its table a CSV file."""

    uri: Text
    title: Text
    licence: Text
    file: TableFile
    aliases: tuple[Text, ...] = ()
    codes: Annotated[Scalar, *one_of(*FORMS)] | None = None
    """How its codes are spelt, where charts spell one code in several ways."""
    check: Annotated[Scalar, *one_of(*CHECKS)] | None = None


class SystemsForm(RootModel[dict[Name, SystemForm]]):
    """``systems.yaml``."""


class ValueSetForm(Form):
    """A value set: what it means and where its rows come from."""

    title: Text
    origin: Text | None = Field(default=None, alias="from")
    dropped: tuple[Text, ...] = ()
    """Codes that were left out on purpose, with the reason."""


class ValueSetsForm(RootModel[dict[Name, ValueSetForm]]):
    """``value-sets.yaml``."""


FOLDER = "terminology"
COLUMNS = ["value_set", "code", "display", "match", "note"]
MATCHES = ("exact", "prefix", "shape")


@dataclass(slots=True)
class Terminology:
    """All value sets of a profile set, and the short names of code systems."""

    value_sets: dict[str, ValueSet] = field(default_factory=dict)
    systems: dict[str, str] = field(default_factory=dict)
    codings: set[Coding] = field(default_factory=set)
    spelling: Spelling = PLAIN
    apart: dict[str, str] = field(default_factory=dict)
    """Short names of systems without a table, whose codes read as another's."""
    classes: dict[Coding, str] = field(default_factory=dict)
    """What a published list of problems says of a code that no set of ours holds."""

    def coding(self, text: Scalar, report: Report) -> Coding:
        """``system|code`` with the system's short name or URI, as a coding."""
        short, bar, code = text.partition("|")
        system = self.systems.get(short, short if short in self.systems.values() else "")
        if not bar or not code:
            report.add("SP211", f"'{text}' is no coding", text.span, 'Write "system|code".')
        elif not system:
            hint = did_you_mean(short, self.systems) or f"Known: {', '.join(self.systems)}."
            report.add("SP211", f"the code system '{short}' is not known", text.span, hint)
        system, code = self.spelling.coding((system, code))
        return sys.intern(system), sys.intern(code)

    def knows(self, coding: Coding) -> bool:
        """Whether some value set holds the coding."""
        return coding in self.codings or any(v.contains(*coding) for v in self.value_sets.values())

    def extend(self, added: Mapping[str, frozenset[Coding]]) -> str:
        """Adds a site's codes to value sets of these names; one line that stands for them in a digest."""
        for name, codes in added.items():
            codes = frozenset(self.spelling.coding(c) for c in codes)
            if (found := self.value_sets.get(name)) is not None:
                self.value_sets[name] = ValueSet(name, found.members | codes, found.prefixes)
                self.codings |= codes
        return json.dumps({name: sorted(codes) for name, codes in sorted(added.items())}, ensure_ascii=False)

    def any_of(self, names: Sequence[Scalar], report: Report) -> ValueSet | None:
        """The value sets of these names read as one; None if there is none to read."""
        return joined([self.value_set(name, report) for name in names]) if names else None

    def value_set(self, name: Scalar, report: Report) -> ValueSet:
        """The value set of that name; an empty one, with a finding, if there is none."""
        found = self.value_sets.get(name)
        if found is not None:
            return found
        hint = did_you_mean(name, self.value_sets) or "Add its codes to a table below terminology/."
        report.add("SP301", f"no value set is called '{name}'", name.span, hint)
        return ValueSet(str(name), frozenset())


@dataclass(slots=True)
class _Rows:
    """Codes of one value set while the tables are read."""

    members: set[Coding] = field(default_factory=set)
    prefixes: dict[str, list[str]] = field(default_factory=dict)


def read_terminology(folder: Folder, files: list[str]) -> tuple[Terminology, dict[str, Node | str]]:
    """All tables of the set, and the content they were made from, by file."""
    report, content = folder.report, dict[str, "Node | str"]()
    forms = {}
    for name, form in (("systems.yaml", SystemsForm), ("value-sets.yaml", ValueSetsForm)):
        relative = f"{FOLDER}/{name}"
        node = folder.yaml(relative)
        if node is not None:
            content[relative] = node
            forms[name] = read_form(form, node, report)
    systems, declared = forms.get("systems.yaml"), forms.get("value-sets.yaml")
    terminology = Terminology()
    if not isinstance(systems, SystemsForm) or not isinstance(declared, ValueSetsForm):
        return terminology, content
    rows: dict[str, _Rows] = {}
    tables = set()
    for short, system in systems.root.items():
        terminology.systems[str(short)] = sys.intern(str(system.uri))
        relative = f"{FOLDER}/{system.file}"
        tables.add(relative)
        text = folder.read(relative)
        if text is not None:
            content[relative] = text
            uri = sys.intern(str(system.uri))
            _read_table(text, folder.name(relative), (uri, FORMS.get(str(system.codes))), declared.root, rows, report)
            if system.check is not None:
                _check_digits(text, folder.name(relative), str(system.check), report)
    _name_systems(terminology, systems.root, folder, content)
    for name in declared.root:
        found = rows.get(name, _Rows())
        if name not in rows:
            hint = "Add its codes to a table, or remove it."
            report.add("SP210", f"the value set '{name}' holds no code", name.span, hint)
        terminology.value_sets[str(name)] = ValueSet(str(name), found.members, found.prefixes)
        terminology.codings |= found.members
    terminology.classes, listed = read_classes(folder, FOLDER, terminology.systems, terminology.value_sets, content)
    terminology.codings |= set(terminology.classes)
    tables |= listed | {f"{FOLDER}/{ALIASES}"}
    for file in files:
        if file.startswith(f"{FOLDER}/") and file.endswith(".csv") and file not in tables:
            hint = "Name it in terminology/systems.yaml, or remove it."
            report.add("SP210", "no code system names this table", Span(folder.name(file), 1, 1), hint)
    return terminology, content


def _name_systems(
    terminology: Terminology, systems: Mapping[Name, SystemForm], folder: Folder, content: dict[str, Node | str]
) -> None:
    forms = {str(s.uri): str(s.codes) for s in systems.values() if s.codes is not None}
    spelling, terminology.apart = read_spelling(folder, FOLDER, terminology.systems, forms, content)
    own = {folded(alias): str(s.uri) for s in systems.values() for alias in s.aliases}
    terminology.spelling = spelling.with_site(own)


def _read_table(
    text: str,
    file: str,
    system: tuple[str, Callable[[str], str] | None],
    declared: Mapping[Scalar, object],
    rows: dict[str, _Rows],
    report: Report,
) -> None:
    uri, form = system
    reader = csv.reader(text.removeprefix("\ufeff").splitlines(keepends=True), strict=True)
    seen: set[tuple[str, str]] = set()
    start = 1
    try:
        for number, row in enumerate(reader):
            line, start = start, reader.line_num + 1
            if number == 0:
                if row != COLUMNS:
                    report.add("SP210", f"the columns have to be {','.join(COLUMNS)}", Span(file, 1, 1))
                    return
                continue
            problem = _problem(row, seen, declared)
            if problem:
                report.add("SP210", problem, Span(file, line, 1))
                continue
            name, code, _, match, _ = row
            seen.add((name, code))
            found = rows.setdefault(name, _Rows())
            if match == "exact":
                found.members.add((uri, sys.intern(form(code) if form else code)))
            else:
                found.prefixes.setdefault(uri, []).append(code)
    except csv.Error as error:
        report.add("SP210", f"this line is not CSV: {error}", Span(file, max(1, reader.line_num), 1))


def _check_digits(text: str, file: str, way: str, report: Report) -> None:
    """Reports codes whose last digit does not follow from the others (SP348). What else is wrong is told elsewhere."""
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), start=1):
        cells = line.split(",", 2)
        if number > 1 and len(cells) > 1 and cells[1] and not CHECKS[way](cells[1]):
            span = Span(file, number, len(cells[0]) + 2, len(cells[1]))
            report.add("SP348", f"the check digit of {cells[1]} is wrong", span, "Copy the code again from its source.")


def _problem(row: list[str], seen: set[tuple[str, str]], declared: Mapping[Scalar, object]) -> str:
    if len(row) != len(COLUMNS):
        return f"{len(COLUMNS)} columns are wanted, {len(row)} stand here"
    name, code, _, match, _ = row
    if name not in declared:
        hint = did_you_mean(name, declared)
        return f"the value set '{name}' is not declared in value-sets.yaml. {hint}".rstrip()
    if not code or code != code.strip() or "|" in code:
        return f"'{code}' is not a code"
    if match not in MATCHES:
        return f"'{match}' is no way to match; it is exact, prefix or shape"
    if ("?" in code) != (match == "shape"):
        return f"'{code}' is no code of that match: a shape, and nothing else, has '?'"
    if (name, code) in seen:
        return f"'{code}' stands twice in '{name}'"
    return ""


def joined(sets: Sequence[ValueSet]) -> ValueSet:
    """One value set that holds what any of these holds; a single one stays itself."""
    if len(sets) == 1:
        return sets[0]
    prefixes: dict[str, list[str]] = {}
    for one in sets:
        for system, codes in one.prefixes.items():
            prefixes.setdefault(system, []).extend(codes)
    members = frozenset().union(*(s.members for s in sets))
    return ValueSet("+".join(s.name for s in sets), members, prefixes)
