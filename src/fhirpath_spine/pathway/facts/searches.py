"""The searches that fill a chart, compiled from what the needs read: nothing else is asked for (threat T18).

Keys are stable, since EHR staff type them in by hand (rulings 2.8). Observations are asked for by code, in groups
declared by hand; every other type whole. A code map of the site adds the codes that it translates from (rulings 6).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from fhirpath_spine.pathway.facts.chart import ALWAYS, KEYS, ORDER
from fhirpath_spine.pathway.facts.needs import Coding, Need
from fhirpath_spine.pathway.facts.spelling import PLAIN, Spelling

PAGE = 1000
"""Asked page size: a server's default of 20 would cut a chart short (HAPI)."""
LONGEST = 1_500
"""Characters that the search of one group of Observations may have; longer ones fail as URLs. No search is cut in two, since
that would change the keys: lint refuses it."""


def searches(needs: Iterable[Need], code_map: Mapping[Coding, Coding], spelling: Spelling = PLAIN) -> dict[str, str]:
    """Key -> FHIR query with ``{{context.patientId}}``, in a stable order; only keys that some need reads.

    ``patient`` is always asked for: subject check, age and death stand on it; and ``carePlans``, for what is on file already.
    """
    codings: dict[str, set[Coding]] = {key: set() for key in ALWAYS}
    for need in needs:
        for key in need.keys:
            codings.setdefault(key, set()).update(codings_of(need, code_map))
    return {key: search(key, codings[key], spelling) for key in ORDER if key in codings}


def codings_of(need: Need, code_map: Mapping[Coding, Coding]) -> set[Coding]:
    """The codings that a need of Observations is asked for by: its own single codes, and those that a site maps to them.

    A code that stands for all below it is none of them: no search in the common subset asks for what lies below a code.
    """
    if need.codes is None or "Observation" not in need.resources:
        return set()
    wanted = set(need.codes.members)
    return wanted | {source for source, target in code_map.items() if target in wanted}


def search(key: str, codings: Iterable[Coding], spelling: Spelling = PLAIN) -> str:
    """The query of one key, in the subset that every CDS client must support (PRE-04)."""
    if key == "patient":
        return "Patient/{{context.patientId}}"
    if key in KEYS:
        return f"{KEYS[key]}?patient={{{{context.patientId}}}}&_count={PAGE}"
    listed = ",".join(sorted({spelling.token(coding) for coding in codings}))
    return f"Observation?patient={{{{context.patientId}}}}&code={listed}&_count={PAGE}"
