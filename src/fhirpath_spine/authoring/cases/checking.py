"""A decision held against what a case expects: what differs, in words."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from fhirpath_spine.pathway.decision import CardKind, Decision, PathwayResult, Status, Verdict
from fhirpath_spine.pathway.sentences import plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from fhirpath_spine.authoring.cases.form import ExpectForm, Wanted
    from fhirpath_spine.authoring.source.nodes import Scalar
    from fhirpath_spine.pathway.sentences import Said


def expected(expect: ExpectForm) -> Iterator[tuple[Status | None, Wanted]]:
    """Each verdict that a case expects, with its status; None where there has to be no verdict at all."""
    lists: tuple[tuple[Status | None, Sequence[Wanted]], ...] = (
        (Status.RECOMMENDED, expect.recommended),
        (Status.BLOCKED, expect.blocked),
        (Status.NEEDS_DATA, expect.needs_data),
        (Status.SATISFIED, expect.satisfied),
        (Status.SUPPRESSED, expect.suppressed),
        (Status.NOT_APPLICABLE, expect.not_applicable),
        (None, expect.absent),
    )
    for status, wanted in lists:
        yield from ((status, one) for one in wanted)


def complaints(decision: Decision, expect: ExpectForm) -> list[str]:
    """What the decision does not say as expected; empty if all is well."""
    found: list[str] = []
    if expect.refused is not None:
        found.append(f"it was judged, and should have been refused: {expect.refused}")
    if expect.silent and (decision.cards or decision.entries):
        found.append(f"it should be silent, and speaks: {_entries(decision) or 'cards without a pathway'}")
    if expect.states is not None:
        found += _states(decision, expect)
    for status, wanted in expected(expect):
        found += _verdict(decision, status, wanted)
    for id_, indicator in expect.indicators.items():
        found += [
            f"{v.id} is {v.indicator.value}, not {indicator}"
            for v in decision.verdicts
            if v.id == id_ and v.status.shown and v.indicator.value != indicator
        ]
        if not any(v.id == id_ and v.status.shown for v in decision.verdicts):
            found.append(f"{id_} is not shown, so it has no indicator")
    found += _citations(decision, expect)
    if expect.cards is not None:
        found += _cards(decision, expect.cards)
    whole = "\n".join(everything(decision))
    found += [f"nowhere stands: {text}" for text in expect.says if text not in whole]
    found += [f"somewhere stands: {text}" for text in expect.says_not if text in whole]
    return found


def verdicts_for(decision: Decision, wanted: Wanted) -> list[Verdict]:
    """The verdicts that an expectation is about."""
    return [
        v
        for v in decision.verdicts
        if v.id == wanted.id and (not wanted.level or (v.lesion is not None and wanted.level in v.lesion.levels))
    ]


def words_of(verdict: Verdict) -> list[str]:
    """All sentences of a verdict: reasons, what is missing, cautions, lines and alternatives."""
    said: list[Said] = [*verdict.because, *verdict.cautions, *verdict.lines, *verdict.alternatives]
    return [*map(plain, said), *(f"{m.item} ({m.reason.value})" for m in verdict.missing), verdict.by]


def everything(decision: Decision) -> Iterator[str]:
    """All sentences of a decision."""
    yield from map(plain, decision.head)
    for entry in decision.entries:
        yield from map(plain, entry.notes)
    for verdict in decision.verdicts:
        if verdict.status.shown or verdict.status is Status.SATISFIED:
            yield from words_of(verdict)
            yield from (plain(b.said) for b in verdict.beside)
    for notice in decision.notices:
        yield from map(plain, (notice.headline, *notice.lines))
    for one in decision.rejections:
        yield f"{one.label}: {one.reason} {plain(one.value)}".rstrip()
    yield from (f"{u.key} was not read" for u in decision.unread)
    yield decision.silent


def name_of(entry: PathwayResult) -> str:
    """``PW-X`` or ``PW-X T7+T8``."""
    return " ".join((entry.id, "+".join(entry.lesion.levels) if entry.lesion else "")).strip()


def _state(entry: PathwayResult) -> str:
    return entry.state if entry.certain else f"{entry.state}?"


def _entries(decision: Decision) -> str:
    return ", ".join(f"{name_of(e)} {_state(e)}" for e in decision.entries)


def _states(decision: Decision, expect: ExpectForm) -> Iterator[str]:
    left = list(decision.entries)
    for name, state in (expect.states or {}).items():
        match = next((e for e in left if name in (e.id, name_of(e)) and _state(e) == state), None)
        if match is None:
            yield f"{name} {state} is wanted; there is: {_entries(decision) or 'no pathway'}"
        else:
            left.remove(match)
    if left and expect.states is not None and len(left) + len(expect.states) > len(decision.entries):
        return
    for entry in left:
        yield f"{name_of(entry)} {_state(entry)} is not expected"


def _citations(decision: Decision, expect: ExpectForm) -> Iterator[str]:
    for wanted, cited in ((True, expect.cites), (False, expect.cites_not)):
        for id_, claims in cited.items():
            shown = [v for v in decision.verdicts if v.id == id_ and v.status.shown]
            if not shown:
                yield f"{id_} is not shown, so it cites nothing"
            for verdict in shown:
                now = f"and cites {', '.join(verdict.claims) or 'nothing'}"
                verb = "should cite" if wanted else "should not cite"
                yield from (f"{id_} {verb} {one}, {now}" for one in claims if (one in verdict.claims) is not wanted)


def _cards(decision: Decision, wanted: Mapping[Scalar, int]) -> Iterator[str]:
    there = Counter(str(card.indicator if card.kind is CardKind.PATHWAY else card.kind) for card in decision.cards)
    if there != Counter({str(name): count for name, count in wanted.items()}):
        yield f"the cards should be {_counted(wanted)}, and are {_counted(there)}"


def _counted(cards: Mapping[Any, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in cards.items() if count) or "none"


def _verdict(decision: Decision, status: Status | None, wanted: Wanted) -> Iterator[str]:
    there = verdicts_for(decision, wanted)
    name = f"{wanted.id} {wanted.level}".strip()
    if status is None:
        yield from (f"{name} should not be judged at all, and is {v.status.value}" for v in there)
        return
    match = [v for v in there if v.status is status]
    if not match:
        now = ", ".join(_described(v) for v in there) or "not judged"
        yield f"{name} should be {status.value}, and is {now}"
        return
    for text in wanted.says:
        if not any(text in sentence for v in match for sentence in words_of(v)):
            yield f"{name}: nowhere stands '{text}', but: {' | '.join(filter(None, words_of(match[0])))}"


def _described(verdict: Verdict) -> str:
    reasons = [*map(plain, verdict.because), *(m.item for m in verdict.missing), verdict.by]
    return f"{verdict.status.value} ({'; '.join(filter(None, reasons))})"
