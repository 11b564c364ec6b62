"""Doubts that no pathway names: cards of their own, from the notices of the policy.

A notice says that something was not excluded, or was sent and not understood. It recommends nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fhirpath_spine.pathway.asking.environment import Answer, Environment
from fhirpath_spine.pathway.decision import Missing, Noticed
from fhirpath_spine.pathway.judging.verdicts import spoken
from fhirpath_spine.pathway.model import Holds, Notice, NoticeLine
from fhirpath_spine.pathway.sentences import Said, render
from fhirpath_spine.pathway.truth import Truth


def noticed(notices: Sequence[Notice], env: Environment) -> tuple[Noticed, ...]:
    """The notices of which a line holds, in the order of the policy; each with its headline and all lines that hold."""
    return tuple(found for notice in notices if (found := _noticed(notice, env)) is not None)


def questions(notices: Sequence[Notice], env: Environment) -> Iterator[tuple[str, str, str, Truth]]:
    """Each question of the notices as role, owner, name and answer."""
    for notice in notices:
        for line in notice.lines:
            yield "notice", notice.id, line.name, env.ask(line.test, notice.title).truth


def _noticed(notice: Notice, env: Environment) -> Noticed | None:
    if notice.unless is not None and env.ask(notice.unless, notice.title).truth:
        return None
    told = [(line, answer) for line in notice.lines if _holds(line, answer := env.ask(line.test, notice.title))]
    headlines = [said for line, _ in told if (said := render(line.headline, env)) is not None]
    if not headlines:
        return None
    lines: dict[Said, None] = {}
    missing: dict[Missing, None] = {}
    for line, answer in told:
        lines |= dict.fromkeys(spoken(line.say, env))
        missing |= dict.fromkeys(m for m in answer.missing if line.holds is not Holds.MET)
    evidence = tuple(dict.fromkeys(e for line, answer in told if answer.truth for e in env.evidence(line.test)))
    return Noticed(
        notice.id,
        notice.title,
        notice.topic,
        notice.indicator,
        notice.first,
        headlines[0],
        tuple(lines),
        tuple(missing),
        evidence,
        any(line.holds is Holds.MET for line, _ in told),
    )


def _holds(line: NoticeLine, answer: Answer) -> bool:
    match line.holds:
        case Holds.MET:
            return answer.truth is True
        case Holds.UNREAD:
            return answer.truth is None and answer.unread
        case Holds.REJECTED:
            return answer.truth is None and answer.rejected
