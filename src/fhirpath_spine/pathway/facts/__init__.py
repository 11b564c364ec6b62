"""What is known: each resource, read once and filed under the needs that ask for it, resolved to facts that say whether they
are complete.
"""

from __future__ import annotations

from fhirpath_spine.faces import face

__all__, __getattr__ = face(
    __name__,
    answers="answer",
    chart="Chart KEYS OBSERVATION_GROUPS ORDER Read Resource Unread WHERE_OFFERED canonical facts_digest is_id type_of",
    copies="newest",
    dates="apart day_of is_before is_since moment_of possible_ages stamp within",
    facts="Facts",
    filing="DOUBTS Rejection",
    intake="Intake",
    ledger="Ledger MiscountError Way",
    matters="Matters",
    needs="Absent Coding Matcher Need Value known printed",
    plans="PlanOnFile of_ours",
    reading="codings",
    searches="LONGEST",
    signs="Signs",
    spelling="PLAIN folded icd",
    subjects="Subject subject_of whose",
    text="fold tokens",
    values="MALFORMED NOTHING UNREADABLE read_value",
    words="Doubt LENGTH Lists Stop Word Words compile for_site",
)
