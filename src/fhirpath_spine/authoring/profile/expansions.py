"""Expansion files: written once by ``codes expand``, owned by the site, read at load. No terminology server is asked at run
time (rulings 6).
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from fhirpath_spine.authoring.source.fields import Day, Form, Name, Text, one_of, pattern
from fhirpath_spine.authoring.source.forms import read_form
from fhirpath_spine.authoring.source.nodes import Block, Scalar
from fhirpath_spine.diagnostics import did_you_mean

if TYPE_CHECKING:
    from fhirpath_spine.authoring.profile.terminology import Terminology
    from fhirpath_spine.authoring.source.folder import Folder
    from fhirpath_spine.diagnostics import Span
    from fhirpath_spine.pathway.facts.needs import Coding
CodeText = Annotated[Scalar, *pattern(r"[^\s|]+( [^\s|]+)*", "a code")]


class ExpandedCodeForm(Form):
    """One code. The display is for the reader; it is never matched."""

    system: Annotated[Scalar, *pattern(r"[^\s|]+:[^\s|]+", "the URI of a code system")]
    code: CodeText
    display: Text | None = None


class ExpandedForm(Form):
    """The codes of one value set: what was asked, of whom, and when."""

    source: Text
    server: Text
    date: Day
    codes: tuple[ExpandedCodeForm, ...] = Field(min_length=1)


class ExpansionForm(Form):
    """The whole file. ``sha256`` is over ``valueSets``, so that an edit by hand is noticed."""

    expansion: Annotated[Scalar, *one_of("1")]
    value_sets: dict[Name, ExpandedForm] = Field(alias="valueSets", min_length=1)
    sha256: Annotated[Scalar, *pattern("[0-9a-f]{64}", "a digest of 64 hexadecimal digits")]


HEAD = (
    "# Written by fhirpath-spine codes expand. Codes of other licences may stand here: it is the site's own file.\n"
    "# Not to be edited: it is refused if its digest differs. Name it in site.yaml under expansions.\n"
)


@dataclass(frozen=True, slots=True)
class Expanded:
    """The codes of one value set (system, code, display), what was asked, of which server, and on which day."""

    source: str
    server: str
    date: str
    codes: tuple[tuple[str, str, str], ...]


def digest_of(value_sets: object) -> str:
    """SHA-256 over the content of ``valueSets``, whatever its layout."""
    return hashlib.sha256(json.dumps(value_sets, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()


def text(value_sets: Mapping[str, Expanded]) -> str:
    """The file of these expansions."""
    content: dict[str, dict[str, object]] = {}
    lines = [HEAD + "expansion: 1", "valueSets:"]
    for name, one in value_sets.items():
        codes = [_row(*code) for code in one.codes]
        content[name] = {"source": one.source, "server": one.server, "date": one.date, "codes": codes}
        lines.append(f"  {name}:")
        lines += [f"    {key}: {_quoted(content[name][key])}" for key in ("source", "server", "date")]
        lines.append("    codes:")
        lines += [f"      - {_quoted(code)}" for code in codes]
    lines.append(f"sha256: {digest_of(content)}")
    return "\n".join(lines) + "\n"


def _row(system: str, code: str, display: str) -> dict[str, str]:
    return {"system": system, "code": code, **({"display": display} if display else {})}


def _quoted(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def read(name: Scalar, beside: Folder, terminology: Terminology) -> dict[str, set[Coding]]:
    """The codes that a file of a site adds, by value set. What is wrong with it is in the folder's report: it has another
    digest than it says (SP224), or names a value set that no profile has (SP301).
    """
    found: dict[str, set[Coding]] = {}
    node = beside.yaml(str(name))
    form = None if node is None else read_form(ExpansionForm, node, beside.report)
    if form is None:
        if node is None:
            beside.report.add("SP224", f"the expansion file '{name}' cannot be read", name.span, "Name a file beside.")
        return found
    content = node.get("valueSets") if isinstance(node, Block) else None
    if digest_of(content) != form.sha256:
        anew(beside, form.sha256.span)
        return found
    for value_set, one in form.value_sets.items():
        if value_set not in terminology.value_sets:
            unknown(value_set, beside, value_set.span, terminology)
            continue
        codes = {(sys.intern(str(c.system)), sys.intern(str(c.code))) for c in one.codes}
        found.setdefault(str(value_set), set()).update(codes)
    return found


def anew(beside: Folder, span: Span) -> None:
    """Reports a file that is not as it was written."""
    hint = "Write it anew with fhirpath-spine codes expand; changes by hand belong into code_map."
    beside.report.add("SP224", "the digest is not that of the codes in this file", span, hint)


def unknown(value_set: str, beside: Folder, span: Span, terminology: Terminology) -> None:
    """Reports a value set that no profile has."""
    hint = did_you_mean(value_set, terminology.value_sets) or "Only value sets of the profiles can be expanded."
    beside.report.add("SP301", f"no value set is called '{value_set}'", span, hint)
