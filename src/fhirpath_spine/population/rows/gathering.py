"""The lines of one patient as one chart, as if they had come in one Bundle: what cannot be read leaves its type unread."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import orjson

from fhirpath_spine.errors import BodyTooLarge, PatientMismatch, RequestError
from fhirpath_spine.exchange.incoming.absence import says_all, without_absent
from fhirpath_spine.exchange.incoming.answers import UnreadReason, is_resource
from fhirpath_spine.exchange.incoming.bundles import BUT_PATIENT, failed_types, reads, withheld_types
from fhirpath_spine.exchange.incoming.parsing import deeper_than, has_key_twice
from fhirpath_spine.pathway.facts.chart import TYPES, Chart, Resource
from fhirpath_spine.pathway.facts.signs import NO_SIGNS, Signs
from fhirpath_spine.population.rows.owners import LINE_BYTES, READ, Fate, pieces

PATIENT_BYTES = 32 * 1024 * 1024
"""Most that one patient's lines may have: as much as a hook call takes in, sent and fetched together."""
DEPTH = 64
_WHY = {"structure": UnreadReason.NOT_JSON, "too-long": UnreadReason.TOO_LARGE, "incomplete": UnreadReason.NEXT_PAGE}


class PatientMissing(RequestError):
    """There are resources of a patient and no Patient."""

    code = "patient-missing"


class PatientTwice(PatientMismatch):
    """Two Patients of one id that cannot be the same person."""

    code = "patient-twice"


@dataclass(slots=True)
class _Gathered:
    resources: list[Resource] = field(default_factory=list)
    failed: dict[str, UnreadReason] = field(default_factory=dict)

    def fail(self, name: str, why: UnreadReason) -> None:
        """A type cannot be read to its end; where it is not known which, it may be any but the Patient."""
        for one in (name,) if name in TYPES else BUT_PATIENT:
            self.failed.setdefault(one, why)


def chart_of(patient: str, lines: Iterable[bytes], base: str = "", signs: Signs = NO_SIGNS) -> tuple[Chart, int]:
    """The chart in the lines of one patient, and how many resources it has, companions not counted.

    ``base`` is the address of the server that made the export, if known; ``signs`` are the codes that say that not all is here.

    Raises:
        BodyTooLarge: the lines have more than ``PATIENT_BYTES``.
        PatientMissing: none of them is the Patient, and none that could not be read may be.
        PatientTwice: two of them are Patients that differ in birth date, sex or identifiers.

    """
    found = _gathered(patient, lines, signs)
    read = sum(r["resourceType"] in READ for r in found.resources)
    _check_patient(found)
    for kind, why in withheld_types(found.resources, signs).items():
        found.fail(kind, why)
    whole = Chart(patient, dict(reads(found.resources, frozenset(), found.failed)), base=base)
    return whole, read


def _gathered(patient: str, lines: Iterable[bytes], signs: Signs) -> _Gathered:
    kept, size = list(lines), 0
    for line in kept:
        size += len(line)
    if size > PATIENT_BYTES:
        raise BodyTooLarge(
            f"One patient's lines have more than {PATIENT_BYTES // 1024 // 1024} MiB, so nothing was judged.",
            hint="Leave types and categories that no pathway reads out of the export.",
        )
    out = _Gathered()
    values: list[Any] = []
    for line in kept:
        try:
            values.append(orjson.loads(line))
        except orjson.JSONDecodeError:
            values.append(None)
    doubtful, whole = _looked_over(kept, values)
    for line, value in zip(kept, values, strict=True):
        if value is None or len(line) > LINE_BYTES or (doubtful and _refused(line, value)):
            _take_broken(line, out)
        elif not isinstance(value, dict) or not is_resource(value) or value["resourceType"] == "OperationOutcome":
            _take_other(line, value, patient, out, signs)
        else:
            out.resources.append(value if whole else without_absent(value, line))
    return out


def _looked_over(lines: list[bytes], values: list[Any]) -> tuple[bool, bool]:
    """Whether some line may be too deep or hold a key twice, and whether all that they hold says something. Both are asked of all
    lines at once, which costs a tenth of asking each.
    """
    if None in values:
        readable = [(line, value) for line, value in zip(lines, values, strict=True) if value is not None]
        lines, values = [line for line, _ in readable], [value for _, value in readable]
    body, compact = b",".join(lines), orjson.dumps(values)
    doubtful = deeper_than(body, DEPTH) or has_key_twice(b"[%b]" % body, compact)
    return doubtful, says_all(compact)


def _refused(line: bytes, value: Any) -> bool:
    return deeper_than(line, DEPTH) or has_key_twice(line, orjson.dumps(value))


def _take_broken(line: bytes, out: _Gathered) -> None:
    if not line.strip():
        return
    for piece in pieces(line):
        out.fail(piece.kind, UnreadReason.TOO_LARGE if len(line) > LINE_BYTES else UnreadReason.NOT_JSON)


def _take_other(line: bytes, value: Any, patient: str, out: _Gathered, signs: Signs) -> None:
    """A Bundle, an OperationOutcome, or no resource at all."""
    if isinstance(value, dict) and value.get("resourceType") == "Bundle":
        for piece in pieces(line):
            if piece.fate is Fate.COMPANION or patient in piece.owners:
                _take_piece(orjson.loads(piece.line), out, signs)
    elif isinstance(value, dict) and value.get("resourceType") == "OperationOutcome":
        _take_piece(value, out, signs)
    else:
        out.fail("", UnreadReason.SHAPE)


def _take_piece(value: dict[str, Any], out: _Gathered, signs: Signs) -> None:
    if value.get("resourceType") != "OperationOutcome":
        out.resources.append(value)
        return
    issues = value.get("issue")
    first = issues[0] if isinstance(issues, list) and issues and isinstance(issues[0], dict) else {}
    for name in failed_types([value], signs):
        out.fail(name, _WHY.get(str(first.get("code")), UnreadReason.OUTCOME))


def _check_patient(found: _Gathered) -> None:
    people = [r for r in found.resources if r.get("resourceType") == "Patient"]
    if not people and "Patient" not in found.failed:
        raise PatientMissing(
            "There are resources of a patient who is not in the export, so nothing was judged.",
            hint="Export the Patients too, or find out whether this one was merged or deleted.",
        )
    if any(_another(one, other) for one, other in combinations(people, 2)):
        raise PatientTwice(
            "Two Patients have one id and are not the same person, so nothing was judged.",
            hint="Judge the exports of two servers apart.",
        )


def _another(one: Resource, other: Resource) -> bool:
    """Whether two Patients of one id cannot be versions of one: by birth date, by sex, or by no identifier in common."""
    if any(name in one and name in other and one[name] != other[name] for name in ("birthDate", "gender")):
        return True
    mine, theirs = _identifiers(one), _identifiers(other)
    return bool(mine and theirs) and not mine & theirs


def _identifiers(person: Mapping[str, Any]) -> set[tuple[str, str]]:
    held = person.get("identifier")
    return {
        (str(i.get("system")), str(i["value"]))
        for i in (held if isinstance(held, list) else ())
        if isinstance(i, dict) and "value" in i
    }
