"""What a hook of orders says of what is ordered.

Whoever orders something has decided what the ``when`` of a recommendation asks. So it is judged without it: what is against it,
what is missing for it, what was done already. The profile says of which orders it speaks, at which verdicts, in which words.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from fhirpath_spine.pathway.asking.environment import Environment
from fhirpath_spine.pathway.asking.reach import ADVISED, OPEN
from fhirpath_spine.pathway.decision import Noticed, Status, Verdict
from fhirpath_spine.pathway.facts.needs import known
from fhirpath_spine.pathway.facts.orders import Ordered
from fhirpath_spine.pathway.judging.admission import Admitted, Entry
from fhirpath_spine.pathway.judging.headlines import worded
from fhirpath_spine.pathway.judging.oversight import PolicyApplied
from fhirpath_spine.pathway.judging.verdicts import judge
from fhirpath_spine.pathway.model import Hook, Library, OnOrder, Recommendation, Site, Unknown
from fhirpath_spine.pathway.once import once

_NOTHING: dict[str, list[str]] = {ADVISED: [], OPEN: []}
"""A hook of orders advises nothing else."""


class Met(NamedTuple):
    """A rule of orders, and the orders that it speaks of."""

    rule: OnOrder
    orders: tuple[Ordered, ...]


@dataclass(frozen=True, slots=True)
class Spoken:
    """A recommendation that speaks of orders which are on the screen: of which, and by which of its rules."""

    recommendation: Recommendation
    orders: tuple[Ordered, ...]
    rules: tuple[Met, ...]

    @property
    def references(self) -> tuple[str, ...]:
        """The orders by reference."""
        return tuple(dict.fromkeys(one.reference for one in self.orders))


def spoken_of(library: Library, hook: Hook, orders: Sequence[Ordered], site: Site, env: Environment) -> list[Spoken]:
    """The recommendations that speak of these orders at a hook, in the order of the profiles."""
    return [found for one in _speaking(library, hook) if (found := _met(one, orders, site, env)) is not None]


@once
def _speaking(library: Library, hook: Hook) -> tuple[Recommendation, ...]:
    by_id = {use.recommendation.id: use.recommendation for p in library.pathways for use in p.uses}
    return tuple(one for one in by_id.values() if one.on_order and hook.names(one.id))


def _met(recommendation: Recommendation, orders: Sequence[Ordered], site: Site, env: Environment) -> Spoken | None:
    own = {
        (o.system, o.code)
        for o in site.orders
        if recommendation.activity and o.activity == recommendation.activity.text
    }
    met: dict[int, Ordered] = {}
    rules = []
    for rule in recommendation.on_order:
        mine = [n for n, one in enumerate(orders) if _is_of(rule, one, by_site=bool(own & {*one.codes}))]
        if not mine:
            continue
        answer = env.ask(rule.when, recommendation.title) if rule.when is not None else None
        if answer is None or answer.truth or (answer.truth is None and answer.unread):
            rules.append(Met(rule, tuple(orders[n] for n in mine)))
            met |= {n: orders[n] for n in mine}
    return Spoken(recommendation, tuple(met[n] for n in sorted(met)), tuple(rules)) if rules else None


def _is_of(rule: OnOrder, order: Ordered, *, by_site: bool) -> bool:
    """Whether a rule speaks of an order. One by the code that the site has for the very step has the priority of that, and it is
    what a rule of drugs asks for, not the drug.
    """
    if rule.priority and (by_site or not order.is_below(rule.priority)):
        return False
    return (by_site and not rule.drugs) or any(known(codes, order.codes) for codes in rule.codes)


def judged(
    spoken: Iterable[Spoken], admitted: Admitted, policy: PolicyApplied, library: Library, hook: Hook
) -> list[Verdict]:
    """The verdicts that are said of orders: one for each lesion that the recommendation is judged for, or one for the patient."""
    entries = (*admitted.entries, *_beside(admitted, library))
    return [
        verdict
        for one in spoken
        for entry in _settings(one.recommendation, entries)
        if (verdict := _verdict(one, entry, policy, hook)) is not None
    ]


def _beside(admitted: Admitted, library: Library) -> Iterator[Entry]:
    """The gate's pathway, where a pathway is entered and the gate is not open: what it says of an order holds all the same."""
    gate = library.policy.gate
    pathway = library.pathway(gate.pathway) if gate and admitted.entries else None
    if pathway is not None and all(entry.pathway is not pathway for entry in admitted.entries):
        env = admitted.everyone.with_given({"pathway": [pathway.id]})
        yield Entry(pathway, None, env, env)


def _settings(recommendation: Recommendation, entries: Sequence[Entry]) -> list[Entry]:
    """Where it is judged: once for each lesion or once for the patient, where its pathway surely applies before where it may."""
    groups: dict[str, list[Entry]] = {}
    for entry in entries:
        if any(use.recommendation.id == recommendation.id for use in entry.pathway.uses):
            lesion = None if recommendation.per_patient else entry.lesion
            groups.setdefault(lesion.key if lesion else "", []).append(entry)
    return [max(group, key=lambda e: e.doubt is None) for group in groups.values()]


def _verdict(spoken: Spoken, entry: Entry, policy: PolicyApplied, hook: Hook) -> Verdict | None:
    recommendation = _as_ordered(entry.env.circumstances.library, spoken.recommendation)
    lesion = None if recommendation.per_patient else entry.lesion
    env = entry.for_patient if recommendation.per_patient and entry.lesion is not None else entry.env
    env = env.with_given(_NOTHING)
    imposed = policy.imposed(recommendation, env, gate=False)
    # What would hide the option stands against the order: it is on the screen already.
    imposed.blocked += [hidden.said for hidden in imposed.hidden]
    imposed.hidden.clear()
    imposed.perhaps.clear()
    verdict = judge(
        recommendation,
        env,
        pathway=entry.pathway.id,
        lesion=lesion.ref if lesion else None,
        imposed=imposed,
        explained=False,
    )
    if verdict.status is Status.RECOMMENDED and entry.doubt is not None:
        verdict = verdict._replace(status=Status.NEEDS_DATA, because=(), missing=entry.doubt.missing)
    # What a limit waits for is said before what may be missing.
    firm = {criterion.name for criterion in recommendation.blocked if criterion.unknown is Unknown.ASK}
    first = [m for s in verdict.steps if s.role == "blocked" and s.name in firm and s.answer is None for m in s.missing]
    verdict = verdict._replace(missing=tuple(dict.fromkeys((*first, *verdict.missing))))
    rules = [met for met in spoken.rules if verdict.status.value in met.rule.says]
    if not rules:
        return None
    changes = tuple(
        (o.reference, met.rule.priority) for met in rules if met.rule.priority for o in met.orders if o.ours
    )
    indicator = hook.indicator(verdict.id)
    said = worded(verdict, recommendation, env, next((met.rule.headline for met in rules if met.rule.headline), ()))
    indicator = indicator or verdict.indicator
    return said._replace(indicator=indicator, safety=False, orders=spoken.references, changes=changes)


@once
def _as_ordered(library: Library, recommendation: Recommendation) -> Recommendation:
    """The recommendation as it is judged of an order."""
    del library
    return replace(recommendation, when=(), follows=(), unless=())


def not_recognised(notices: Iterable[Noticed], hook: Hook, orders: Iterable[Ordered]) -> tuple[Noticed, ...]:
    """The notices of a hook of orders, each pointing at the orders that no table knows."""
    references = tuple(dict.fromkeys(one.reference for one in orders if not one.recognised))
    return tuple(replace(notice, orders=references) for notice in notices if notice.id in hook.notices)
