"""How ``impact`` is written: counts first, the list after, what a clinician would see first before the rest; for a person, as
JSON, and as markdown for a pull request.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import orjson

from fhirpath_spine.authoring.comparing.structure import Difference
from fhirpath_spine.authoring.comparing.turning import Criterion, Turn
from fhirpath_spine.authoring.comparing.weighing import weight


class ImpactFormat(StrEnum):
    """How an impact is written."""

    HUMAN = "human"
    JSON = "json"
    MARKDOWN = "markdown"


@dataclass(frozen=True, slots=True)
class Told:
    """All that was found. ``patients`` is None for an export, whose patients are counted where they are judged; ``unseen`` counts
    the turns that neither a card nor an explanation can show.
    """

    old: str
    new: str
    differences: tuple[Difference, ...]
    turns: tuple[Turn, ...]
    patients: int | None
    unbumped: tuple[str, ...]
    unseen: int = 0

    @property
    def turned(self) -> int:
        """How many patients are seen otherwise."""
        return len({t.patient for t in self.turns})

    @property
    def counts(self) -> list[tuple[str, str, str, str, int]]:
        """What turned, from what, to what, because of which criterion, and how often; what is seen first before the rest, of that
        the most frequent.
        """
        found = Counter(map(_row, self.turns))
        weights = {_row(t): weight(t) for t in self.turns}
        return sorted(((*row, n) for row, n in found.items()), key=lambda r: (weights[r[:-1]], -r[-1], r[:-1]))


def written(told: Told, form: ImpactFormat) -> str:
    """The impact in a format."""
    match form:
        case ImpactFormat.JSON:
            return orjson.dumps(_json(told), option=orjson.OPT_INDENT_2).decode()
        case ImpactFormat.MARKDOWN:
            return "\n".join(_markdown(told))
        case _:
            return "\n".join(_human(told))


def _row(turn: Turn) -> tuple[str, str, str, str]:
    return _what(turn), turn.before, turn.after, _because(turn)


def _what(turn: Turn) -> str:
    return turn.id or (f"{turn.pathway} state" if turn.pathway else "judgement")


def _because(turn: Turn) -> str:
    if turn.words:
        return "its words"
    told = (f"{_named(c)}: {c.before} to {c.after}" for c in turn.criteria)
    return "; ".join(told) or "-"


def _named(criterion: Criterion) -> str:
    name = criterion.name.replace("-", " ")
    return name if name == criterion.role else f"{criterion.role} {name}"


def _summary(told: Told) -> Iterator[str]:
    yield f"{told.old} -> {told.new}"
    yield f"changes in the files: {len(told.differences)}"
    of = "" if told.patients is None else f" of {told.patients}"
    yield f"patients seen otherwise: {told.turned}{of}"
    yield f"changes of verdicts, states and words: {len(told.turns)}"
    if told.unseen:
        yield f"besides, changes that no card and no explanation shows: {told.unseen}"
    if told.unbumped:
        yield f"pathways that need a new version: {len(told.unbumped)}"


def _human(told: Told) -> Iterator[str]:
    yield from _summary(told)
    yield from (f"  {line}" for line in told.unbumped)
    if told.counts:
        yield from ("", "what turns:")
    for what, before, after, because, number in told.counts:
        yield f"  {number:4}  {what}: {before} -> {after}  ({because})"
    if told.differences:
        yield from ("", "in the files:")
    for one in told.differences:
        yield f"  {one.place} {one.where}: {one.before or 'nothing'} -> {one.after or 'nothing'}"
    patient = ""
    for turn in told.turns:
        if turn.patient != patient:
            patient = turn.patient
            yield from ("", patient)
        at = f" {turn.lesion}" if turn.lesion else ""
        yield f"  {_what(turn)}{at}: {turn.before} -> {turn.after}  ({_because(turn)})"
        yield from (f"      {line}" for line in turn.words)


def _markdown(told: Told) -> Iterator[str]:
    yield "## Impact"
    yield ""
    yield from (f"- {_cell(line)}" for line in _summary(told))
    if told.unbumped:
        yield from ("", "### To be mended", "", *(f"- {_cell(line)}" for line in told.unbumped))
    if told.counts:
        yield from (
            "",
            "### What turns",
            "",
            "| what | before | after | because of | number |",
            "|---|---|---|---|---:|",
        )
        yield from ("| " + " | ".join(_cell(str(part)) for part in row) + " |" for row in told.counts)
    if told.differences:
        yield from ("", "### In the files", "", "| place | what | before | after |", "|---|---|---|---|")
        for one in told.differences:
            cells = (one.place, one.where, one.before, one.after)
            yield "| " + " | ".join(map(_cell, cells)) + " |"
    if told.turns:
        yield from ("", "<details><summary>Patient by patient</summary>", "")
        for turn in told.turns:
            at = f" {turn.lesion}" if turn.lesion else ""
            line = f"{turn.patient}: {_what(turn)}{at}: {turn.before} -> {turn.after} ({_because(turn)})"
            yield f"- {_cell(line)}"
        yield from ("", "</details>")


def _cell(text: str) -> str:
    """Text that no table and no tag of a page can be made of."""
    for sign, instead in (("&", "&amp;"), ("<", "&lt;"), ("|", "\\|"), ("\n", " ")):
        text = text.replace(sign, instead)
    return text


def _json(told: Told) -> dict[str, object]:
    return {
        "old": told.old,
        "new": told.new,
        "counts": {
            "differences": len(told.differences),
            "patients": told.patients,
            "patientsTurned": told.turned,
            "turns": len(told.turns),
            "unseen": told.unseen,
        },
        "unbumped": list(told.unbumped),
        "summary": [
            dict(zip(("what", "before", "after", "because", "number"), row, strict=True)) for row in told.counts
        ],
        "differences": [one._asdict() for one in told.differences],
        "turns": [{**t._asdict(), "criteria": [c._asdict() for c in t.criteria]} for t in told.turns],
    }
