"""FHIRPath of a profile as English, near enough to be read beside it; what has no words stays FHIRPath, in backticks."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from fhirpath_spine.fhirpath import Expression
from fhirpath_spine.fhirpath.grammar.syntax import Binary, Call, Literal, Member, Special, Tree, Unary, Variable
from fhirpath_spine.pathway.model import Library

CIRCUMSTANCES = {
    "lesion": "the lesion",
    "lesions": "the lesions",
    "patient": "the patient",
    "site": "the site's settings",
    "state": "the state",
    "pathway": "the pathway",
    "advised": "what else is recommended",
    "open": "the kinds that are open",
    "conflicts": "the data in conflict",
    "chart": "the chart",
}
FLAGS = frozenset({"confirmed", "recurrent", "current", "imaged", "thoracic", "vertebral", "intramedullary"})
"""Members of a lesion that are true or false."""
MEMBERS = {"site_recorded": "recorded site", "since": "first date"}
COMPARE = {
    "=": "is", "!=": "is not", "~": "is", "<": "is below", ">": "is above", "<=": "is at most", ">=": "is at least",
}  # fmt: skip
DATES = {"<": "before", ">": "after", "<=": "not after", ">=": "not before", "=": "on", "!=": "not on"}


class English:
    """Words for the expressions of one library."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._text = ""

    def say(self, expression: Expression) -> str:
        """The expression in words."""
        self._text = expression.text
        return self._say(expression.tree)

    def explain(self, expression: Expression) -> str:
        """The same, but what is only the name of a definition is told as that definition says it."""
        definition = self._library.definitions.get(expression.text.strip().removeprefix("%"))
        return self.say(definition if definition is not None else expression)

    def name(self, variable: str) -> str:
        """What a variable is called here: its own name as words, which tells more than the label of the datum."""
        return CIRCUMSTANCES.get(variable, variable.replace("-", " "))

    # ------------------------------------------------------------------ by kind of node

    def _say(self, tree: Tree) -> str:
        match tree:
            case Literal():
                return self._literal(tree)
            case Variable():
                return self.name(tree.name)
            case Special(name="this"):
                return "one of them"
            case Member():
                return self._member(tree)
            case Binary():
                return self._binary(tree)
            case Call():
                return self._call(tree)
            case Unary():
                return f"{tree.op}{self._say(tree.operand)}"
            case _:
                return self._source(tree)

    def _literal(self, tree: Literal) -> str:
        text = str(tree.value) if tree.limit else self._text[tree.start : tree.end]
        if tree.value is None:
            return "unknown"
        if isinstance(tree.value, bool):
            return "yes" if tree.value else "no"
        if isinstance(tree.value, str):
            return f"“{tree.value.replace('-', ' ')}”"
        return text.replace("'", "")

    def _member(self, tree: Member) -> str:
        if tree.base is None:
            return MEMBERS.get(tree.name, tree.name.replace("-", " "))
        words = MEMBERS.get(tree.name, tree.name.replace("_", " ").replace("-", " "))
        base = self._say(tree.base)
        if tree.name == "value":
            return base
        return f"{base} is {words}" if tree.name in FLAGS else f"{words} of {base}"

    def _binary(self, tree: Binary) -> str:
        left, right = tree.left, tree.right
        if tree.op in ("and", "or"):
            parts = [f"({self._say(p)})" if isinstance(p, Binary) and p.op in ("and", "or") and p.op != tree.op
                     else self._say(p) for p in (left, right)]  # fmt: skip
            return f" {tree.op} ".join(parts)
        if tree.op in COMPARE:
            dated = _is_date(left) or _is_date(right)
            sign = f"is {DATES[tree.op]}" if dated and tree.op in DATES else COMPARE[tree.op]
            return f"{self._say(left)} {sign} {self._say(right)}"
        if tree.op == "|":
            return f"{self._say(left)}, {self._say(right)}"
        return f"{self._say(left)} {tree.op} {self._say(right)}"

    def _call(self, tree: Call) -> str:
        said = _CALLS.get((tree.name, len(tree.args)))
        if said is not None:
            return said(self, tree)
        args = ", ".join(self._say(a) for a in tree.args)
        base = f" of {self._say(tree.base)}" if tree.base is not None else ""
        return f"{tree.name}{f' ({args})' if args else ''}{base}"

    def base(self, tree: Call) -> str:
        """What a call is made on."""
        return "it" if tree.base is None else self._say(tree.base)

    def negated(self, tree: Call) -> str:
        """``x.not()``, worded by what x is."""
        inner = tree.base
        if isinstance(inner, Call) and inner.name in ("exists", "recorded") and not inner.args:
            return f"{self.base(inner)} is not recorded"
        if isinstance(inner, Call) and inner.name == "some":
            return f"no {self.some(inner).removeprefix('any ')}"
        if isinstance(inner, Binary):
            return f"not ({self._say(inner)})"
        if isinstance(inner, Member) and inner.base is not None and inner.name in FLAGS:
            return f"{self._say(inner.base)} is not {inner.name}"
        return f"not {self.base(tree)}"

    def some(self, tree: Call) -> str:
        """``x.some(c)``."""
        condition = tree.args[0]
        if isinstance(condition, Member) and condition.base is None and condition.name == "value":
            return f"{self.base(tree)}: yes"
        if isinstance(condition, Special):
            return f"{self.base(tree)}: yes"
        said = self._say(condition)
        if any(isinstance(t, Special) for t in condition.walk()):
            return f"any of ({self.base(tree)}) for which {said}"
        return f"any {self.base(tree)} whose {said}"

    def choice(self, tree: Call) -> str:
        """``iif(a, b, c)``."""
        condition, then, *rest = (self._say(a) for a in tree.args)
        return f"[if {condition}: {then}; else: {rest[0] if rest else 'unknown'}]"

    def such(self, tree: Call) -> str:
        """``x.where(c)``."""
        return f"those {self.base(tree)} whose {self._say(tree.args[0])}"

    def _source(self, tree: Tree) -> str:
        return f"`{self._text[tree.start : tree.end]}`"


def _is_date(tree: Tree) -> bool:
    return any(isinstance(t, Call) and t.name == "today" for t in tree.walk()) or (
        isinstance(tree, Member) and tree.name == "date"
    )


_CALLS: Mapping[tuple[str, int], Callable[[English, Call], str]] = {
    ("not", 0): English.negated,
    ("exists", 0): lambda e, t: f"{e.base(t)} is recorded",
    ("recorded", 0): lambda e, t: f"{e.base(t)} is recorded",
    ("some", 1): English.some,
    ("iif", 2): English.choice,
    ("iif", 3): English.choice,
    ("where", 1): English.such,
    ("today", 0): lambda _e, _t: "today",
    ("max", 0): lambda e, t: f"the greatest of ({e.base(t)})",
    ("min", 0): lambda e, t: f"the least of ({e.base(t)})",
    ("first", 0): lambda e, t: f"the first of {e.base(t)}",
    ("count", 0): lambda e, t: f"the number of {e.base(t)}",
}
