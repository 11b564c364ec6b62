"""One pass over a chart: each resource once, its subject checked, filed under every need that it answers.

What no need reads is only counted: uncoded entries, and neoplasms and drugs that no table knows (rulings 2.2).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, tzinfo
from hashlib import sha256
from typing import Any

from fhirpath_spine.errors import PatientMismatch
from fhirpath_spine.pathway.facts import reading
from fhirpath_spine.pathway.facts.chart import Chart, Resource, Subject, canonical, reference_of, subject_of
from fhirpath_spine.pathway.facts.dates import day_of, first_day, possible_ages
from fhirpath_spine.pathway.facts.filing import Bin, Filer, Rejection
from fhirpath_spine.pathway.facts.ledger import Entry, Ledger, Way
from fhirpath_spine.pathway.facts.needs import Coding, Matcher, Need, known
from fhirpath_spine.pathway.facts.recognising import Recognised, Recognition, recognise, said
from fhirpath_spine.pathway.facts.spelling import PLAIN, Spelling
from fhirpath_spine.pathway.facts.words import Words, for_site

_ID_LENGTH = 256
"""FHIR allows 64 characters, Epic sends up to 200. A longer id would stand at length in every card that cites it."""


NOTHING_KNOWN, NO_WORDS = Recognition(), for_site({}, ())
"""Of a library that declares no tables and no words: nothing raises a doubt."""


class Intake:
    """What one chart holds for the needs: ``bins`` by need, the patient, counts, and the resources that were used.

    Raises :class:`PatientMismatch` for a resource of another patient.
    """

    def __init__(
        self,
        needs: Mapping[str, Need],
        matcher: Matcher,
        chart: Chart,
        at: datetime,
        zone: tzinfo,
        code_map: Mapping[Coding, Coding],
        recognised: Mapping[str, Any],
        spelling: Spelling = PLAIN,
        recognition: Recognition = NOTHING_KNOWN,
        words: Words = NO_WORDS,
    ) -> None:
        self._needs, self._matcher, self._chart = needs, matcher, chart
        self._zone = zone
        self._today: date = at.astimezone(zone).date()
        self._filer = Filer(at, zone)
        self._subjects: dict[str, Subject] = {}
        self._code_map, self._spelling = code_map, spelling
        self._recognised, self._recognition, self._words = recognised, recognition, words
        self.ledger = Ledger()
        self._medications: dict[str, Resource] = {}
        self.bins: dict[str, Bin] = {}
        self.patient: dict[str, Any] | None = None
        self.possible_patients: tuple[dict[str, Any], ...] = ()
        """The patient at each age that a partial birth date leaves open; empty where the age is known or not recorded."""
        self.counts = {"uncoded": 0, "unrecognisedNeoplasms": 0, "unrecognisedMedications": 0}
        self.used: dict[str, Resource] = {}
        self._read()

    def _resources(self) -> Iterator[tuple[Resource, bool]]:
        """Every resource once. Of two that share an id and differ, the later version counts, in whatever order they come."""
        kept: dict[Any, tuple[Resource, bool]] = {}
        drafts = ((r, True) for r in self._chart.drafts)
        charted = ((r, False) for read in self._chart.reads.values() for r in read.resources)
        for number, (resource, draft) in enumerate((*charted, *drafts)):
            kind, id_ = resource.get("resourceType"), resource.get("id")
            key = (kind, id_) if isinstance(kind, str) and isinstance(id_, str) and id_ else number
            other = kept.get(key)
            if other is None or (resource != other[0] and _version(resource) > _version(other[0])):
                kept[key] = (resource, draft if other is None else other[1])
        for resource, draft in kept.values():
            spelt = self._spelling.read(resource)
            yield (self._mapped(spelt) if self._code_map else spelt), draft

    def _read(self) -> None:
        resources = list(self._resources())
        for resource, _ in resources:
            kind = resource.get("resourceType")
            if kind == "Patient":
                self._take_patient(resource)
            elif kind == "Medication":
                self._medications[f"Medication/{resource.get('id')}"] = resource
        entries = [(r, draft) for r, draft in resources if r.get("resourceType") not in ("Patient", "Medication")]
        for resource, draft in entries:
            self._take(resource, draft)
        self.ledger.check(len(entries))

    def _take_patient(self, resource: Resource) -> None:
        if resource.get("id") != self._chart.patient:
            raise PatientMismatch(
                "The chart holds a Patient that is not the patient of the context, so nothing was judged.",
                hint="Send data of the context's patient only, and check the cache that filled the prefetch.",
            )
        birth = day_of(resource.get("birthDate"), self._zone)
        ages = possible_ages(birth, self._today)
        self._filer.born = first_day(birth)
        self.patient = (
            {**resource, "birthDate": birth} if birth else {k: v for k, v in resource.items() if k != "birthDate"}
        )
        if len(ages) == 1:
            self.patient["age"] = ages[0]
        else:
            self.possible_patients = tuple({**self.patient, "age": age} for age in ages)

    def _take(self, resource: Resource, draft: bool) -> None:
        kind = str(resource.get("resourceType"))
        concept = reading.concept_of(resource)
        if isinstance(concept, dict) and "reference" in concept:
            concept = reading.medication_concepts(self._medications.get(str(concept["reference"]), {}))
        codes = tuple(reading.codings(concept))
        subject = self._subject(resource)
        if subject is Subject.ANOTHER:
            raise PatientMismatch(
                f"The data hold a resource of another patient ({kind}), so nothing was judged.",
                hint="Send data of the context's patient only, and check the cache that filled the prefetch.",
            )
        names = self._matcher.needs(kind, codes)
        if not names or not codes:
            self._count(kind, resource, codes, names)
        ways: list[Way] = []
        if not self._matcher.coded(kind, codes):
            seen = recognise(self._recognition, self._words, kind, resource, concept, codes)
            ways.append(seen.way)
            names = (*names, *self._matcher.doubting(kind, seen.doubts))
            self._name(kind, resource, concept, codes, seen)
        ways += self._file(kind, resource, concept, subject, names, draft) if names else ()
        self.ledger.add(kind, ways)

    def _file(
        self, kind: str, resource: Resource, concept: Any, subject: Subject, names: Sequence[str], draft: bool
    ) -> Iterator[Way]:
        """Files a resource under its needs, and says how it ended for each."""
        reference = _reference(kind, resource)
        sheet = None
        for name in names:
            need = self._needs[name]
            if draft and not need.drafts:
                continue
            bin_ = self.bins.get(name)
            if bin_ is None:
                bin_ = self.bins[name] = Bin()
            if subject is Subject.UNUSABLE:
                bin_.unusable = True
                bin_.rejected.append(Rejection(name, need.label, "no-subject", reference))
                yield Way.REJECTED
                continue
            if sheet is None:
                sheet = self._filer.read(resource, kind, concept, reference)
            rejected = len(bin_.rejected)
            if self._filer.file(bin_, need, sheet):
                self.used[reference] = resource
                yield Way.READ
            else:
                yield Way.REJECTED if len(bin_.rejected) > rejected else Way.ELSEWHERE

    def _name(self, kind: str, resource: Resource, concept: Any, codes: Sequence[Coding], seen: Recognised) -> None:
        """Keeps what a person has to be told of: Conditions and allergies that no table knows."""
        if seen.way is Way.NOT_RECOGNISED and kind in _NAMED:
            dating = self._filer.date(resource)
            doubt = next(iter(sorted(seen.doubts)), "")
            self.ledger.entries.append(
                Entry(kind, _reference(kind, resource), seen.way, said(concept, codes), dating.day, doubt)
            )

    def _subject(self, resource: Resource) -> Subject:
        reference = reference_of(resource)
        if not isinstance(reference, str):
            return Subject.UNUSABLE
        if "focus" in resource or "patient" in resource:
            return subject_of(resource, self._chart)
        found = self._subjects.get(reference)
        if found is None:
            found = self._subjects[reference] = subject_of(resource, self._chart)
        return found

    def _count(self, kind: str, resource: Resource, codes: Sequence[Coding], names: Sequence[str]) -> None:
        if (
            kind in ("Condition", "Observation", "Procedure")
            and not self._matcher.readable(codes)
            and reading.concept_of(resource)
        ):
            self.counts["uncoded"] += 1
        elif kind == "Condition" and not names:
            chapter, tables = self._recognised.get("chapter"), self._recognised.get("neoplasms")
            self.counts["unrecognisedNeoplasms"] += known(chapter, codes) and not known(tables, codes)
        elif kind in reading.MEDICATIONS and not names:
            unknown = not known(self._recognised.get("medications"), codes)
            self.counts["unrecognisedMedications"] += unknown and reading.meaning(resource) in ("active", "proposed")

    def _mapped(self, resource: Resource) -> Resource:
        """The resource with the site's translations beside its own codings."""

        def translate(value: Any) -> Any:
            if isinstance(value, list):
                return [translate(v) for v in value]
            if not isinstance(value, dict):
                return value
            out = {k: translate(v) for k, v in value.items()}
            if isinstance(out.get("coding"), list):
                added = [self._code_map[c] for c in reading.codings(out) if c in self._code_map]
                out["coding"] += [{"system": system, "code": code} for system, code in added]
            return out

        return dict(translate(dict(resource)))


_NAMED = frozenset({"Condition", "AllergyIntolerance"})


def _reference(kind: str, resource: Resource) -> str:
    id_ = resource.get("id")
    usable = isinstance(id_, str) and len(id_) <= _ID_LENGTH
    return f"{kind}/{id_}" if usable else f"{kind}#{_nameless(resource)}"


def _version(resource: Resource) -> tuple[str, bytes]:
    """Orders the versions of one resource: by when it was last updated, and at last by what stands in it."""
    meta = resource.get("meta")
    updated = meta.get("lastUpdated") if isinstance(meta, dict) else None
    return updated if isinstance(updated, str) else "", canonical(resource)


def _nameless(resource: Resource) -> str:
    """A name for a resource without an id that does not depend on where in the chart it stands."""
    return sha256(canonical(resource)).hexdigest()[:8]
