"""The changes between two runs as sections: states, and decisions by the criterion that turned them.

A criterion turns a decision where both runs asked it and its answers differ. What only one of them asked follows from that and
stands beside; where nothing else explains a decision, it is the cause.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from fhirpath_spine.population.report.comparing import ABSENT, Change, Turned
from fhirpath_spine.population.report.section import Cell, Coded, Section
from fhirpath_spine.population.report.words import (
    ANSWERS,
    CAUSES,
    CAUSES_OF_TWO_DAYS,
    NO_STATE,
    STATUSES,
    Words,
    called,
    count,
    in_words,
)

Why = tuple[str, str]
"""What turned a decision, in words: the criteria, and their answers before and after."""
_ENTERED, _LEFT = (
    ("the patient or the lesion entered the pathway", ""),
    ("the patient or the lesion left the pathway", ""),
)
_NEW, _GONE = ("the pathway judges this step only now", ""), ("the pathway judges this step no more", "")
_HIDDEN, _SHOWN = ("another step or a rule hides it", ""), ("nothing hides it any more", "")
_OWN = ("no criterion of its own", "")
NO_CRITERION = frozenset({_ENTERED, _LEFT, _NEW, _GONE, _HIDDEN, _SHOWN, _OWN})
_HIDES = "suppressed"
_NONE = Coded("not in the pathway", ABSENT)


@dataclass(slots=True)
class Tally:
    """All changes, counted."""

    patients: set[str] = field(default_factory=set)
    states: Counter[tuple[str, str, str, str]] = field(default_factory=Counter)
    """By pathway, before, after and cause."""
    decisions: Counter[tuple[Why, str, str, str, str]] = field(default_factory=Counter)
    """By what turned them, step, before, after and cause."""
    asked: dict[tuple[Why, str, str, str, str], Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    """What only the later run asked, with its answer, under the same key."""

    @property
    def causes(self) -> Counter[Why]:
        """Decisions by what turned them."""
        found: Counter[Why] = Counter()
        for (why, *_), number in self.decisions.items():
            found[why] += number
        return found


def tallied(found: Iterable[Change]) -> Tally:
    """Counts changes, which come with the states first."""
    out = Tally()
    moved: set[tuple[str, str, str]] = set()
    for one in found:
        out.patients.add(one.patient)
        where = (one.patient, one.pathway, one.lesion)
        if not one.id:
            out.states[one.pathway, one.before, one.after, one.cause] += 1
            if ABSENT in (one.before, one.after):
                # What is decided once for the patient came or went with the pathway.
                moved |= {where, (one.patient, one.pathway, "")}
            continue
        key = (why(one, where in moved), one.id, one.before, one.after, one.cause)
        out.decisions[key] += 1
        out.asked[key].update(_asked(one.criteria))
    return out


def why(change: Change, moved: bool) -> Why:
    """What turned one decision. ``moved``: only one of the runs has the patient or the lesion in the pathway."""
    if change.before == ABSENT:
        return _ENTERED if moved else _NEW
    if change.after == ABSENT:
        return _LEFT if moved else _GONE
    turned = [c for c in change.criteria if ABSENT not in (c.before, c.after)]
    if not turned and _HIDES in (change.before, change.after):
        return _HIDDEN if change.after == _HIDES else _SHOWN
    told = dict.fromkeys((in_words(c.name), _answers(c)) for c in turned or change.criteria)
    if not told:
        return _OWN
    answers = [answer for _, answer in told]
    return "; ".join(name for name, _ in told), "; ".join(answers if len(set(answers)) > 1 else answers[:1])


def _answers(turned: Turned) -> str:
    return f"{ANSWERS[turned.before]} to {ANSWERS[turned.after]}"


def _asked(criteria: Sequence[Turned]) -> list[str]:
    anew = (c for c in criteria if c.before == ABSENT and c.after in ("MET", "UNKNOWN"))
    return [f"{in_words(c.name)}: {ANSWERS[c.after]}" for c in anew]


def status(code: str) -> str:
    """A status before or after a change, in words."""
    return _status(code).words


def _status(code: str) -> Coded:
    return called(STATUSES, code) if code else _NONE


def sections(tally: Tally, words: Words, two_days: bool) -> list[Section]:
    """The states and the steps that changed. ``two_days``: the runs judged at two instants."""
    causes = CAUSES_OF_TWO_DAYS if two_days else CAUSES
    return [_states(tally, words, causes), _steps(tally, words, causes)]


def _states(tally: Tally, words: Words, causes: Mapping[str, str]) -> Section:
    def state(name: str) -> Coded:
        return words.state(name) if name else Coded(f"not in the pathway, or {NO_STATE}", ABSENT)

    rows: list[tuple[Cell, ...]] = [
        (words.pathway(pathway), state(before), state(after), called(causes, cause), number)
        for (pathway, before, after, cause), number in tally.states.items()
    ]
    rows.sort(key=lambda row: (-int(str(row[-1])), row[:-1]))
    return Section(
        "changed-states",
        "Changed states",
        f"{count(len(tally.patients), 'patient is', 'patients are')} seen otherwise than in the run that is compared with; "
        f"{count(tally.states.total(), 'state')} changed.",
        ("pathway", "before", "after", "because of", "lesions or patients"),
        rows,
        none="No state changed.",
        totals=(4,),
    )


def _steps(tally: Tally, words: Words, causes: Mapping[str, str]) -> Section:
    by = tally.causes
    keys = sorted(tally.decisions, key=lambda k: (-by[k[0]], k[0], -tally.decisions[k], k[1:]))
    rows: list[tuple[Cell, ...]] = [
        (
            *key[0],
            words.step(key[1]),
            _status(key[2]),
            _status(key[3]),
            ", ".join(sorted(tally.asked[key])),
            called(causes, key[4]),
            tally.decisions[key],
        )
        for key in keys
    ]
    return Section(
        "changed-steps",
        "Changed steps, by the criterion that turned",
        f"{count(tally.decisions.total(), 'decision')} changed. Each stands once, under what turned it; "
        "criteria that only the later run asked stand beside.",
        ("criterion", "its answer", "step", "before", "after", "asked only now", "because of", "decisions"),
        rows,
        bars=7,
        none="No step changed.",
        totals=(7,),
        folded=(0, 1),
    )
