"""A datum in the words of a clinician: ``leg power MRC 3/5 (15 June)``, from the phrase book, where the profiles have none."""

from __future__ import annotations

import re
from datetime import date

from fhirpath_spine.exchange.outgoing.dates import dated, day
from fhirpath_spine.exchange.outgoing.markdown import clean, cut
from fhirpath_spine.exchange.outgoing.phrases import Phrases, joined
from fhirpath_spine.pathway.decision import Evidence
from fhirpath_spine.pathway.sentences import Charted, Said

SHORT = 60
"""Characters of one piece of chart text in a detail."""
_NOTES = re.compile(
    r"\s*\([^()]*(?:DEFAULT|published framework|the documents|overlay|OV-[A-Z])[^()]*\)"
    r"|[;.]?\s*[Tt]he sources are silent on [^.;]*"
    r"|\s*\((?:[A-Z]\d+(?:, )?)+\)"
)
"""What a sentence says of its own standing: that belongs to the explanation."""
_MEASURED = re.compile(r"(-?\d+(?:\.\d+)? ?)(\S+)")
"""A number and its unit, as a datum is told."""
_PROVENANCE = re.compile(r"\b(DEFAULT|overlay|seed|the documents?|published framework|OV-[A-Z]+|R-[A-Z]+-\d\d)\b")


def fact(evidence: Evidence, today: date, phrases: Phrases, *, dates: bool = True) -> Said:
    """A datum, with its day unless ``dates`` says no: by its need and answer, by its need, or as the chart has it."""
    value = tuple(_shown(p, phrases) for p in evidence.value)
    answer = "".join(value).strip().lower().replace(" ", "-")
    key = next((k for k in (f"fact-{evidence.need}-{answer}", f"fact-{evidence.need}") if k in phrases.keys), "")
    if key:
        said = phrases.fill(key, value=tuple(map(mild, value)))
    elif evidence.reference.startswith(("Condition/", "Procedure/")):
        said = tuple(map(mild, value)) or (mild(evidence.label),)
    else:
        said = (mild(evidence.label), " ", *value) if value else (mild(evidence.label),)
    return phrases.say("dated", text=said, date=day(evidence.date, today, phrases)) if dates and evidence.date else said


def mild(text: str) -> str:
    """Words within a sentence: small, unless they are an abbreviation. An article is ours; in a chart an A may be a grade."""
    article = text.startswith("A ") and not isinstance(text, Charted)
    small = text[:1].lower() + text[1:] if article or text[1:2].islower() else text
    return Charted(small) if isinstance(text, Charted) else small


def told(said: Said, today: date, phrases: Phrases) -> Said:
    """A sentence of a profile for a card: its days in words, without what it says of its own standing; empty if that is all."""
    parts = [_shown(part, phrases) for part in dated(said, today, phrases)]
    # A note may stand around a datum, so it is looked for in the whole; data hold no note of ours.
    whole = "".join(parts)
    if not _NOTES.search(whole):
        return () if _PROVENANCE.search(_ours(parts)) else tuple(parts)
    kept = _without_notes(parts)
    return () if _PROVENANCE.search(_ours(kept)) else tuple(kept)


def _shown(part: str, phrases: Phrases) -> str:
    """A piece of a sentence: what comes from the chart is cut, and a number with its unit reads as it is printed."""
    measured = _MEASURED.fullmatch(part)
    text = f"{measured[1]}{phrases.printed[measured[2]]}" if measured and measured[2] in phrases.printed else part
    return Charted(cut(clean(text), SHORT)) if isinstance(part, Charted) else text


def _ours(parts: list[str]) -> str:
    return " ".join(p for p in parts if not isinstance(p, Charted))


def _without_notes(parts: list[str]) -> list[str]:
    """The parts without the notes that lie wholly in our own words; a note around a datum takes the datum with it."""
    whole = "".join(parts)
    cuts = [m.span() for m in _NOTES.finditer(whole)]
    kept: list[str] = []
    at = 0
    for part in parts:
        start, end, left = at, at + len(part), ""
        at = end
        place = start
        for low, high in cuts:
            if high <= start or low >= end:
                continue
            left += whole[place : max(place, low)]
            place = min(end, high)
        left += whole[place:end]
        if left:
            kept.append(Charted(left) if isinstance(part, Charted) else left)
    return kept


def sentence(said: Said) -> Said:
    """The same without its full stop, to stand among others."""
    if said and not isinstance(said[-1], Charted) and said[-1].endswith("."):
        return (*said[:-1], said[-1][:-1])
    return said


def several(parts: list[Said]) -> Said:
    """Facts after one another."""
    told = [sentence(p) for p in parts]
    return joined([(mild(p[0]), *p[1:]) for p in told if p], "; ")
