"""A word that is compared with what it can never be (SP319): ``%gait.value = 'unsteady'`` where gait answers otherwise.

Known are the answers of needs and components, classes, levels, states and pathways, clinical and medication meanings, kinds and
ids of recommendations, and what can hold a conflict. Anything else is left alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fhirpath_spine.authoring.profile.pathways import STATES
from fhirpath_spine.authoring.profile.recommendations import KINDS
from fhirpath_spine.diagnostics import did_you_mean
from fhirpath_spine.fhirpath.grammar.syntax import Binary, Call, Index, Literal, Member, Special, Tree, Variable
from fhirpath_spine.pathway.facts.reading import ACTIVE, HISTORY

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fhirpath_spine.authoring.profile.compiler import Compiled
    from fhirpath_spine.authoring.profile.library import Draft
    from fhirpath_spine.diagnostics import Span

Words = frozenset[str]

COMPARES = frozenset({"=", "!=", "~", "!~", "in", "contains"})
SAME_ITEMS = frozenset(
    {"where", "first", "last", "tail", "take", "skip", "distinct", "single", "trace", "ofType", "as"}
)
SAME_FOCUS = frozenset({"iif"})
THIS = ""
"""The name under which a vocabulary holds the words of an item itself."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """For each variable the words that it, or its members, can be."""

    of: Mapping[str, Mapping[str, Words]]

    def words(self, owner: str, member: str) -> Words:
        """The words of a member of a variable's items, or of the items themselves."""
        if member == THIS and "." in owner:
            owner, _, member = owner.partition(".")
        return self.of.get(owner, {}).get(member, frozenset())

    @classmethod
    def from_draft(cls, draft: Draft) -> Vocabulary:
        """All that is known of words in a set."""
        found: dict[str, dict[str, Words]] = {}
        for name, need in draft.needs.items():
            values = {"value": need.value, **need.components}
            members = {m: v.words for m, v in values.items() if v is not None and v.kind == "word"}
            if need.resources == ("Condition",):
                members["clinical"] = ACTIVE | HISTORY
            if need.meaning:
                members["meaning"] = frozenset({"active", "proposed", "history"})
            if members:
                found[name] = members
        shared, states = draft.shared, frozenset(STATES)
        pathways = frozenset(map(str, shared.policy.order))
        lesion = {
            "class": frozenset(str(c.id) for c in shared.lesions.classes) | {"unknown"},
            "behaviour": frozenset({"benign", "malignant"}),
            "level": frozenset(map(str, shared.lesions.levels.values())),
        }
        found["lesion"] = lesion
        lesion["pathways"] = pathways
        found["lesions"] = {**lesion, "state": states}
        found["state"], found["pathway"] = {THIS: states}, {THIS: pathways}
        found["open"] = {THIS: frozenset(KINDS)}
        found["conflicts"] = {
            THIS: frozenset({n for n, need in draft.needs.items() if need.conflict} | set(draft.ranked))
        }
        if not draft.files.catalogue.broken:
            found["advised"] = {THIS: frozenset(draft.files.catalogue.forms)}
        return cls(found)


def check_words(draft: Draft) -> None:
    """Reports literals that can never be equal to what they are compared with."""
    vocabulary = Vocabulary.from_draft(draft)
    for compiled in draft.compiler.compiled:
        if "'" not in compiled.text:
            continue
        for literal, words in _impossible(compiled.expression.tree, compiled.item, vocabulary):
            word = str(literal.value)
            hint = did_you_mean(word, words) or f"It can be {', '.join(sorted(words)[:12])}."
            span = _place(compiled, literal)
            draft.files.report.add("SP319", f"'{word}' can never stand here", span, hint)


def _place(compiled: Compiled, literal: Literal) -> Span:
    return compiled.origin.place(max(0, literal.start + compiled.shift), literal.end - literal.start)


def _impossible(tree: Tree, focus: str, vocabulary: Vocabulary) -> Iterator[tuple[Literal, Words]]:
    """Literals with the words that would be possible; ``focus`` is the variable whose items ``$this`` goes through."""
    if isinstance(tree, Binary) and tree.op in COMPARES:
        for one, other in ((tree.left, tree.right), (tree.right, tree.left)):
            words = _words(one, focus, vocabulary)
            if words:
                yield from ((x, words) for x in _literals(other) if x.value not in words)
    if isinstance(tree, Call):
        if tree.base is not None:
            yield from _impossible(tree.base, focus, vocabulary)
        inner = focus if tree.name in SAME_FOCUS or tree.base is None else _items(tree.base, focus)
        for argument in tree.args:
            yield from _impossible(argument, inner, vocabulary)
        return
    for part in tree.parts():
        yield from _impossible(part, focus, vocabulary)


def _literals(tree: Tree) -> Iterator[Literal]:
    if isinstance(tree, Literal) and isinstance(tree.value, str):
        yield tree
    elif isinstance(tree, Binary) and tree.op == "|":
        yield from _literals(tree.left)
        yield from _literals(tree.right)


def _items(tree: Tree | None, focus: str) -> str:
    """The variable whose items a tree yields, ``variable.member`` for a member of them, or an empty string."""
    match tree:
        case Variable():
            return tree.name
        case Special(name="this"):
            return focus
        case Index():
            return _items(tree.base, focus)
        case Member():
            owner = focus if tree.base is None else _items(tree.base, focus)
            return f"{owner}.{tree.name}" if owner and "." not in owner else ""
        case Call() if tree.name in SAME_ITEMS:
            return _items(tree.base, focus) if tree.base is not None else focus
        case _:
            return ""


def _words(tree: Tree, focus: str, vocabulary: Vocabulary) -> Words:
    """The words that a tree can be; empty if that is not known."""
    match tree:
        case Member():
            owner = focus if tree.base is None else _items(tree.base, focus)
            return vocabulary.words(owner, tree.name)
        case Call() if tree.name in SAME_ITEMS and tree.base is not None:
            return _words(tree.base, focus, vocabulary)
        case _:
            return vocabulary.words(_items(tree, focus), THIS)
