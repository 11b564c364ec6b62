"""What goes out: cards with their detail, CarePlans, verdicts, outcomes, ids, and the phrases that they are worded with."""

from __future__ import annotations

from fhirpath_spine.faces import face

__all__, __getattr__ = face(
    __name__,
    cards="CardPolicy Cards Wording unavailable write_cards",
    dates="day dated",
    careplan="members",
    explanation="Explained explain explanation_json",
    ids="Ids PUBLIC_KEY",
    markdown="CAP clean escape plain render section",
    overrides="FITTING HL7 OWN reasons",
    offline="document not_judged refusal tree",
    outcomes="of_error",
    phrases="KEYS Phrases fit",
    why="why_json",
)
