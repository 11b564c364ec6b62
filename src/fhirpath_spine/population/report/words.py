"""Plain words for the codes of a run. What belongs to the content (states, parts of a chart) is called as its phrase book calls
it, which the record of a run has; the rest is called here.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from fhirpath_spine.exchange import Json
from fhirpath_spine.population.report.section import Coded

STATUSES = {
    "recommended": "recommended",
    "needs-data": "waiting for data",
    "blocked": "blocked",
    "satisfied": "done already",
    "suppressed": "hidden",
    "not-applicable": "not applying",
}
REASONS = {
    "not-recorded": "not recorded",
    "stale": "too old",
    "conflict": "statements contradict",
    "rejected": "recorded, not usable",
    "unread": "could not be read",
    "not-offered": "not offered by the EHR",
}
REFUSED = {
    "patient-missing": "the export has data of this patient, but not who it is (no Patient)",
    "patient-twice": "two people stand under one id",
    "patient-mismatch": "one of its data names another patient, too",
    "too-costly": "the chart is larger than one judgement takes in",
    "scope-undecidable": "so much could not be read that no pathway could be decided on",
    "request-invalid": "what stands in the chart is no FHIR that can be judged",
    "precondition-failed": "the chart cannot be judged as it is",
    "limit-exceeded": "the chart asks for more work than is allowed",
    "worker-lost": "the program died at this chart, twice",
    "internal-error": "a fault of this program, which we ask you to report with its place",
    "no-patient": "a resource that names no patient",
    "line-unreadable": "a line that cannot be read",
}
UNREAD = {
    "not-json": "a line cannot be read to its end",
    "too-large": "a line is longer than one that is read",
    "shape": "a line is no FHIR resource of that type",
    "outcome": "the export says that it holds an error in its place",
    "next-page": "the export says that it is not whole",
}
"""Of an export; the phrase book speaks of a server that is asked during a call."""
WAYS = {
    "not-recognised": "in no table of this library",
    "unreadable": "in a form that says nothing",
    "rejected": "recognised and not used",
    "uncoded": "without a code",
    "unrecognisedNeoplasms": "perhaps a tumour, in no table",
    "unrecognisedMedications": "a drug in use, in no table",
}
ANSWERS = {"MET": "met", "NOT_MET": "not met", "UNKNOWN": "unknown", "": "not asked"}
CAUSES = {"rules": "the rules", "data": "the data", "both": "the rules and the data", "chance": "neither"}
CAUSES_OF_TWO_DAYS = {
    "rules": "the rules",
    "data": "the data or the day",
    "both": "the rules, and the data or the day",
    "chance": "the day",
}
"""The same between runs that judged at two days: what is as old as it was counts otherwise later."""
SYSTEMS = {
    "http://snomed.info/sct": "SNOMED CT",
    "http://loinc.org": "LOINC",
    "http://www.nlm.nih.gov/research/umls/rxnorm": "RxNorm",
    "http://hl7.org/fhir/sid/icd-10-cm": "ICD-10-CM",
    "http://hl7.org/fhir/sid/icd-10": "ICD-10",
    "http://www.whocc.no/atc": "ATC",
}
NO_STATE = "could not be told"
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_MINUTE = 16
"""Length of an instant down to its minute."""


class Words:
    """What the codes of one run are called."""

    def __init__(self, record: Json) -> None:
        self._record = record
        self._book: Mapping[str, str] = record.get("words", {})

    def pathway(self, id_: str) -> Coded:
        """A pathway by its title."""
        return Coded(str(self._record["pathways"].get(id_, {}).get("title", id_)), id_)

    def step(self, id_: str) -> Coded:
        """A recommendation by its title."""
        return Coded(str(self._record["recommendations"].get(id_, id_)), id_)

    def need(self, name: str) -> Coded:
        """A datum by what a card calls it."""
        return Coded(str(self._record["needs"].get(name, name)), name)

    def state(self, name: str) -> Coded:
        """A state of a pathway."""
        return self._said("state", name) if name else Coded(NO_STATE, "")

    def part(self, key: str) -> Coded:
        """A part of a chart."""
        return self._said("part", key)

    def unread(self, why: str) -> Coded:
        """Why a part could not be read to its end."""
        return Coded(UNREAD[why], why) if why in UNREAD else self._said("unread", why)

    def _said(self, kind: str, code: str) -> Coded:
        key = f"{kind}-{code.lower().replace('_', '-')}"
        return Coded(self._book.get(key) or in_words(code), code)


def called(book: Mapping[str, str], code: str) -> Coded:
    """A code by its words in one of the lists above."""
    return Coded(book.get(code) or in_words(code), code)


def in_words(code: str) -> str:
    """A code that nobody has named is its own words."""
    return code.replace("_", " ").replace("-", " ").lower()


def criterion(name: str) -> Coded:
    """A criterion, which its author has named."""
    return Coded(in_words(name), name)


def day(text: str) -> str:
    """The day of an instant of FHIR in words; what is no instant stays as it is."""
    when = _instant(text)
    return f"{when.day} {_MONTHS[when.month - 1]} {when.year}" if when else text


def instant(text: str) -> str:
    """An instant of FHIR in words, with its minute and zone."""
    when = _instant(text)
    if when is None:
        return text
    zone = when.tzname() or ""
    return f"{day(text)}, {when.isoformat()[11:_MINUTE]}{f' ({zone})' if zone else ''}"


def days_between(first: str, then: str) -> int:
    """Whole days from one instant of FHIR to another; 0 where they are not told, or stand the other way round."""
    one, other = _instant(first), _instant(then)
    if one is None or other is None or (one.tzinfo is None) != (other.tzinfo is None):
        return 0
    return max((other - one).days, 0)


def _instant(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None


def count(number: int, one: str, more: str = "") -> str:
    """A number with its noun."""
    return f"{number:,} {one if number == 1 else more or f'{one}s'}"
