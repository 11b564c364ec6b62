"""Small invented charts, told with the codes of the shipped value sets, and what the core makes of them.

All days are counted back from ``AT``. A code is named by its value set, so no test can use one that no profile knows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from fhirpath_spine.pathway.decision import Decision, Status, Verdict
from fhirpath_spine.pathway.facts import (
    KEYS,
    OBSERVATION_GROUPS,
    Chart,
    Facts,
    Intake,
    Matcher,
    Matters,
    Read,
    Resource,
)
from fhirpath_spine.pathway.judging import RECOGNISED, decide
from fhirpath_spine.pathway.lesions import Lesion, build
from fhirpath_spine.pathway.model import Site
from fhirpath_spine.pathway.truth import Reason
from tests.kit.content import library as shipped

Json = dict[str, Any]

AT = datetime(2026, 6, 15, 12, tzinfo=UTC)
ME = "p1"
SITE = Site(flags={"endoscopy_available": True})
ORDER = (*KEYS, *(f"observations-{group}" for group in OBSERVATION_GROUPS))
_PREFERRED = {
    "spinal-metastasis-site": "285619009",
    "neurogenic-benign": "D36.10",
    "cord-meninges-benign": "D32.1",
    "back-or-thoracic-pain": "M54.6",
    "bone-metastasis-any": "C79.51",
}
"""Codes that stand in one tumour table or none but the one that is meant."""


# ---------------------------------------------------------------------------------------------------- codes


def ago(days: int) -> str:
    """The day so many days before the judgement."""
    return (AT - timedelta(days=days)).date().isoformat()


def concept(*value_sets: str) -> Json:
    """A CodeableConcept with one code of each value set."""
    return {"coding": [_coding(name) for name in value_sets]}


def _coding(name: str) -> Json:
    found = shipped().value_sets[name]
    wanted = _PREFERRED.get(name)
    system, code = min(m for m in found.members if wanted in (None, m[1]))
    return {"system": system, "code": code}


def level(name: str) -> Json:
    """The body site of a level, by its short name (``T8``)."""
    system, code = min(
        c for c, short in shipped().lesions.levels.items() if short == (name,) and c[0].startswith("urn:")
    )
    return {"coding": [{"system": system, "code": code}]}


def answer(value_set: str) -> Json:
    """A coded answer of an Observation or a component."""
    return {"valueCodeableConcept": concept(value_set)}


def amount(value: float, unit: str) -> Json:
    """A Quantity of an Observation; the unit is UCUM."""
    return {"valueQuantity": {"value": value, "unit": unit, "code": unit}}


# ---------------------------------------------------------------------------------------------------- resources


def patient(**fields: Any) -> Json:
    """The patient of the context: an adult man, unless said otherwise."""
    return {"resourceType": "Patient", "id": ME, "gender": "male", "birthDate": ago(60 * 366), **fields}


def _resource(kind: str, id_: str, **fields: Any) -> Json:
    return {"resourceType": kind, "id": id_, "subject": {"reference": f"Patient/{ME}"}, **fields}


def status(code: str) -> Json:
    """A clinicalStatus or verificationStatus."""
    return {"coding": [{"system": "urn:status", "code": code}]}


def condition(
    id_: str,
    *value_sets: str,
    days: int = 40,
    at: str = "",
    clinical: str = "active",
    verified: str = "confirmed",
    **fields: Any,
) -> Json:
    """A Condition with its onset so many days ago, at a level if one is named."""
    return _resource(
        "Condition",
        id_,
        clinicalStatus=status(clinical),
        verificationStatus=status(verified),
        code=concept(*value_sets),
        **({"bodySite": [level(at)]} if at else {}),
        **{"onsetDateTime": ago(days), **fields},
    )


def observation(id_: str, value_set: str, *, days: int = 3, at: str = "", **value: Any) -> Json:
    """A final Observation of so many days ago."""
    return (
        _resource(
            "Observation",
            id_,
            status="final",
            code=concept(value_set),
            effectiveDateTime=ago(days),
            **({"bodySite": level(at)} if at else {}),
        )
        | value
    )


def report(id_: str, value_set: str, *, days: int = 3, **fields: Any) -> Json:
    """A final DiagnosticReport."""
    return _resource("DiagnosticReport", id_, code=concept(value_set), effectiveDateTime=ago(days), status="final") | (
        fields
    )


def procedure(id_: str, value_set: str, *, days: int = 3, at: str = "", state: str = "completed") -> Json:
    """A Procedure, at a level if one is named."""
    site = {"bodySite": [level(at)]} if at else {}
    return _resource("Procedure", id_, code=concept(value_set), performedDateTime=ago(days), status=state, **site)


def order(id_: str, value_set: str, *, state: str = "active", intent: str = "order") -> Json:
    """A MedicationRequest."""
    return _resource(
        "MedicationRequest",
        id_,
        status=state,
        intent=intent,
        medicationCodeableConcept=concept(value_set),
        authoredOn=ago(5),
    )


METASTASIS = condition("met", "spinal-metastasis-site", at="T8")
PAIN = condition("pain", "back-or-thoracic-pain", days=30)
PARESIS = condition("paresis", "paresis", days=3)
SCHWANNOMA = condition("nerve", "neurogenic-benign", at="L2")


# ---------------------------------------------------------------------------------------------------- charts


def chart(
    *resources: Resource,
    unread: Mapping[str, Reason] | Iterable[str] = (),
    absent: Iterable[str] = (),
    drafts: tuple[Resource, ...] = (),
    aliases: Iterable[str] = (),
    base: str = "",
) -> Chart:
    """A chart in which all is read but the keys that are named; the patient is added if nobody is told of."""
    told = list(resources)
    if not any(r["resourceType"] == "Patient" for r in told):
        told.append(patient())
    why = dict(unread) if isinstance(unread, Mapping) else dict.fromkeys(unread, Reason.UNREAD)
    reads: dict[str, Read] = {}
    for key in ORDER:
        if key in absent:
            continue
        mine = tuple(r for r in told if r["resourceType"] == KEYS.get(key, "Observation"))
        if key in KEYS or key == ORDER[len(KEYS)]:
            told = [r for r in told if r not in mine]
        else:
            mine = ()
        reads[key] = Read(mine, key not in why, why.get(key))
    assert not told, f"no key holds {told}"
    return Chart(ME, reads, frozenset(aliases), base, drafts)


def judge(*resources: Resource, site: Site = SITE, at: datetime = AT, **how: Any) -> Decision:
    """The decision on these resources of a chart that is otherwise empty and read to its end."""
    given = {k: how.pop(k) for k in ("unread", "absent", "drafts", "aliases", "base") if k in how}
    return decide(shipped(), chart(*resources, **given), at, site, **how)


def verdict(decision: Decision, id_: str, lesion: str = "") -> Verdict:
    """The one verdict of a recommendation, of a lesion if its key is given."""
    found = [v for v in decision.verdicts if v.id == id_ and (not lesion or (v.lesion and v.lesion.key == lesion))]
    assert len(found) == 1, f"{id_} {lesion}: {[(v.status, v.lesion and v.lesion.key) for v in found]}"
    return found[0]


def having(decision: Decision, wanted: Status) -> set[str]:
    """The recommendations that have this status somewhere."""
    return {v.id for v in decision.verdicts if v.status is wanted}


def entries(decision: Decision) -> list[tuple[str, str]]:
    """Each entry as pathway and state."""
    return [(e.id, e.state) for e in decision.entries]


def intake(told: Chart, at: datetime = AT, site: Site = SITE) -> Intake:
    """The one pass over a chart."""
    library = shipped()
    recognised = {role: library.value_sets.get(name) for role, name in RECOGNISED.items()}
    matters = Matters(Matcher(library.needs), site.code_map, recognised, library.spelling)
    return Intake(library.needs, matters, told, at, ZoneInfo(site.timezone))


def facts(*resources: Resource, at: datetime = AT, site: Site = SITE, **given: Any) -> Facts:
    """The facts of a chart."""
    library, told = shipped(), chart(*resources, **given)
    found = intake(told, at, site)
    return Facts(library.needs, told, found, at, ZoneInfo(site.timezone), library.policy.conflict_days)


def lesions(*resources: Resource) -> list[Lesion]:
    """The lesions of a chart."""
    config, found = shipped().lesions, facts(*resources)
    return build(config, found.all_found(config.conditions), found.all_found(config.imaging))


def keys(*resources: Resource) -> list[str]:
    """The keys of the lesions of a chart, cranial to caudal."""
    return [one.key for one in lesions(*resources)]
