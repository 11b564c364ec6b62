"""Reads nodes into a form and puts each of pydantic's findings where it stands in the file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ValidationError

from fhirpath_spine.authoring.source.nodes import Block, Items, Node, Scalar
from fhirpath_spine.diagnostics import Edit, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic_core import ErrorDetails

    from fhirpath_spine.authoring.source.report import Report
F = TypeVar("F", bound=BaseModel)


def read_form(form: type[F], node: Node, report: Report) -> F | None:
    """The node as ``form``, or None with all that is wrong with it."""
    known: dict[int, Sequence[str]] = {}
    try:
        return form.model_validate(node, context=known)
    except ValidationError as error:
        for detail in error.errors(include_url=False, include_input=False):
            _note(detail, node, known, report)
        return None


def _note(detail: ErrorDetails, root: Node, known: dict[int, Sequence[str]], report: Report) -> None:
    parent, node, key = _walk(root, detail["loc"])
    where = key.span if key is not None and not isinstance(node, Scalar) else node.span
    context: dict[str, Any] = detail.get("ctx", {})
    kind = detail["type"]
    if kind.startswith("SP"):
        instead = context["instead"]
        report.add(kind, context["message"], where, context["hint"], Edit(where, instead) if instead else None)
    elif kind == "extra_forbidden":
        name = str(detail["loc"][-1])
        keys = known.get(id(parent), ())
        hint = did_you_mean(name, keys) or (f"Known here: {', '.join(keys)}." if keys else "")
        report.add("SP205", f"the key '{name}' is not known here", key.span if key is not None else where, hint)
    elif kind == "missing":
        last = detail["loc"][-1]
        what = f"the key '{last}' is missing" if isinstance(last, str) else "one more entry is wanted here"
        report.add("SP206", what, where)
    elif kind in ("too_short", "too_long"):
        report.add("SP230", _length(kind, context), where)
    else:
        report.add("SP207", _WANTED.get(kind, detail["msg"]), where)


_WANTED = {
    "dict_type": "a mapping is wanted here",
    "tuple_type": "a list is wanted here",
    "list_type": "a list is wanted here",
}


def _length(kind: str, context: dict[str, Any]) -> str:
    limit = context.get("min_length" if kind == "too_short" else "max_length")
    return f"{'at least' if kind == 'too_short' else 'at most'} {limit} of these are wanted"


def _walk(root: Node, loc: tuple[int | str, ...]) -> tuple[Node, Node, Scalar | None]:
    """The deepest node on the way that stands in the file, its parent, and the last key passed."""
    parent = node = root
    key: Scalar | None = None
    stepped = -1
    for number, part in enumerate(loc):
        if isinstance(node, Block) and isinstance(part, str):
            found = node.key(part)
            if found is not None:
                parent, node, key, stepped = node, node[found], found, number
        elif isinstance(node, Items) and isinstance(part, int) and part < len(node):
            parent, node, key, stepped = node, node[part], None, number
    if loc and loc[-1] == "[key]" and key is not None and stepped == len(loc) - 2:
        # The finding is about the key itself. A shorthand has no key, and its value stands for it.
        return parent, key, key
    return parent, node, key
