"""What authors write once and use at several places: lists of answers by name, and views of a need.

Both are written out before the forms are read, so that what comes after knows needs with all their keys and nothing of either.
Each text keeps the place at which it was written.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fhirpath_spine.authoring.source.nodes import Block, Node, Scalar
from fhirpath_spine.diagnostics import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fhirpath_spine.authoring.source.report import Report

OWN = ("label", "within", "latest", "absent", "conflict", "per", "site")
"""The keys that a view may have of its own. Which resources, and how their value is read, is its need's."""


@dataclass(slots=True)
class Sharing:
    """The lists and needs that are known so far, as they are written, and the lists that something used."""

    report: Report
    lists: dict[str, Node] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    _needs: dict[str, Node] = field(default_factory=dict)

    def written_out(self, root: Node, *, shared: bool) -> Node:
        """A file with each view and each name of a list replaced by what it stands for. What a ``shared`` file declares is known
        to those that come after.
        """
        if not isinstance(root, Block):
            return root
        declared = root.get("answers") if shared else None
        if isinstance(declared, Block):
            self.lists = {str(name): found for name, found in declared.items()}
        needs = root.get("needs")
        if not isinstance(needs, Block):
            return root
        known = {**self._needs, **needs}
        out = _like(needs, {name: self._answered(self._need(name, known, ())) for name in needs})
        if shared:
            self._needs = {str(name): need for name, need in needs.items()}
        return _like(root, {key: out if key == "needs" else value for key, value in root.items()})

    def _need(self, name: str, known: Mapping[str, Node], passed: tuple[str, ...]) -> Node:
        need = known[name]
        of = need.get("of") if isinstance(need, Block) else None
        if not isinstance(need, Block) or not isinstance(of, Scalar):
            return need
        chain = (*passed, str(name))
        if str(of) in chain:
            circle = " -> ".join((*chain[chain.index(str(of)) :], str(of)))
            self.report.add("SP303", f"these needs are views of each other: {circle}", of.span)
            return _of_nothing(need, of)
        if of not in known:
            self.report.add("SP321", f"no need is called '{of}'", of.span, did_you_mean(of, known))
            return _of_nothing(need, of)
        self._check(need, of)
        base = self._need(str(of), known, chain)
        return _like(need, {**base, **need}) if isinstance(base, Block) else need

    def _check(self, view: Block, of: Scalar) -> None:
        for key in view:
            if key not in ("of", *OWN) and isinstance(key, Scalar):
                hint = f"A view has of its own: {', '.join(OWN)}."
                self.report.add("SP205", f"a view reads what '{of}' reads, so it has no '{key}'", key.span, hint)
        if len(view) == 1:
            self.report.add("SP206", f"this view says nothing that '{of}' does not say", of.span, "Read that need.")

    def _answered(self, node: Node) -> Node:
        """A need, or a part of one, with its lists of answers in place of their names."""
        if not isinstance(node, Block):
            return node
        return _like(node, {k: self._list(v) if k == "answers" else self._answered(v) for k, v in node.items()})

    def _list(self, named: Node) -> Node:
        if not isinstance(named, Scalar):
            return named
        if named in self.lists:
            self.used.add(str(named))
            return self.lists[named]
        hint = did_you_mean(named, self.lists) or "Declare it under answers: in data.yaml."
        self.report.add("SP321", f"no list of answers is called '{named}'", named.span, hint)
        return named


def _of_nothing(view: Block, of: Scalar) -> Block:
    """A view whose need is not there, with the label that it would have had: what is wrong was told."""
    return _like(view, {Scalar.of("label", of.span): of, **view})


def _like(block: Block, content: Mapping[str, Node]) -> Block:
    made = Block(content)
    made.span = block.span
    return made
