"""Which verdict leads a card: what a reader has to know first. How weak its sources are is said in `exchange/outgoing/detail`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import IntEnum

from fhirpath_spine.pathway.decision import Status, Verdict
from fhirpath_spine.pathway.model import Indicator, Policy
from fhirpath_spine.pathway.truth import Reason


class Weight(IntEnum):
    """The weights, heaviest first. A gate that is not excluded is a notice of its own, above all but an open one."""

    GATE = 0
    SAFETY = 1
    CONFLICT = 2
    LIMIT = 3
    """Held back by a limit that the profile has a headline for."""
    WARNING = 4
    INFO = 5
    WAITS = 6
    NOTHING = 7


def weigh(verdict: Verdict) -> Weight:
    """What a verdict weighs."""
    if verdict.status is Status.RECOMMENDED:
        if verdict.indicator is Indicator.CRITICAL or verdict.on_gate:
            return Weight.GATE
        if verdict.safety:
            return Weight.SAFETY
        return Weight.WARNING if verdict.indicator is Indicator.WARNING else Weight.INFO
    if verdict.status is Status.BLOCKED:
        if any(m.reason is Reason.CONFLICT for m in verdict.missing):
            return Weight.CONFLICT
        return Weight.LIMIT if speaks(verdict) else Weight.WAITS
    return Weight.WAITS if verdict.status is Status.NEEDS_DATA else Weight.NOTHING


def speaks(verdict: Verdict) -> bool:
    """Whether a verdict has a headline that says more than the step."""
    return bool(verdict.headline) and verdict.headline != (verdict.step,)


def heaviest_first(verdicts: Iterable[Verdict], policy: Policy) -> list[Verdict]:
    """The verdicts by weight, those of one weight as the profiles list them. Of what is recommended at info, the options that a
    patient chooses between come first, in the policy's order of kinds; one that waits for data comes before what is no option.
    """
    options = {kind: place for place, kind in enumerate(policy.lead)}
    others = {kind: place for place, kind in enumerate(policy.then)}

    def place(verdict: Verdict) -> tuple[int, int, int]:
        weight = weigh(verdict)
        if weight < Weight.INFO:
            return weight, 0, 0
        is_option = verdict.kind in options
        order = options[verdict.kind] if is_option else others.get(verdict.kind, len(others))
        if weight is Weight.INFO:
            return Weight.INFO, 0 if is_option else 2, order
        if weight is Weight.WAITS and is_option and verdict.status is Status.NEEDS_DATA and speaks(verdict):
            return Weight.INFO, 1, order
        return weight, 0, order

    return sorted(verdicts, key=place)


def heaviest(verdicts: Sequence[Verdict]) -> Weight:
    """The weight of a card that carries these."""
    return min(map(weigh, verdicts), default=Weight.NOTHING)
