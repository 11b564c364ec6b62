"""Every question that the profiles ask, by role, owner and name: what coverage counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from fhirpath_spine.pathway.asking.reach import criteria

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fhirpath_spine.pathway.model import Library, Pathway, Recommendation


class Question(NamedTuple):
    """One question. Its text names it in ``exempt.yaml``: ``PW-X applies benign``, ``R-XXX-NN blocked unfit``."""

    role: str
    owner: str
    name: str

    def __str__(self) -> str:
        return f"{self.owner} {self.role} {self.name}"


def questions(library: Library) -> list[Question]:
    """All questions of a library, each once. Recommendations that no data can answer are left out."""
    return list(dict.fromkeys(_questions(library)))


def recommendations(library: Library) -> dict[str, Recommendation]:
    """The recommendations by id, in the order of the profiles."""
    return {use.recommendation.id: use.recommendation for p in library.pathways for use in p.uses}


def _questions(library: Library) -> Iterator[Question]:
    policy = library.policy
    gate = policy.gate.pathway if policy.gate else ""
    if policy.gate:
        yield Question("gate", gate, "open")
        yield Question("gate", gate, "acknowledged")
    yield from (Question("hold", "policy", h.id) for h in policy.holds)
    yield from (Question("notice", n.id, line.name) for n in policy.notices for line in n.lines)
    yield from (Question("goal", "policy", g.id) for g in policy.goals)
    yield from (Question("exclusion", "policy", x.id) for x in policy.exclusions)
    for pathway in library.pathways:
        if pathway.id != gate:
            # That the gate applies is the gate's own question.
            yield from (q for q in _of(pathway) if q.role == "applies")
        yield from (q for q in _of(pathway) if q.role != "applies")
        yield from (Question("state", pathway.id, s.name) for s in pathway.states)
        for use in pathway.uses:
            if use.when is not None and not use.recommendation.unreachable:
                yield Question("use", pathway.id, use.recommendation.id)
    for one in recommendations(library).values():
        if not one.unreachable and not one.suppressed:
            yield from _of(one)
            yield from (Question("indicator", one.id, word.value) for word, test in one.indicator if test is not None)


def _of(record: Pathway | Recommendation) -> Iterator[Question]:
    """A question for each criterion; its role is the key of the file that holds it."""
    for field, criterion in criteria(record):
        first, *rest = field.split("_")
        yield Question(first + "".join(map(str.title, rest)), record.id, criterion.name)
