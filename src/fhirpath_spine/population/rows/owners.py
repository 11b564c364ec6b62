"""Whose a line of NDJSON is, found without parsing it where its text leaves no doubt.

A line is a resource or a Bundle. Where the quick look could err (two keys that name a person, contained resources, escapes) the
line is parsed, so that both ways give the same answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum
from typing import Any, NamedTuple

import orjson

from fhirpath_spine.exchange.incoming.answers import is_failure
from fhirpath_spine.exchange.incoming.bundles import contents
from fhirpath_spine.pathway.facts.chart import TYPES

LINE_BYTES = 16 * 1024 * 1024
"""Longest line that is read: as long as the longest body of a hook call."""
READ = frozenset(TYPES)
"""Types that a chart is read for."""
COMPANION = "Medication"
"""What is nobody's and looked up by those that name it."""


class Fate(StrEnum):
    """What becomes of a line."""

    OWNED = "owned"
    """It goes to the chart of its patient; of two patients, to both."""
    COMPANION = "companion"
    ASIDE = "aside"
    """A type that no judgement reads, or about something that is no patient: counted."""
    STRAY = "stray"
    """A type that is read, of nobody who could be told: counted, and told in the report."""
    UNREADABLE = "unreadable"
    """No JSON, or too long, and of nobody who could be told."""


NOBODYS = (Fate.STRAY, Fate.UNREADABLE)
"""What may be anybody's."""


class Piece(NamedTuple):
    """One line, or one resource of a Bundle: its type, what becomes of it, the logical ids of its patients."""

    fate: Fate
    kind: str
    owners: tuple[str, ...]
    line: bytes


_HEAD = re.compile(rb'\s*\{\s*"resourceType"\s*:\s*"([A-Za-z]+)"')
_PATIENT = re.compile(rb'\s*\{\s*"resourceType"\s*:\s*"Patient"\s*,\s*"id"\s*:\s*"([A-Za-z0-9\-._]+)"')
_PERSON = re.compile(rb'"(?:subject|patient)"\s*:\s*\{\s*"reference"\s*:\s*"([^"\\]*)"')
_REFERENCE = re.compile(r"(?:[a-z][a-z0-9+.-]*://.+?/)?([A-Za-z]+)/([^\s/?#]+)(?:/_history/[^/]+)?\Z")
_RELATIVE = re.compile(rb"Patient/([A-Za-z0-9\-._]+)\Z")
_ID = re.compile(r"[^\s/?#]+\Z")
_MEDICATION = re.compile(rb'"reference"\s*:\s*"(?:[^"\\]*/)?Medication/([^"\\/?#]+)')
_READ = {name.encode(): name for name in (*TYPES, COMPANION)}
_WHOLE = (b"Bundle", b"OperationOutcome")
"""Types of which the head alone says nothing."""


def pieces(line: bytes) -> Iterator[Piece]:
    """What a line holds: itself, or the resources of a Bundle. A blank line holds nothing."""
    head = _HEAD.match(line)
    if len(line) > LINE_BYTES:
        yield too_long(line[:LINE_BYTES])
        return
    kind = head[1] if head else b""
    if kind and kind not in _WHOLE:
        name = _READ.get(kind)
        if name is None:
            yield Piece(Fate.ASIDE, kind.decode(), (), b"")
            return
        if name == COMPANION:
            yield Piece(Fate.COMPANION, name, (), line)
            return
        owner = _glance(line, name)
        if owner:
            yield Piece(Fate.OWNED, name, (owner,), line)
            return
    yield from _parsed(line)


def too_long(start: bytes) -> Piece:
    """The piece of a line that is too long to be read, from its first bytes: its patient learns that something is unread."""
    head = _HEAD.match(start)
    name = _READ.get(head[1], "") if head else ""
    if head and not name and head[1] not in _WHOLE:
        return Piece(Fate.ASIDE, head[1].decode(), (), b"")
    return _broken(start, name, "too-long")


def _glance(line: bytes, name: str) -> str:
    """The one patient whom the text names beyond doubt, or nothing."""
    if name == "Patient":
        match = _PATIENT.match(line)
        return match[1].decode() if match and line.rstrip()[-1:] == b"}" else ""
    at = _only(line, b'"subject"', b'"patient"')
    match = _PERSON.match(line, at) if at >= 0 and b'"contained"' not in line else None
    if match is None:
        return ""
    reference = match[1]
    plain = _RELATIVE.match(reference)
    return plain[1].decode() if plain else patient_of(_text(reference))


