"""What of a judgement one hook shows: data of the policy, applied to verdicts and notices."""

from __future__ import annotations

from collections.abc import Iterable

from fhirpath_spine.pathway.decision import Noticed, Verdict
from fhirpath_spine.pathway.model import Hook, Library


def shown(hook: Hook, verdicts: Iterable[Verdict], library: Library) -> list[Verdict]:
    """The verdicts that a hook shows, at the indicator that they have there. What the gate's pathway says, and what stands on its
    card, is shown at each hook.
    """
    if hook.whole:
        return list(verdicts)
    gate = library.policy.gate.pathway if library.policy.gate else ""
    return [
        _at(hook, verdict)
        for verdict in verdicts
        if verdict.pathway == gate or verdict.on_gate or (not hook.about_orders and hook.names(verdict.id))
    ]


def tells(hook: Hook, notice: Noticed) -> bool:
    """Whether a hook shows a notice: those that stand first at each but those of orders, others where they are named."""
    return hook.whole or notice.id in hook.notices or (notice.first and not hook.about_orders)


def _at(hook: Hook, verdict: Verdict) -> Verdict:
    indicator = hook.indicator(verdict.id)
    return verdict if indicator is None else verdict._replace(indicator=indicator)
