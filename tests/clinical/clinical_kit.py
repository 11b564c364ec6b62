"""The cases at hand: their charts, as one Bundle or as the prefetch of a hook call, and what is judged of them.

Every test of this folder runs over ``CASES``: a further case is one word there. It is long because a chart is told here in each
way that a test of this folder sends it.
"""

from __future__ import annotations

import asyncio
import copy
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from fhirpath_spine.entrypoints.content import moment
from fhirpath_spine.errors import SpineError
from fhirpath_spine.exchange import EXTENSION
from fhirpath_spine.exchange.incoming import prefetch_templates, read_bundle, read_prefetch
from fhirpath_spine.exchange.outgoing import document
from fhirpath_spine.pathway.facts import Chart, type_of
from fhirpath_spine.pathway.judging import decide
from fhirpath_spine.pathway.model import Site
from tests.clinical import score
from tests.kit.content import library, site, wording
from tests.kit.ports import Unfetched

HERE = Path(__file__).parent
CASES = (
    *("C01", "C03", "C05", "C07", "C09", "C11", "C13", "C15", "C17", "C19"),
    *("C21", "C23", "C25", "C27", "C29", "C31", "C33", "C35", "C37", "C39"),
)

Json = dict[str, Any]


# ---------------------------------------------------------------------------------------------------- content


@cache
def queries() -> Mapping[str, str]:
    """The prefetch templates of the service."""
    return prefetch_templates(library(), site())


# ---------------------------------------------------------------------------------------------------- cases


@cache
def _read(folder: str, case: str) -> bytes:
    return (HERE / folder / f"{case}.json").read_bytes()


def bundle(case: str) -> Json:
    """The Bundle of a case, fresh, so that a test may change it."""
    found: Json = json.loads(_read("cases", case))
    return found


def expected(case: str) -> Json:
    found: Json = json.loads(_read("expected", case))
    return found


def day(case: str) -> date:
    return date.fromisoformat(expected(case)["evaluation_date"])


# ---------------------------------------------------------------------------------------------------- judging


@dataclass(frozen=True)
class Judged:
    """What came of one chart: the document that ``decide`` prints, or the refusal."""

    document: Json
    error: SpineError | None = None

    @property
    def verdicts(self) -> dict[tuple[str, str], str]:
        """(recommendation, lesion) -> status."""
        return {(v["id"], v.get("lesion", {}).get("key", "")): v["status"] for v in self.document["verdicts"]}

    @property
    def statuses(self) -> dict[str, set[str]]:
        """Recommendation -> its statuses over all lesions."""
        out: dict[str, set[str]] = {}
        for (id_, _), status in self.verdicts.items():
            out.setdefault(id_, set()).add(status)
        return out

    def having(self, status: str) -> set[str]:
        """The recommendations that have this status for some lesion."""
        return {id_ for id_, found in self.statuses.items() if status in found}

    @property
    def recommended(self) -> set[str]:
        return self.having("recommended")

    @property
    def claims(self) -> set[str]:
        """The claims of what is recommended."""
        return {c for v in self.document["verdicts"] if v["status"] == "recommended" for c in v["claims"]}

    @property
    def cards(self) -> list[Json]:
        return list(self.document["cards"])

    @property
    def entries(self) -> list[tuple[str, str]]:
        return [(p["id"], p["state"]) for p in self.document["pathways"]]

    @property
    def sentences(self) -> list[str]:
        """Every line that stands on a card or in the explanation, as plain as Markdown lets it be."""
        lines = [line for card in self.cards for line in (card["summary"], *card.get("detail", "").splitlines())]
        lines += [line for one in self.document.get("explanation", ()) for line in one["text"].splitlines()]
        return [line.replace("\\", "").strip("-*# ") for line in lines if line.strip()]

    def says(self, words: str) -> bool:
        return any(words in sentence for sentence in self.sentences)

    @property
    def on_cards(self) -> list[tuple[str, str, str]]:
        """(recommendation, lesion, status) of every verdict that some card carries, as often as one does."""
        return [
            (v["id"], v.get("lesion", {}).get("key", ""), v["status"])
            for card in self.cards
            for v in card["extension"][EXTENSION].get("verdicts", ())
        ]


def judge(chart: Chart, at: date | datetime, *, at_site: Site | None = None) -> Judged:
    """Judges a chart; a refusal is a result."""
    place = at_site or site()
    when = at if isinstance(at, datetime) else moment(at.isoformat(), place)
    try:
        return Judged(document(decide(library(), chart, when, place), wording()))
    except SpineError as error:
        return Judged({"pathways": [], "verdicts": [], "cards": []}, error)


