"""What is known: each resource, read once and filed under the needs that ask for it, resolved to facts that say whether they
are complete.
"""

from __future__ import annotations

from fhirpath_spine.faces import face

__all__, __getattr__ = face(
    __name__,
    answers="answer",
    chart=(
        "Chart KEYS OBSERVATION_GROUPS Read Resource Subject Unread canonical facts_digest subject_of type_of whose"
    ),
    dates="apart day_of is_before is_since moment_of possible_ages stamp within",
    facts="Facts",
    filing="Rejection",
    intake="Intake",
    needs="Absent Coding Matcher Need known",
    reading="codings",
    searches="LONGEST",
    spelling="PLAIN folded icd",
    text="fold tokens",
    words="Doubt LENGTH Lists Stop Word Words compile for_site",
)
