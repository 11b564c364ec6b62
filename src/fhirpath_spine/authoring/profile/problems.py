"""``terminology/classes.yaml``: a published list of problems, each with a class, read as value sets.

A code that a set of ours holds already is no member: what a need says of a code goes before what a list says (``own``).
"""

from __future__ import annotations

import csv
import sys
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated

from pydantic import RootModel

from fhirpath_spine.authoring.source.fields import Form, Name, OneOrMany, Text, ValueSets
from fhirpath_spine.authoring.source.forms import read_form
from fhirpath_spine.diagnostics import Span, did_you_mean
from fhirpath_spine.fhirpath import ValueSet

if TYPE_CHECKING:
    from fhirpath_spine.authoring.source.folder import Folder
    from fhirpath_spine.authoring.source.nodes import Node
    from fhirpath_spine.authoring.source.report import Report
    from fhirpath_spine.pathway.facts.needs import Coding
FILE = "classes.yaml"
COLUMNS = ["code", "display", "class", "organ", "reads_as", "place"]


class ClassSetForm(Form):
    """A value set made of the rows of some classes; ``place`` keeps those whose place says so."""

    title: Text
    classes: Annotated[tuple[Name, ...], OneOrMany()]
    place: Annotated[tuple[Name, ...], OneOrMany()] = ()


class ClassTableForm(Form):
    """A list of problems of one code system, and the sets that are made of it."""

    system: Name
    title: Text
    licence: Text
    file: Text
    own: ValueSets
    """Value sets whose codes are read as these sets say, and not by class."""
    sets: dict[Name, ClassSetForm]


class ClassTablesForm(RootModel[dict[Name, ClassTableForm]]):
    """``classes.yaml``."""


def read_classes(
    folder: Folder,
    place: str,
    systems: dict[str, str],
    value_sets: dict[str, ValueSet],
    content: dict[str, Node | str],
) -> tuple[dict[Coding, str], set[str]]:
    """The class of each coding of the lists, and the files that were read; the sets are added to ``value_sets``."""
    relative = f"{place}/{FILE}"
    classes, files = dict["Coding", str](), set[str]()
    node = folder.yaml(relative) if folder.has(relative) else None
    if node is None:
        return classes, files
    content[relative] = node
    form = read_form(ClassTablesForm, node, folder.report)
    for table in form.root.values() if isinstance(form, ClassTablesForm) else ():
        if table.system not in systems:
            hint = did_you_mean(table.system, systems)
            folder.report.add("SP211", f"the code system '{table.system}' is not known", table.system.span, hint)
            continue
        listed = f"{place}/{table.file}"
        files.add(listed)
        text = folder.read(listed)
        if text is None:
            continue
        content[listed] = text
        rows = _rows(text, folder, listed)
        uri = sys.intern(systems[str(table.system)])
        own = [found for name in table.own if (found := _own(name, value_sets, folder.report)) is not None]
        rows = [r for r in rows if not any(v.contains(uri, r["code"]) for v in own)]
        classes |= {(uri, sys.intern(r["code"])): sys.intern(r["reads_as"]) for r in rows}
        known = {r["reads_as"] for r in rows}
        for name, one in table.sets.items():
            for wanted in one.classes:
                if wanted not in known:
                    hint = did_you_mean(wanted, known)
                    folder.report.add("SP210", f"no row is of the class '{wanted}'", wanted.span, hint)
            if name in value_sets:
                folder.report.add("SP210", f"the value set '{name}' is declared already", name.span, "Rename it.")
            members = {
                (uri, sys.intern(r["code"]))
                for r in rows
                if r["reads_as"] in one.classes and (not one.place or r["place"] in one.place)
            }
            value_sets[str(name)] = ValueSet(str(name), members)
    return classes, files


def _own(name: Name, value_sets: dict[str, ValueSet], report: Report) -> ValueSet | None:
    if name not in value_sets:
        report.add("SP301", f"no value set is called '{name}'", name.span, did_you_mean(name, value_sets))
    return value_sets.get(str(name))


def _rows(text: str, folder: Folder, relative: str) -> list[dict[str, str]]:
    columns, rows = _table(text)
    if columns != COLUMNS:
        folder.report.add("SP210", f"the columns have to be {','.join(COLUMNS)}", Span(folder.name(relative), 1, 1))
        return []
    return rows


@lru_cache(maxsize=4)
def _table(text: str) -> tuple[list[str], list[dict[str, str]]]:
    """The columns and rows of a table: one that is read again after an edit elsewhere is the same. Nobody changes a row."""
    reader = csv.DictReader(text.splitlines())
    return list(reader.fieldnames or ()), list(reader)
