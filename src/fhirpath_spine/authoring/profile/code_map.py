"""``code_map`` of a site: its own codes and answers, and what they mean here. Entries stand in ``site.yaml``, in a CSV file
as ``codes missing`` writes it, or in a FHIR ConceptMap.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

from pydantic import BeforeValidator, Discriminator, Field, Tag

from fhirpath_spine.authoring.source.cells import read_cells
from fhirpath_spine.authoring.source.fields import Day, Form, PairText, Text, pattern
from fhirpath_spine.authoring.source.nodes import Block, Items, Node, Scalar
from fhirpath_spine.diagnostics import did_you_mean
from fhirpath_spine.pathway.facts.answers import SYSTEM as ANSWERS
from fhirpath_spine.pathway.facts.answers import answer

if TYPE_CHECKING:
    from fhirpath_spine.authoring.profile.terminology import Terminology
    from fhirpath_spine.authoring.source.folder import Folder
    from fhirpath_spine.pathway.facts.needs import Coding
    from fhirpath_spine.pathway.facts.spelling import Spelling
SIZE = 8 << 20
"""Largest file of a code map, in bytes."""
COLUMNS = ("system", "code", "to", "claim", "when")
SAME = ("equivalent", "equal", "wider", "subsumes", "source-is-narrower-than-target")
"""What a ConceptMap may say so that a code means the other one: the same, or something within it."""
NONE = frozenset({"unmatched", "disjoint", "not-related-to"})
"""What it says of a code that has no counterpart; the entry is passed over."""


SourceText = Annotated[Scalar, *pattern(r"[^|\s]+[|][^|\s]+( [^|\s]+)*", 'a coding "system|code"')]
FileName = Annotated[
    Scalar, *pattern(r"[^/\s]+[.](csv|json)", "a .csv file or a ConceptMap in .json, beside site.yaml")
]


class CodeMapForm(Form):
    """One translation of a code that a site uses into one that the profiles know."""

    source: SourceText = Field(alias="from")
    target: PairText = Field(alias="to")
    claim: Text
    when: Day


def _kind(value: object) -> str:
    return "file" if isinstance(value, Scalar) else "entry"


Entry = Annotated[Annotated[CodeMapForm, Tag("entry")] | Annotated[FileName, Tag("file")], Discriminator(_kind)]


def _or_empty(schema: dict[str, Any]) -> None:
    listed = {key: schema.pop(key) for key in ("type", "items") if key in schema}
    name = {"type": "string", "pattern": "[.](csv|json)$"}
    schema["anyOf"] = [listed, name, {"type": "object", "maxProperties": 0}]


def _listed(value: Any) -> Any:
    """``{}`` stands for an empty list, a file's name for a list of one."""
    if isinstance(value, dict) and not value:
        return []
    return [value] if isinstance(value, Scalar) else value


Entries = Annotated[tuple[Entry, ...], BeforeValidator(_listed), Field(json_schema_extra=_or_empty)]


class _Pair(NamedTuple):
    """One translation with the places of what it says."""

    source: Coding
    target: Scalar
    at: Scalar


