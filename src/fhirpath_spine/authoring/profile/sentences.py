"""Sentences with placeholders, compiled: ``{glucose.value}``, ``{creatinine.value in mg/dL}``, ``{creatinine.rejected}``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from fhirpath_spine.authoring.source.nodes import Scalar
from fhirpath_spine.diagnostics import did_you_mean
from fhirpath_spine.fhirpath import Scope
from fhirpath_spine.pathway.sentences import TOLD, Slot, Text, words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fhirpath_spine.authoring.profile.compiler import Compiler, Place
    from fhirpath_spine.pathway.facts.needs import Need, Value
_IN_UNIT = re.compile(r"(?P<expression>.+?) in (?P<unit>[^\s'\"()]+)", re.DOTALL)
_REJECTED = re.compile(r"%?(?P<need>[a-z][a-z0-9-]*)\.rejected")
_PATH = re.compile(r"%(?P<need>[a-z][a-z0-9-]*)\.(?P<member>[A-Za-z][A-Za-z0-9_-]*)")


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a sentence as it is written: fixed text, or the inside of a placeholder; ``offset`` is where it starts."""

    text: str
    offset: int
    slot: bool


class UnbalancedBraceError(ValueError):
    """A brace of a sentence opens or closes nothing; ``offset`` is where it stands."""

    def __init__(self, offset: int) -> None:
        super().__init__(f"unbalanced brace at {offset}")
        self.offset = offset


def split(text: str) -> Iterator[Part]:
    """The parts of a sentence. Raises UnbalancedBraceError."""
    fixed, start, at = "", 0, 0
    while at < len(text):
        char = text[at]
        if char in "{}" and text[at : at + 2] == char * 2:
            fixed, at = fixed + char, at + 2
        elif char == "{":
            if fixed:
                yield Part(fixed, start, slot=False)
            end = _closing(text, at)
            yield Part(text[at + 1 : end], at + 1, slot=True)
            fixed, at = "", end + 1
            start = at
        elif char == "}":
            raise UnbalancedBraceError(at)
        else:
            fixed, at = fixed + char, at + 1
    if fixed:
        yield Part(fixed, start, slot=False)


def _closing(text: str, opening: int) -> int:
    """Where the placeholder ends; braces inside quotes and nested ones do not count."""
    depth, quote, at = 0, "", opening
    while at < len(text):
        char = text[at]
        if quote:
            at += char == "\\"
            quote = "" if char == quote else quote
        elif char in "'`":
            quote = char
        elif char in "{}":
            depth += 1 if char == "{" else -1
            if depth == 0:
                return at
        at += 1
    raise UnbalancedBraceError(opening)


def _add(parts: list[str | Slot], part: str | Slot) -> None:
    """What a limit says is known now, so it is text like the rest of the sentence."""
    if (
        isinstance(part, Slot)
        and part.expression is not None
        and part.expression.limits
        and not part.expression.variables
    ):
        values = part.expression.evaluate((), Scope({}, at=datetime.now(UTC)))
        part = ", ".join("".join(words(value, part)) for value in values)
    if isinstance(part, str) and parts and isinstance(before := parts[-1], str):
        parts[-1] = before + part
    else:
        parts.append(part)


class TextBuilder:
    """Compiles sentences for one place of one pathway."""

    def __init__(self, compiler: Compiler, needs: Mapping[str, Need]) -> None:
        self._compiler, self._needs = compiler, needs

    def build(self, text: Scalar, place: Place, pathway: str = "", *, told: bool = False) -> Text:
        """The compiled sentence; what is wrong with its placeholders is reported. ``told``: a verdict may speak in it."""
        parts: list[str | Slot] = []
        try:
            for part in split(text):
                if part.slot and told and part.text.strip() in TOLD:
                    _add(parts, Slot(part.text.strip(), None, told=part.text.strip()))
                else:
                    _add(parts, self._slot(part, text, place, pathway) if part.slot else part.text)
        except UnbalancedBraceError as error:
            hint = "Write {{ and }} for braces that are meant as such."
            self._compiler.report.add("SP318", "a brace opens or closes nothing", text.place(error.offset), hint)
        return Text(tuple(parts), str(text))

    def _slot(self, part: Part, text: Scalar, place: Place, pathway: str) -> Slot:
        lead = len(part.text) - len(part.text.lstrip())
        inside = part.text.strip()
        if not inside:
            self._compiler.report.add("SP318", "a placeholder is empty", text.place(part.offset - 1, 2))
            return Slot("", None)
        if match := _REJECTED.fullmatch(inside):
            return self._rejected(match["need"], part, text, part.offset + lead, pathway)
        shift = part.offset + lead
        if inside[0].isalpha():
            inside, shift = f"%{inside}", shift - 1
        unit, factor = "", Decimal(1)
        match = _IN_UNIT.fullmatch(inside)
        value = self._value(match["expression"]) if match else None
        if match and value is not None and value.kind == "quantity":
            unit, inside = match["unit"], match["expression"]
            factor = self._factor(unit, value, text, shift + match.start("unit"))
        scalar = Scalar.of(inside, text.span)
        expression = self._compiler.expression(scalar, place, pathway, shift=shift, written=text)
        return Slot(part.text.strip(), expression, unit, factor)

    # Where a part of a sentence stands takes long to find, so it is looked for once something is wrong there.
    def _rejected(self, need: str, part: Part, text: Scalar, offset: int, pathway: str) -> Slot:
        names, inside = self._compiler.names, part.text.strip()
        if need in names.broken:
            return Slot(inside, None, rejected=need)
        visible = {**names.shared, **names.private.get(pathway, {})}
        if need not in self._needs or need not in visible:
            known = [n for n in self._needs if n in visible]
            span = text.place(offset, len(inside))
            self._compiler.report.add("SP318", f"no need is called '{need}'", span, did_you_mean(need, known))
        self._compiler.used.add(need)
        return Slot(inside, None, rejected=need)

    def _value(self, expression: str) -> Value | None:
        """The value rule behind ``%need.value`` or ``%need.component``, whatever is done with it after."""
        match = _PATH.match(expression)
        if match is None:
            return None
        name = self._compiler.names.longest(match["need"])
        need = self._needs.get(name or "")
        if need is None:
            return None
        return need.value if match["member"] == "value" else need.components.get(match["member"])

    def _factor(self, unit: str, value: Value, text: Scalar, offset: int) -> Decimal:
        factor = value.factors.get(unit)
        if factor is None:
            hint = did_you_mean(unit, value.factors) or f"Listed: {', '.join(value.factors)}."
            span = text.place(offset, len(unit))
            self._compiler.report.add("SP318", f"the need does not list the unit '{unit}'", span, hint)
        return factor or Decimal(1)
