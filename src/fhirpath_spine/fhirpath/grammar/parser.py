"""Tokens to a tree, by precedence. Reads to the end of the text or refuses it."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from fhirpath_spine.diagnostics import did_you_mean
from fhirpath_spine.fhirpath.grammar.lexer import Token, tokens
from fhirpath_spine.fhirpath.grammar.syntax import (
    Binary,
    Call,
    Index,
    Literal,
    Member,
    Special,
    Tree,
    TypeTest,
    Unary,
    Variable,
)
from fhirpath_spine.fhirpath.values.quantity import Quantity
from fhirpath_spine.fhirpath.values.units import CALENDAR

if TYPE_CHECKING:
    from collections.abc import Collection

    from fhirpath_spine.fhirpath.grammar.problems import Report
_BINDING = {
    "implies": 1,
    **dict.fromkeys(("or", "xor"), 2),
    "and": 3,
    **dict.fromkeys(("in", "contains"), 4),
    **dict.fromkeys(("=", "~", "!=", "!~"), 5),
    **dict.fromkeys(("<", ">", "<=", ">="), 6),
    "|": 7,
    **dict.fromkeys(("is", "as"), 8),
    **dict.fromkeys(("+", "-", "&"), 9),
    **dict.fromkeys(("*", "/", "div", "mod"), 10),
}
_ALSO_NAMES = ("as", "contains", "in", "is")
_WORDS = {"eq": "=", "ne": "!=", "lt": "<", "gt": ">", "le": "<=", "ge": ">=", "not": "not()", "like": "matches()"}
# A tree deeper than this could exhaust the interpreter's stack while it is checked.
DEEPEST = 150


def parse(report: Report, *, declared: Collection[str], nesting: int) -> Tree:
    """The tree of the report's text. ``nesting`` limits brackets within brackets.

    Raises :class:`CompileError` at the first thing that does not belong there.
    """
    return _Parser(report, list(tokens(report, declared)), nesting).whole()


class _Parser:
    def __init__(self, report: Report, found: list[Token], nesting: int) -> None:
        self.report, self.found, self.limit = report, found, nesting
        self.position = 0
        self.nested = 0
        self.depth: dict[int, int] = {}

    @property
    def here(self) -> Token:
        return self.found[self.position]

    def take(self) -> Token:
        token = self.here
        self.position += 1
        return token

    def sees(self, text: str) -> bool:
        return self.here.text == text and self.here.kind in ("op", "name")

    def accept(self, text: str) -> bool:
        if self.sees(text):
            self.position += 1
            return True
        return False

    def expect(self, text: str, opened: Token) -> Token:
        if not self.sees(text):
            hint = f"'{opened.text}' at {self.report.span(opened.start, opened.end)} is still open: add '{text}'."
            raise self.unexpected(f"'{text}' is missing", hint)
        return self.take()

    def unexpected(self, wanted: str, hint: str = "") -> Exception:
        token = self.here
        if token.kind == "end":
            end = len(self.report.text.rstrip())
            return self.report.fail("SP101", end, end + 1, f"The expression ends too early: {wanted}.", hint)
        return self.report.fail(
            "SP101", token.start, token.end, f"'{token.text}' is not expected here: {wanted}.", hint
        )

    def sized(self, tree: Tree) -> Tree:
        depth = 1 + max((self.depth[id(part)] for part in tree.parts()), default=0)
        self.depth[id(tree)] = depth
        if depth > DEEPEST:
            raise self.report.fail(
                "SP105", tree.start, tree.end, f"More than {DEEPEST} steps hang on one another here.", "Split it."
            )
        return tree

    def whole(self) -> Tree:
        if self.here.kind == "end":
            raise self.report.fail("SP101", 0, 1, "The expression is empty.")
        tree = self.expression(0)
        token = self.here
        if token.kind != "end":
            if token.text in _WORDS:
                raise self.report.fail(
                    "SP102",
                    token.start,
                    token.end,
                    f"'{token.text}' is not an operator of FHIRPath.",
                    f"Write '{_WORDS[token.text]}'.",
                    "" if _WORDS[token.text].endswith(")") else _WORDS[token.text],
                )
            hint = did_you_mean(token.text, _BINDING) if token.kind == "name" else ""
            raise self.report.fail(
                "SP101", token.start, token.end, f"'{token.text}' follows a complete expression.", hint
            )
        return tree

    def enter(self, token: Token) -> None:
        self.nested += 1
        if self.nested > self.limit:
            raise self.report.fail(
                "SP105", token.start, token.end, f"Brackets are nested more than {self.limit} deep.", "Split it."
            )

    def expression(self, least: int) -> Tree:
        left = self.operand()
        while True:
            token = self.here
            binding = _BINDING.get(token.text, 0) if token.kind in ("op", "name") else 0
            if binding <= least:
                return left
            self.position += 1
            if token.text in ("is", "as"):
                name, at, end = self.type_name()
                left = self.sized(TypeTest(start=left.start, end=end, op=token.text, operand=left, name=name, at=at))
                continue
            right = self.expression(binding)
            left = self.sized(
                Binary(start=left.start, end=right.end, op=token.text, at=token.start, left=left, right=right)
            )

    def type_name(self) -> tuple[str, int, int]:
        first = self.take()
        if first.kind not in ("name", "quoted"):
            self.position -= 1
            raise self.unexpected("a type name is due", "For example: is Quantity.")
        name, end = str(first.value), first.end
        while self.sees("."):
            after = self.found[self.position + 1]
            call = self.found[min(self.position + 2, len(self.found) - 1)]
            if after.kind not in ("name", "quoted") or call.text == "(":
                break
            self.position += 2
            name, end = f"{name}.{after.value}", after.end
        return name, first.start, end

    def operand(self) -> Tree:
        token = self.here
        if token.kind == "op" and token.text in ("+", "-"):
            self.position += 1
            self.enter(token)
            operand = self.operand()
            self.nested -= 1
            return self.sized(Unary(start=token.start, end=operand.end, op=token.text, operand=operand))
        tree = self.term()
        while True:
            token = self.here
            if self.accept("."):
                tree = self.invocation(tree)
            elif self.accept("["):
                self.enter(token)
                index = self.expression(0)
                close = self.expect("]", token)
                self.nested -= 1
                tree = self.sized(Index(start=tree.start, end=close.end, base=tree, index=index))
            else:
                return tree

    def invocation(self, base: Tree | None) -> Tree:
        token = self.here
        if token.kind != "quoted" and not (token.kind == "name" and self.is_name(token)):
            raise self.unexpected("a name is due")
        self.position += 1
        start = token.start if base is None else base.start
        opening = self.here
        if not self.accept("("):
            return self.sized(Member(start=start, end=token.end, base=base, name=token.value, at=token.start))
        self.enter(opening)
        args: list[Tree] = []
        if not self.sees(")"):
            args.append(self.expression(0))
            while self.accept(","):
                args.append(self.expression(0))
        close = self.expect(")", opening)
        self.nested -= 1
        return self.sized(Call(start=start, end=close.end, base=base, name=token.value, at=token.start, args=args))

    @staticmethod
    def is_name(token: Token) -> bool:
        return token.text in _ALSO_NAMES or (token.text not in _BINDING and token.text not in ("true", "false"))

    def term(self) -> Tree:
        token = self.here
        start, end = token.start, token.end
        if token.kind == "name" and token.text in ("true", "false"):
            self.position += 1
            return self.sized(Literal(start=start, end=end, value=token.text == "true"))
        if token.kind == "number":
            return self.number()
        if token.kind in ("string", "date"):
            self.position += 1
            return self.sized(Literal(start=start, end=end, value=token.value))
        if token.kind == "variable":
            self.position += 1
            return self.sized(Variable(start=start, end=end, name=token.value))
        if token.kind == "special":
            self.position += 1
            return self.sized(Special(start=start, end=end, name=token.value))
        if self.accept("{"):
            close = self.expect("}", token)
            return self.sized(Literal(start=start, end=close.end, value=None))
        if self.accept("("):
            self.enter(token)
            tree = self.expression(0)
            self.expect(")", token)
            self.nested -= 1
            return tree
        if token.kind in ("name", "quoted"):
            return self.invocation(None)
        raise self.unexpected("a value is due")

    def number(self) -> Tree:
        token = self.take()
        after = self.here
        if after.kind == "string" or (after.kind == "name" and after.text in CALENDAR):
            self.position += 1
            if after.kind == "string" and not after.value.strip():
                raise self.report.fail(
                    "SP103", after.start, after.end, "A quantity has a unit.", "Write '1' if it has none."
                )
            unit = CALENDAR.get(after.value, after.value)
            return self.sized(Literal(start=token.start, end=after.end, value=Quantity(Decimal(token.value), unit)))
        return self.sized(Literal(start=token.start, end=token.end, value=token.value))