class CodeMap:
    """Collects the translations of a site; what is wrong is in the report, at its line and column."""

    def __init__(self, beside: Folder, terminology: Terminology, spelling: Spelling) -> None:
        self._beside, self._terminology, self._report = beside, terminology, beside.report
        self._spelling = spelling
        self.found: dict[Coding, Coding] = {}
        self.files: list[str] = []

    def add(self, entries: Iterable[CodeMapForm | Scalar]) -> None:
        """Takes the entries of ``site.yaml``: translations, and names of files that hold more."""
        for entry in entries:
            if isinstance(entry, CodeMapForm):
                short, _, code = entry.source.partition("|")
                self._take(_Pair((self._system(short), code), entry.target, entry.source))
            else:
                self.files.append(str(entry))
                for pair in self._of_file(entry):
                    self._take(pair)

    def _system(self, short: str) -> str:
        return self._terminology.systems.get(short, self._terminology.apart.get(short, short))

    def _take(self, pair: _Pair) -> None:
        source = self._spelling.coding(pair.source)
        if source[0].startswith(ANSWERS):
            source = answer(source[0].removeprefix(ANSWERS), source[1]) or source
        target = self._terminology.coding(pair.target, self._report)
        if target[0] and not self._terminology.knows(target):
            near = did_you_mean(target[1], [c for system, c in self._terminology.codings if system == target[0]])
            hint = near or "Map to a code that a value set of the profiles holds."
            self._report.add("SP222", f"no profile reads the code '{pair.target}'", pair.target.span, hint)
        if source in self.found:
            self._report.add("SP204", f"'{'|'.join(source)}' is mapped twice", pair.at.span, "Keep one of them.")
        self.found[source] = target

    def _of_file(self, name: Scalar) -> Iterator[_Pair]:
        if name.endswith(".json"):
            node = self._beside.yaml(str(name))  # JSON is YAML that knows its places
            yield from () if node is None else self._of_concept_map(node)
        else:
            text = self._beside.read(str(name), SIZE)
            if text is not None:
                yield from self._of_rows(read_cells(text, self._beside.name(str(name)), self._report))

    def _of_rows(self, rows: list[list[Scalar]]) -> Iterator[_Pair]:
        """Rows whose ``to`` is filled in; the others wait for someone to decide."""
        if not rows:
            return
        head, places = rows[0], {str(cell): number for number, cell in enumerate(rows[0])}
        for name in COLUMNS:
            if name not in places:
                self._report.add(
                    "SP210", f"the column '{name}' is missing", head[0].span, "The columns are named first."
                )
        if any(name not in places for name in COLUMNS):
            return
        for row in rows[1:]:
            if len(row) != len(head):
                message = f"{len(head)} columns are wanted, {len(row)} stand here"
                self._report.add("SP210", message, row[0].span, "Quote a cell that holds a comma.")
                continue
            system, code, to, claim, when = (row[places[name]] for name in COLUMNS)
            if not to:
                continue
            if self._is_whole(to, {"code": code, "claim": claim, "when": when}):
                yield _Pair((self._system(str(system)), str(code)), to, code)

    def _is_whole(self, to: Scalar, parts: dict[str, Scalar]) -> bool:
        missing = [name for name, cell in parts.items() if not cell]
        for name in missing:
            message = f"the key '{name}' is missing of what '{to}' stands for"
            self._report.add("SP206", message, parts[name].span, "A translation says who claims it, and since when.")
        return not missing

    def _of_concept_map(self, root: Node) -> Iterator[_Pair]:
        """The targets of a ConceptMap that mean the same or hold it. Who claims it is its publisher, since its date."""
        top = Scalar.of("", root.span)
        if not isinstance(root, Block) or root.get("resourceType") != "ConceptMap":
            self._report.add("SP226", "this is no ConceptMap", root.span, "A code map in .json is a FHIR ConceptMap.")
            return
        texts = {name: found if isinstance(found := root.get(name), Scalar) else top for name in ("publisher", "date")}
        if not self._is_whole(Scalar.of("ConceptMap", root.span), texts):
            return
        for group in _blocks(root.get("group")):
            system, target_system = group.get("source"), group.get("target")
            for element in _blocks(group.get("element")):
                code = element.get("code")
                if not (isinstance(system, Scalar) and isinstance(target_system, Scalar) and isinstance(code, Scalar)):
                    span = element.span
                    self._report.add(
                        "SP206", "source, target or code is missing here", span, "A group names both systems."
                    )
                    continue
                for target in self._targets(element):
                    to = Scalar.of(f"{target_system}|{target}", target.span)
                    yield _Pair((self._system(str(system)), str(code)), to, code)

    def _targets(self, element: Block) -> Iterator[Scalar]:
        for target in _blocks(element.get("target")):
            code, said = target.get("code"), target.get("equivalence", target.get("relationship"))
            if said in NONE or not isinstance(code, Scalar):
                continue
            if not isinstance(said, Scalar) or said not in SAME:
                message = f"'{said or 'nothing'}' does not say that the code means its target"
                hint = f"One of: {', '.join(SAME)}; or leave the target out."
                self._report.add("SP226", message, said.span if isinstance(said, Scalar) else target.span, hint)
                continue
            yield code


def _blocks(node: Node | None) -> list[Block]:
    return [one for one in node if isinstance(one, Block)] if isinstance(node, Items) else []
