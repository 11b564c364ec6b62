"""What one hook needs of a library: which recommendations are judged for it, and which data those and their scope can read.

A hook that shows all of it needs all. Any other asks for what its own recommendations read, for what they follow or ask about,
and for what decides which pathways apply; a chart that holds no more gives the same answers (a property test).
"""

from __future__ import annotations

from collections.abc import Iterator

from fhirpath_spine.pathway.asking.reach import ADVISED, OPEN, expressions, needs_behind, variables
from fhirpath_spine.pathway.model import Hook, Library, Pathway, Recommendation, Selector
from fhirpath_spine.pathway.once import once


@once
def judged_at(library: Library, hook: Hook) -> frozenset[str]:
    """The ids of the recommendations that are judged at a hook: those that it shows, the gate's own, and whatever these follow or
    ask about. At a hook of orders the shown ones are judged for what is ordered, and these are the gate's alone.
    """
    known = _recommendations(library)
    gate = library.policy.gate
    mine = {u.recommendation.id for p in library.pathways if gate and p.id == gate.pathway for u in p.uses}
    wanted = mine | (set() if hook.about_orders else {id_ for id_ in known if hook.names(id_)})
    open_ = list(wanted)
    while open_:
        led = known[open_.pop()]
        for id_ in _leaders(library, led, known):
            if id_ not in wanted:
                wanted.add(id_)
                open_.append(id_)
    return frozenset(wanted)


@once
def hook_needs(library: Library, hook: Hook) -> frozenset[str]:
    """Every need that a judgement for this hook can read."""
    if hook.whole:
        return frozenset(library.needs)
    ids = judged_at(library, hook) | {id_ for id_ in _recommendations(library) if hook.names(id_)}
    policy, lesions = library.policy, library.lesions
    records: list[object] = [policy.gate, policy.goals, lesions]
    records += [h for h in policy.holds if h.head or _touches((*h.hide, *h.block, *h.ask, *h.caution), ids)]
    records += [x for x in policy.exclusions if _touches(x.hide, ids)]
    records += [n for n in policy.notices if n.first or n.id in hook.notices] if not hook.about_orders else []
    records += [line for f in library.frameworks for line in f.lines if _touches(line.on, ids)]
    records += [_scope(pathway, ids) for pathway in library.pathways]
    named = {lesions.conditions, lesions.imaging, lesions.histology} & set(library.needs)
    return needs_behind(library, variables(library, records)) | named


@once
def recommendation_needs(library: Library, recommendation: Recommendation) -> frozenset[str]:
    """Every need that one recommendation, and what the policy lays on it, can read."""
    ids = frozenset({recommendation.id})
    holds = [h for h in library.policy.holds if _touches((*h.hide, *h.block, *h.ask, *h.caution), ids)]
    return needs_behind(library, variables(library, (recommendation, holds)))


def _recommendations(library: Library) -> dict[str, Recommendation]:
    return {use.recommendation.id: use.recommendation for p in library.pathways for use in p.uses}


def _scope(pathway: Pathway, ids: frozenset[str]) -> tuple[object, ...]:
    """What decides that a pathway applies, and in which state; and its uses of these recommendations."""
    uses = tuple(use for use in pathway.uses if use.recommendation.id in ids)
    return pathway.applies, pathway.without_lesion, pathway.states, uses


def _touches(selectors: tuple[Selector, ...], ids: frozenset[str]) -> bool:
    return any(selector.ids & ids for selector in selectors)


def _leaders(library: Library, record: Recommendation, known: dict[str, Recommendation]) -> Iterator[str]:
    """What a recommendation follows, waits for, or names where it asks what is advised or open."""
    texts = [e.text for e in expressions(record)]
    names = variables(library, (record,))
    texts += [library.definitions[name].text for name in names if name in library.definitions]
    asked = "\n".join(text for text in texts if f"%{ADVISED}" in text or f"%{OPEN}" in text)
    for id_, other in known.items():
        called = {id_, f"kind:{other.kind}"}
        if called & {*record.follows, *record.unless} or f"'{id_}'" in asked or f"'{other.kind}'" in asked:
            yield id_
