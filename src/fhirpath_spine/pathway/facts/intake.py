"""One pass over a chart: each resource once, its subject checked, filed under every need that it answers.

What no need reads is only counted: uncoded entries, and neoplasms and drugs that no table knows (rulings 2.2).

It is long because it is one pass: what becomes of a resource is decided in the order in which it is asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, tzinfo
from hashlib import sha256
from typing import Any, NamedTuple

from fhirpath_spine.errors import PatientMismatch
from fhirpath_spine.pathway.facts import reading
from fhirpath_spine.pathway.facts.chart import Chart, Resource, canonical, is_id
from fhirpath_spine.pathway.facts.copies import contained, hindrance, newest
from fhirpath_spine.pathway.facts.dates import day_of, first_day, possible_ages
from fhirpath_spine.pathway.facts.filing import Bin, Filer, Rejection, Sheet
from fhirpath_spine.pathway.facts.ledger import Entry, Ledger, Way
from fhirpath_spine.pathway.facts.matters import MEDICATION, NEOPLASM, UNCODED, Matter, Matters
from fhirpath_spine.pathway.facts.needs import Need, known
from fhirpath_spine.pathway.facts.orders import Ordered, read_order
from fhirpath_spine.pathway.facts.panels import members, speaks_elsewhere
from fhirpath_spine.pathway.facts.persons import is_deceased, warnings_of
from fhirpath_spine.pathway.facts.plans import CARE_PLAN, PlanOnFile, of_ours
from fhirpath_spine.pathway.facts.recognising import Doubt, Recognised, narrowed, said
from fhirpath_spine.pathway.facts.subjects import Subject, reference_of, refuse, subject_of, target_of
from fhirpath_spine.pathway.facts.values import MALFORMED, UNREADABLE, Reading
from fhirpath_spine.pathway.sentences import Charted

_NOT_OURS = {Subject.UNUSABLE: "no-subject", Subject.ELSEWHERE: "other-server"}
_SET_ASIDE = frozenset({"modifier", "implicit-rules"})
"""Why a resource is not used though it is ours, and is all that hinders it: it does say what it is about."""


class _Taken(NamedTuple):
    """A resource that is ours, what it is about, and its name on a card."""

    resource: Resource
    kind: str
    concept: Any
    matter: Matter
    reference: str


class Intake:
    """What one chart holds for the needs: ``bins`` by need, the patient, counts, and the resources that were used.

    Raises :class:`PatientMismatch` for a resource of another patient.
    """

    def __init__(
        self,
        needs: Mapping[str, Need],
        matters: Matters,
        chart: Chart,
        at: datetime,
        zone: tzinfo,
    ) -> None:
        self._needs, self._matters, self._chart = needs, matters, chart
        self._zone = zone
        self._today: date = at.astimezone(zone).date()
        self._filer = Filer(at, zone, matters.signs)
        self._subjects: dict[str, Subject] = {}
        self._disputed: list[tuple[str, Sequence[Resource]]] = []
        self.ledger = Ledger()
        self._medications: dict[str, Resource] = {}
        self.bins: dict[str, Bin] = {}
        self.patient: dict[str, Any] | None = None
        self.possible_patients: tuple[dict[str, Any], ...] = ()
        """The patient at each age that a partial birth date leaves open; empty where the age is known or not recorded."""
        self.deceased = False
        self.warnings: dict[str, None] = {}
        """What is to be said of the Patient itself, as tails of phrase keys ``record-``."""
        self.counts = {UNCODED: 0, NEOPLASM: 0, MEDICATION: 0}
        self.orders: list[Ordered] = []
        """What is on the screen to be ordered."""
        self.used: dict[str, Resource] = {}
        self.plans: list[PlanOnFile] = []
        """Plans of ours that the chart holds."""
        self.unread: dict[str, str] = {}
        """Types of which something was found that cannot be used for any need, with why: a tail of a phrase key ``unread-``."""
        self._read()

    def _resources(self) -> Iterator[tuple[Resource, bool, str, bool]]:
        """Every resource once, with the Observations and Conditions that it contains and what its components are. Of versions of
        one id the newest counts, and what is on the screen is the newest. With each whether it is a draft, its name on a card if
        it has one, and whether it is ordered.
        """
        kept: dict[Any, list[tuple[Resource, bool]]] = {}
        drafts = ((r, True) for r in self._chart.drafts)
        charted = ((r, False) for read in self._chart.reads.values() for r in read.resources)
        for number, (one, draft) in enumerate((*charted, *drafts)):
            kind, id_ = one.get("resourceType"), one.get("id")
            key = (kind, id_) if isinstance(kind, str) and is_id(id_) else number
            if (others := kept.get(key)) is None:
                kept[key] = [(one, draft)]
            elif draft or one != others[0][0]:  # most that stand twice stand there twice as they are
                others.append((one, draft))
        for key, copies in kept.items():
            name = f"{key[0]}/{key[1]}" if isinstance(key, tuple) else ""
            (first, on_screen), *others = copies
            # Nearly all stand there once, and are nothing that is ordered.
            counted = self._counted(copies) if others or on_screen else [(first, False, False)]
            for resource, draft, ordered in counted:
                yield resource, draft, name, ordered
                if "component" in resource:
                    for part, code in members(resource, self._matters, self._needs):
                        yield part, draft, f"{name}#{code}" if name else "", False
                if "contained" in resource:
                    yield from ((inner, draft, called, False) for inner, called in contained(resource))

    def _counted(self, copies: Sequence[tuple[Resource, bool]]) -> list[tuple[Resource, bool, bool]]:
        """What counts of the versions of one id, each with whether it is a draft, and whether it is ordered."""
        on_screen = [copy for copy, draft in copies if draft]
        if on_screen:
            # An order that the chart holds already is one that is changed: it is in force in its new state.
            self._ours([copy for copy, _ in copies])
            return [(copy, len(on_screen) == len(copies), True) for copy in on_screen]
        found = self._newest([copy for copy, _ in copies])
        return [] if found is None else [(found, False, False)]

    def _newest(self, copies: Sequence[Resource]) -> Resource | None:
        """The newest of the versions of one id; None, and its type is unread, where nothing tells and they say different things.
        Each of them has to be ours: an older one of another patient was not sent by chance.
        """
        kind = str(copies[0].get("resourceType"))
        self._ours(copies)
        found = newest(copies)
        if found is None:
            self.unread.setdefault(kind, "versions")
            self._disputed.append((kind, copies))
        return found

    def _ours(self, copies: Sequence[Resource]) -> None:
        """Refuses copies of which one belongs to another patient."""
        for copy in copies:
            kind = str(copy.get("resourceType"))
            if kind != "Patient" and subject_of(copy, self._chart) is Subject.ANOTHER:
                raise refuse(kind)

    def _read(self) -> None:
        resources = list(self._resources())
        for resource, _, _, _ in resources:
            kind = resource.get("resourceType")
            if kind == "Patient":
                self._take_patient(resource)
            elif kind == "Medication" and not hindrance(resource):
                self._medications[f"Medication/{resource.get('id')}"] = resource
        entries = [one for one in resources if one[0].get("resourceType") not in ("Patient", "Medication")]
        for resource, draft, called, ordered in entries:
            self._take(resource, draft, called, ordered=ordered)
        disputed = [(kind, copies) for kind, copies in self._disputed if kind not in ("Patient", "Medication")]
        for kind, copies in disputed:
            self.ledger.add(kind, (Way.REJECTED,))
            self._dispute(kind, copies)
        for named in (self.ledger.entries, self.ledger.known, self.ledger.drugs):
            named.sort(key=lambda entry: (entry.kind, entry.day, entry.reference))
        self.ledger.check(len(entries) + len(disputed))

    def _dispute(self, kind: str, copies: Sequence[Resource]) -> None:
        """Of versions that nothing orders none is used; a tumour that one of them names may be one all the same."""
        for copy in sorted((self._matters.read(copy) for copy in copies), key=canonical):
            concept = self._concept(copy)
            matter = self._matters.of(kind, concept)
            if matter.suspected:
                self._set_aside(_Taken(copy, kind, concept, matter, f"{kind}/{copy['id']}"), matter.needs, "versions")
                return

    def _take_patient(self, resource: Resource) -> None:
        if resource.get("id") != self._chart.patient:
            raise PatientMismatch(
                "The chart holds a Patient that is not the patient of the context, so nothing was judged.",
                hint="Send data of the context's patient only, and check the cache that filled the prefetch.",
            )
        if hindrance(resource):
            # Who it is stands fast; what else it says, the modifier may turn round.
            resource = {name: resource[name] for name in ("resourceType", "id")}
            self.warnings["patient-modifier"] = None
        resource = self._matters.read(resource)
        self.warnings |= dict.fromkeys(warnings_of(resource, self._today, self._zone))
        self.deceased = self.deceased or is_deceased(resource, self._today, self._zone)
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

    def _take(self, resource: Resource, draft: bool, called: str, *, ordered: bool = False) -> None:
        kind = str(resource.get("resourceType"))
        resource = reading.sited(resource)
        concept = self._concept(resource)
        matter = self._matters.of(kind, concept)
        subject = self._subject(resource)
        if subject is Subject.ANOTHER:
            raise refuse(kind)
        reference = called or f"{kind}#{self._nameless(resource)}"
        if kind == CARE_PLAN:
            self._take_plan(resource, reference, usable=subject is Subject.OURS and not hindrance(resource))
            return
        names = matter.needs
        ours = subject is Subject.OURS
        if ordered and (order := read_order(resource, reference, concept, matter, ours=ours)) is not None:
            self.orders.append(order)
        if matter.counted and self._count(matter.counted, resource) and matter.counted == MEDICATION:
            self._name_drug(_Taken(resource, kind, concept, matter, reference))
        ways: list[Way] = []
        if matter.seen is not None:
            seen = matter.seen
            if kind == "Observation" and (value := self._deficit(resource)) is not None:
                resource, concept, seen = {**resource, "code": value}, value, seen._replace(doubts=_DEFICIT)
            if seen.doubts:
                seen = narrowed(self._matters.recognition, kind, self._matters.read(resource), seen)
                names = (*names, *self._matters.matcher.doubting(kind, seen.doubts))
            misspelt = concept is None and reading.strange_members(resource, "code")
            ways.append(Way.UNREADABLE if misspelt else seen.way)
            if seen.way is Way.NOT_RECOGNISED and (seen.doubts or kind in _NAMED):
                self._name(_Taken(resource, kind, concept, matter, reference), seen)
        elif kind == "Condition" and known(self._matters.recognition.named, matter.codes):
            day = self._filer.date(resource).day
            self.ledger.known.append(Entry(kind, reference, Way.READ, said(concept, matter.codes), day))
        hindered = _NOT_OURS.get(subject, "") or hindrance(resource)
        if matter.suspected and hindered in _SET_ASIDE:
            ways += self._set_aside(_Taken(resource, kind, concept, matter, reference), names, hindered)
        elif names:
            ways += self._file(_Taken(resource, kind, concept, matter, reference), hindered, names, draft)
        self.ledger.add(kind, ways, concept)

    def _deficit(self, resource: Resource) -> Any:
        """The value of an Observation that no need reads, where it names a deficit: it may be one, whatever was asked."""
        value = resource.get("valueCodeableConcept")
        told = None if value is None else self._matters.of("Observation", value).codes
        return value if told and known(self._matters.recognition.deficits, told) else None

    def _take_plan(self, resource: Resource, reference: str, *, usable: bool) -> None:
        """Keeps a plan of ours; no need reads one, and what others plan is of no matter here."""
        plan = of_ours(resource, reference)
        if plan is not None and usable:
            self.plans.append(plan)
            self.used[reference] = resource
        self.ledger.add(CARE_PLAN, () if plan is None else (Way.READ if usable else Way.UNREADABLE,))

    def _set_aside(self, taken: _Taken, names: Sequence[str], why: str) -> list[Way]:
        """A tumour that cannot be used: rejected by name, and kept as what may be one. What else its key holds is read."""
        for name in names:
            self._bin(name).rejected.append(Rejection(name, self._needs[name].label, why, taken.reference))
        sheet = self._sheet(taken)
        for name in self._matters.matcher.doubting(taken.kind, taken.matter.suspected):
            self._filer.file(self._bin(name), self._needs[name], sheet)
        return [Way.REJECTED] * len(names)

    def _bin(self, name: str) -> Bin:
        bin_ = self.bins.get(name)
        if bin_ is None:
            bin_ = self.bins[name] = Bin()
        return bin_

    def _sheet(self, taken: _Taken) -> Sheet:
        resource, concept = taken.resource, taken.concept
        read = self._matters.read(resource, "code" if taken.matter.plain else "")
        if read is not resource or type(concept) is not dict:  # what is a part of it is then as it stands, too
            concept = self._matters.read(concept)
        if taken.kind == "Observation":
            read = self._matters.with_answer(read, taken.matter.needs)
        return self._filer.read(read, taken.kind, concept, taken.reference)

    def _file(self, taken: _Taken, hindered: str, names: Sequence[str], draft: bool) -> list[Way]:
        """Files a resource under its needs, and says how it ended for each. ``hindered`` is why it cannot be used, if so."""
        sheet = None
        valueless: list[tuple[Need, Reading]] = []
        ways: list[Way] = []
        for name in names:
            need = self._needs[name]
            if draft and not need.drafts:
                continue
            bin_ = self._bin(name)
            # What a modifier turns round is what an entry says; that it may be a tumour stays a doubt.
            if hindered and not (need.doubt and hindered in _SET_ASIDE):
                bin_.doubts[hindered] = None
                bin_.rejected.append(Rejection(name, need.label, hindered, taken.reference))
                ways.append(Way.REJECTED)
                continue
            if sheet is None:
                sheet = self._sheet(taken)
            rejected = len(bin_.rejected)
            filed = self._filer.file(bin_, need, sheet)
            if filed is True:
                ways.append(Way.READ)
            elif isinstance(filed, Reading):
                valueless.append((need, filed))
            else:
                ways.append(Way.REJECTED if len(bin_.rejected) > rejected else Way.ELSEWHERE)
        if sheet is not None:
            if Way.READ in ways:
                name = taken.reference
                # Parts of one panel may have one name.
                self.used[name if name not in self.used else f"{name} {self._nameless(taken.resource)}"] = (
                    sheet.resource
                )
            else:
                if (
                    valueless
                    and taken.kind == "Observation"
                    and speaks_elsewhere(sheet.resource, self._matters.matcher)
                ):
                    valueless = [
                        (n, r._replace(problem=UNREADABLE) if r.problem == "no-value" else r) for n, r in valueless
                    ]
                self._valueless(valueless, taken.reference, sheet.dating.day)
                ways += [Way.REJECTED] * len(valueless)
        return ways

    def _valueless(self, told: Sequence[tuple[Need, Reading]], reference: str, day: str) -> None:
        """Names the value that none of the needs could take."""
        for need, result in told:
            bin_ = self.bins[need.name]
            if result.problem == MALFORMED:
                bin_.doubts["value"] = None
            raw = (Charted(result.raw),) if result.raw else ()
            bin_.rejected.append(Rejection(need.name, need.label, result.problem, reference, raw, day))

    def _concept(self, resource: Resource) -> Any:
        """What it is about; of a drug that is named by a reference, what the Medication says."""
        concept = reading.concept_of(resource)
        if not isinstance(concept, dict) or not isinstance(target := concept.get("reference"), str):
            return concept
        if target.startswith("#"):
            return reading.medication_concepts(reading.contained_in(resource, target), resource)
        return reading.medication_concepts(self._medications.get(target_of(target, self._chart), {}))

    def _name(self, taken: _Taken, seen: Recognised) -> None:
        """Keeps what a person has to be told of: Conditions, allergies and what may be a deficit, that no table knows."""
        named = said(taken.concept, taken.matter.codes)
        day = self._filer.date(taken.resource).day
        self.ledger.entries.append(Entry(taken.kind, taken.reference, seen.way, named, day, seen.gravest))

    def _name_drug(self, taken: _Taken) -> None:
        """Keeps a drug in use that no table knows: a person can tell whether it is one that matters."""
        told = said(taken.concept, taken.matter.codes)
        holder = taken.resource.get("medicationReference")
        if not told and isinstance(name := holder.get("display") if isinstance(holder, dict) else holder, str):
            told = Charted(name)
        day = self._filer.date(taken.resource).day
        self.ledger.drugs.append(Entry(taken.kind, taken.reference, Way.NOT_RECOGNISED, told, day))

    def _subject(self, resource: Resource) -> Subject:
        reference = reference_of(resource)
        if not isinstance(reference, str):
            return subject_of(resource, self._chart)
        if "focus" in resource or "patient" in resource:
            return subject_of(resource, self._chart)
        found = self._subjects.get(reference)
        if found is None:
            found = self._subjects[reference] = subject_of(resource, self._chart)
        return found

    def _count(self, counted: str, resource: Resource) -> bool:
        """Counts what no need reads, and says whether it did: a drug that is no longer in use is not counted."""
        counts = counted != MEDICATION or reading.meaning(resource) in ("active", "proposed")
        self.counts[counted] += counts
        return counts

    def _nameless(self, resource: Resource) -> str:
        """A name for a resource without an id that does not depend on where in the chart it stands."""
        return sha256(canonical(self._matters.read(resource))).hexdigest()[:8]


_NAMED = frozenset({"Condition", "AllergyIntolerance"})
_DEFICIT = frozenset({Doubt.DEFICIT})
