"""``terminology/system-aliases.csv`` and ``crosswalks.yaml``: what charts call a code system, whose codes read as another's."""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING

from pydantic import RootModel

from fhirpath_spine.authoring.source.fields import Form, Name, Text
from fhirpath_spine.authoring.source.forms import read_form
from fhirpath_spine.authoring.source.nodes import Node, Scalar
from fhirpath_spine.diagnostics import Span, did_you_mean
from fhirpath_spine.pathway.facts.spelling import Crosswalk, Spelling, folded

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fhirpath_spine.authoring.source.folder import Folder
    from fhirpath_spine.authoring.source.report import Report
COLUMNS = ["alias", "system", "note", "source", "licence"]
ALIASES, CROSSWALKS = "system-aliases.csv", "crosswalks.yaml"
_RANGE = re.compile(r"([A-Z])(\d\d)-\1(\d\d)\Z")
_CODE = re.compile(r"[A-Z]\d[0-9A-Z](?:[.][0-9A-Z]{1,4})?\Z")


class CrosswalkForm(Form):
    """A code system whose codes read as those of another where their first characters are listed.

    The system has no table of its own, so that none of its titles is needed; ``codes`` says how its codes are spelt.
    """

    uri: Text
    title: Text
    licence: Text
    reads: Name
    codes: Text
    three: tuple[Text, ...]
    """Categories of three characters, and ranges of them."""
    four: tuple[Text, ...] = ()
    """Codes of four characters."""


class CrosswalksForm(RootModel[dict[Name, CrosswalkForm]]):
    """``crosswalks.yaml``."""


def read_spelling(
    folder: Folder, place: str, systems: Mapping[str, str], forms: Mapping[str, str], content: dict[str, Node | str]
) -> tuple[Spelling, dict[str, str]]:
    """The spellings of a set, and the short names of systems that have no table; both files may be missing."""
    walks: dict[str, Crosswalk] = {}
    spelt, apart = dict(forms), dict[str, str]()
    relative = f"{place}/{CROSSWALKS}"
    if folder.has(relative) and (node := folder.yaml(relative)) is not None:
        content[relative] = node
        form = read_form(CrosswalksForm, node, folder.report)
        for name, walk in form.root.items() if isinstance(form, CrosswalksForm) else ():
            apart[str(name)] = str(walk.uri)
            spelt[str(walk.uri)] = str(walk.codes)
            if (target := _system(walk.reads, systems, folder.report)) != "":
                walks[str(walk.uri)] = Crosswalk(target, _codes(walk, folder.report))
    known = {**systems, **apart}
    names, editions = {folded(uri): uri for uri in known.values()}, dict[str, str]()
    relative = f"{place}/{ALIASES}"
    text = folder.read(relative) if folder.has(relative) else None
    if text is not None:
        content[relative] = text
        _aliases(text, folder, relative, names, editions)
    return Spelling(names, editions, spelt, walks), apart


def _system(name: Scalar, systems: Mapping[str, str], report: Report) -> str:
    if name not in systems:
        hint = did_you_mean(name, systems) or f"Known: {', '.join(systems)}."
        report.add("SP211", f"the code system '{name}' is not known", name.span, hint)
    return systems.get(str(name), "")


def _codes(form: CrosswalkForm, report: Report) -> dict[int, frozenset[str]]:
    found: dict[int, set[str]] = {}
    for text in (*form.three, *form.four):
        several = _RANGE.match(text)
        if several is None and not _CODE.match(text):
            report.add("SP210", f"'{text}' is no code and no range", text.span, "Write A00, A00.0 or A00-A09.")
            continue
        first, last = (int(several[2]), int(several[3])) if several else (0, 0)
        listed = [f"{several[1]}{n:02}" for n in range(first, last + 1)] if several else [text.replace(".", "")]
        for code in listed:
            found.setdefault(len(code), set()).add(code)
    return {length: frozenset(codes) for length, codes in found.items()}


def _aliases(text: str, folder: Folder, relative: str, names: dict[str, str], editions: dict[str, str]) -> None:
    report, file = folder.report, folder.name(relative)
    rows = list(csv.reader(text.splitlines()))
    if not rows or rows[0] != COLUMNS:
        report.add("SP210", f"the columns have to be {','.join(COLUMNS)}", Span(file, 1, 1))
        return
    for number, row in enumerate(rows[1:], start=2):
        if len(row) != len(COLUMNS) or not all((row[0], row[1], row[3], row[4])):
            report.add("SP210", "alias, system, source and licence have to be there", Span(file, number, 1))
            continue
        alias, system = row[0], row[1]
        kept = names.get(folded(system), system)
        if alias.endswith("/*"):
            editions[folded(alias.removesuffix("*")) + "/"] = kept
        elif names.setdefault(folded(alias), kept) != kept:
            report.add("SP210", f"'{alias}' stands for two systems", Span(file, number, 1))