def judge_bundle(found: Json, at: date | datetime, *, at_site: Site | None = None) -> Judged:
    try:
        chart = read_bundle(found)
    except SpineError as error:
        return Judged({"pathways": [], "verdicts": [], "cards": []}, error)
    return judge(chart, at, at_site=at_site)


@cache
def judged(case: str) -> Judged:
    """A case as it is."""
    return judge_bundle(bundle(case), day(case))


# ---------------------------------------------------------------------------------------------------- prefetch


def patient_of(found: Json) -> str:
    return next(e["resource"]["id"] for e in found["entry"] if e["resource"]["resourceType"] == "Patient")


def prefetch(found: Json, at: date) -> Json:
    """What an EHR sends that resolves every template over this chart."""
    sent, left = score.prefetch(queries(), found, patient_of(found), at.isoformat())
    assert left == []
    return dict(sent)


def chart_of(sent: Json, patient: str) -> Chart:
    """The chart that a hook call reads; what is left open is closed as nobody fetches."""
    found = read_prefetch(sent, queries(), patient)
    fetched = asyncio.run(Unfetched().fetch(None, found.open, None))  # type: ignore[arg-type]
    return Chart(patient, {**found.reads, **fetched})


OUTCOME = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "exception"}]}


def failed(sent: Json, key: str) -> Json:
    """The EHR could not read this key."""
    return {**sent, key: copy.deepcopy(OUTCOME)}


def omitted(sent: Json, key: str) -> Json:
    """The EHR did not send this key."""
    return {k: v for k, v in sent.items() if k != key}


def cut(sent: Json, key: str) -> Json:
    """The EHR sent the first page of this key, without its resources: the next page is named."""
    if type_of(key) == "Patient":
        return omitted(sent, key)
    link = [{"relation": "next", "url": "http://ehr.example.org/fhir/?page=2"}]
    return {**sent, key: {"resourceType": "Bundle", "type": "searchset", "link": link, "entry": []}}


def halved(sent: Json, key: str) -> Json:
    """The EHR sent every other resource of this key, and names the next page."""
    if type_of(key) == "Patient":
        return omitted(sent, key)
    link = [{"relation": "next", "url": "http://ehr.example.org/fhir/?page=2"}]
    return {**sent, key: {**sent[key], "link": link, "entry": sent[key].get("entry", [])[::2]}}


LOSSES: Mapping[str, Callable[[Json, str], Json]] = {
    "failed": failed,
    "omitted": omitted,
    "cut": cut,
    "halved": halved,
}


def silent(result: Judged) -> bool:
    """Whether a clinician sees nothing at all, as if nothing were the matter."""
    return result.error is None and not result.cards


# ---------------------------------------------------------------------------------------------------- own charts


def without(found: Json, references: Iterable[str]) -> Json:
    """The Bundle without these resources (``Type/id``)."""
    gone = set(references)
    kept = [e for e in found["entry"] if f"{e['resource']['resourceType']}/{e['resource']['id']}" not in gone]
    assert len(kept) == len(found["entry"]) - len(gone), f"not all of {sorted(gone)} are there"
    return {**found, "entry": kept}


def resource_of(found: Json, reference: str) -> Json:
    """One resource of a Bundle, to be changed in place."""
    kind, id_ = reference.split("/")
    return next(
        e["resource"] for e in found["entry"] if (e["resource"]["resourceType"], e["resource"]["id"]) == (kind, id_)
    )


LOCAL = "urn:fhirpath-spine:cs:local"


def concept(*codes: str, system: str = LOCAL) -> Json:
    return {"coding": [{"system": system, "code": code} for code in codes]}


def observation(id_: str, code: Json | str, when: str, *, level: str = "", **value: Any) -> Json:
    """A final Observation; ``level`` is a code of a spinal level."""
    return {
        "resourceType": "Observation",
        "id": id_,
        "status": "final",
        "code": concept(code) if isinstance(code, str) else code,
        "effectiveDateTime": when,
        **({"bodySite": concept(level)} if level else {}),
        **value,
    }


def added(found: Json, *resources: Json) -> Json:
    """The Bundle with further resources of its patient."""
    subject = {"reference": f"Patient/{patient_of(found)}"}
    return {**found, "entry": [*found["entry"], *({"resource": {"subject": subject, **r}} for r in resources)]}