def _only(line: bytes, *words: bytes) -> int:
    """Where the only one of these words stands; -1 where there is none, or more than one. A pattern takes four times as long."""
    found = -1
    for word in words:
        at = line.find(word)
        if at >= 0:
            if found >= 0 or line.find(word, at + 1) >= 0:
                return -1
            found = at
    return found


def _text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return ""


def patient_of(reference: object) -> str:
    """The logical id of the Patient that a reference names; empty if it names none."""
    match = _REFERENCE.match(reference) if isinstance(reference, str) else None
    return match[2] if match and match[1] == "Patient" else ""


def _parsed(line: bytes) -> Iterator[Piece]:
    if not line.strip():
        return
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError:
        head = _HEAD.match(line)
        yield _broken(line, _READ.get(head[1], "") if head else "", "structure")
        return
    if isinstance(value, dict) and value.get("resourceType") == "Bundle":
        yield from _of_bundle(value)
    else:
        yield _of_resource(value, line)


def _broken(line: bytes, name: str, code: str) -> Piece:
    """A line that cannot be read, of a patient if its text names one."""
    match = _PERSON.search(line)
    owner = patient_of(_text(match[1])) if match else ""
    if name == "Patient" and (named := _PATIENT.match(line)):
        owner = named[1].decode()
    if not owner:
        return Piece(Fate.UNREADABLE, name, (), b"")
    return Piece(Fate.OWNED, name, (owner,), outcome(code, name))


def outcome(code: str, name: str = "") -> bytes:
    """An OperationOutcome in place of what could not be read; a chart that holds it has that type unread, or all of them."""
    issue = {"severity": "error", "code": code, **({"diagnostics": name} if name else {})}
    return orjson.dumps({"resourceType": "OperationOutcome", "issue": [issue]})


def _of_resource(value: Any, line: bytes) -> Piece:
    kind = value.get("resourceType") if isinstance(value, dict) else None
    if not isinstance(kind, str):
        return Piece(Fate.UNREADABLE, "", (), b"")
    if kind == COMPANION:
        return Piece(Fate.COMPANION, kind, (), line)
    if kind == "OperationOutcome" and is_failure(value):
        return Piece(Fate.UNREADABLE, kind, (), b"")
    if kind not in READ:
        return Piece(Fate.ASIDE, kind, (), b"")
    if kind == "Patient":
        id_ = value.get("id")
        owners: tuple[str, ...] = (id_,) if isinstance(id_, str) and _ID.match(id_) else ()
    else:
        owners = owners_of(value)
        if not owners and _of_no_patient(value):
            return Piece(Fate.ASIDE, kind, (), b"")
    return Piece(Fate.OWNED if owners else Fate.STRAY, kind, owners, line)


def owners_of(value: dict[str, Any]) -> tuple[str, ...]:
    """The patients whom a resource names as the one it is about: one, or two who contradict each other."""
    named = (value.get(key) for key in ("subject", "patient"))
    found = (patient_of(one.get("reference")) for one in named if isinstance(one, dict))
    return tuple(dict.fromkeys(id_ for id_ in found if id_))


def _of_no_patient(value: dict[str, Any]) -> bool:
    """Whether a resource says that it is about a device, a group or a place."""
    subject = value.get("subject")
    match = _REFERENCE.match(str(subject.get("reference"))) if isinstance(subject, dict) else None
    return match is not None and match[1] != "Patient"


def _of_bundle(bundle: dict[str, Any]) -> Iterator[Piece]:
    resources, whole = contents(bundle)
    everyone: dict[str, None] = {}
    for resource in resources:
        if resource.get("resourceType") == "OperationOutcome":
            continue
        piece = _of_resource(resource, b"")
        everyone.update(dict.fromkeys(piece.owners))
        kept = piece.fate in (Fate.OWNED, Fate.COMPANION)
        yield piece._replace(line=orjson.dumps(resource)) if kept else piece
    outcomes = [orjson.dumps(r) for r in resources if r.get("resourceType") == "OperationOutcome"]
    for line in [*outcomes, *([] if whole else [outcome("incomplete")])]:
        # It is not said whose it is: everyone of this Bundle may lack it.
        owners = tuple(everyone)
        yield Piece(Fate.OWNED if owners else Fate.UNREADABLE, "OperationOutcome", owners, line)


def medications_named(line: bytes) -> list[str]:
    """The ids of the Medications that a line refers to."""
    return [_text(id_) for id_ in _MEDICATION.findall(line)] if b"Medication/" in line else []
