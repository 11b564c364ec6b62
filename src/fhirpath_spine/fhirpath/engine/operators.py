"""What the operators mean on single items and on collections: equality, order, arithmetic. None is: no answer."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation, localcontext
from typing import TYPE_CHECKING, Any

from fhirpath_spine.fhirpath.grammar.problems import CHARACTERS, EvaluationError, overlong
from fhirpath_spine.fhirpath.values.items import Node, system
from fhirpath_spine.fhirpath.values.quantity import Quantity, align, calendar_unit, product, total
from fhirpath_spine.fhirpath.values.temporal import Date, DateTime, Time, add, compare

if TYPE_CHECKING:
    from collections.abc import Sequence


def ordered(op: str, left: Any, right: Any) -> bool | None:
    """An ordering operator on two items."""
    answer = order(left, right)
    if answer is None:
        return None
    return answer < 0 if op == "<" else answer > 0 if op == ">" else answer <= 0 if op == "<=" else answer >= 0


_TEMPORAL = (Date, DateTime, Time)
_NUMBER = (int, Decimal)
# Beyond it an integer has no value, as the specification says of an overflow; the bound is that of its Long.
_LARGEST = 2**63 - 1


def _is_number(value: Any) -> bool:
    return isinstance(value, _NUMBER) and not isinstance(value, bool)


def _bounded(left: Quantity, right: Quantity, aligned: tuple[Decimal, Decimal]) -> tuple[Decimal, Decimal] | None:
    """Order of two quantities where a comparator is stated: only if the bound already decides it."""
    a, b = aligned
    below, above = ("<", "<="), (">", ">=")
    if left.comparator and right.comparator:
        return None
    if left.comparator in below:
        return aligned if a < b or (a == b and left.comparator == "<") else None
    if left.comparator in above:
        return aligned if a > b or (a == b and left.comparator == ">") else None
    if right.comparator in below:
        return aligned if b < a or (a == b and right.comparator == "<") else None
    if right.comparator in above:
        return aligned if b > a or (a == b and right.comparator == ">") else None
    return None


def order(left: Any, right: Any) -> int | None:
    """-1, 0, 1, or None if undecided or a side has no value. Items of different kinds: :class:`EvaluationError`."""
    left, right = system(left), system(right)
    if left is None or right is None:
        return None
    if isinstance(left, Quantity) or isinstance(right, Quantity):
        return _order_quantities(left, right)
    if isinstance(left, _TEMPORAL) and isinstance(right, _TEMPORAL):
        try:
            return compare(left, right)
        except TypeError:
            raise _different("compared") from None
    same = (_is_number(left) and _is_number(right)) or (isinstance(left, str) and isinstance(right, str))
    if not same:
        raise _different("compared")
    return -1 if left < right else 1 if left > right else 0


def _order_quantities(left: Any, right: Any) -> int | None:
    a, b = _as_quantity(left), _as_quantity(right)
    if a is None or b is None:
        raise _different("compared")
    aligned = align(a, b)
    if aligned is None:
        return None
    if a.comparator or b.comparator:
        decided = _bounded(a, b, aligned)
        if decided is None:
            return None
        if decided[0] == decided[1]:
            return -1 if "<" in a.comparator or ">" in b.comparator else 1
        aligned = decided
    return -1 if aligned[0] < aligned[1] else 1 if aligned[0] > aligned[1] else 0


def _as_quantity(value: Any) -> Quantity | None:
    if isinstance(value, Quantity):
        return value
    return Quantity(Decimal(value)) if _is_number(value) else None


def _different(verb: str) -> EvaluationError:
    return EvaluationError(f"Items of different kinds cannot be {verb}.", hint="Convert one of them first.")


def equal(left: Any, right: Any) -> bool | None:
    """``=`` on two items."""
    left, right = system(left), system(right)
    if left is None or right is None:
        return None
    if isinstance(left, Node) or isinstance(right, Node):
        if not (isinstance(left, Node) and isinstance(right, Node)):
            return False
        return left.value is right.value or bool(deep(left.value) == deep(right.value))
    if isinstance(left, Quantity) or isinstance(right, Quantity):
        return _equal_quantities(left, right)
    if isinstance(left, _TEMPORAL) and isinstance(right, _TEMPORAL):
        if isinstance(left, Time) is not isinstance(right, Time):
            return False
        answer = compare(left, right)
        return None if answer is None else answer == 0
    if isinstance(left, str) is not isinstance(right, str) or isinstance(left, bool) is not isinstance(right, bool):
        return False
    return bool(left == right)


def _equal_quantities(left: Any, right: Any) -> bool | None:
    a, b = _as_quantity(left), _as_quantity(right)
    if a is None or b is None:
        return False
    aligned = align(a, b)
    if aligned is None:
        return None
    if a.comparator or b.comparator:
        return None if _bounded(a, b, aligned) is None else False
    return aligned[0] == aligned[1]


def deep(value: Any) -> Any:
    """JSON in a hashable form in which equal values are equal: 1 and 1.0 are, True and 1 are not."""
    if isinstance(value, dict):
        return tuple((k, deep(value[k])) for k in sorted(value))
    if isinstance(value, (list, tuple)):
        return tuple(map(deep, value))
    if isinstance(value, bool):
        return ("boolean", value)
    return Decimal(repr(value)) if isinstance(value, float) else value


def equal_lists(left: Sequence[Any], right: Sequence[Any]) -> bool | None:
    """``=`` on two collections: no answer if one is empty, else item by item in order."""
    if not left or not right:
        return None
    if len(left) != len(right):
        return False
    open_question = False
    for a, b in zip(left, right, strict=True):
        answer = equal(a, b)
        if answer is False:
            return False
        open_question = open_question or answer is None
    return None if open_question else True


def _name(value: Any) -> tuple[str, str] | None:
    if type(value) is dict and type(kind := value.get("resourceType")) is str and type(id_ := value.get("id")) is str:
        return kind, id_
    return None


def key(item: Any) -> Any:
    """A hashable stand-in: items with different keys are surely not equal; equal keys still need :func:`equal`."""
    item = system(item)
    if isinstance(item, Node):
        # A resource is told by its id from all others that a chart holds, at a fraction of the cost.
        named = _name(item.value)
        return deep(item.value) if named is None else named
    if isinstance(item, bool):
        return ("boolean", item)
    return item if isinstance(item, (str, int, Decimal)) else type(item).__name__[-4:]


def places(number: Decimal) -> int:
    """Digits after the point that are written, without trailing zeros."""
    return max(0, -int(number.normalize().as_tuple().exponent))


def equivalent(left: Any, right: Any) -> bool:
    """``~`` on two items: always decided."""
    left, right = system(left), system(right)
    if left is None or right is None:
        return left is right
    if isinstance(left, str) and isinstance(right, str):
        return " ".join(left.lower().split()) == " ".join(right.lower().split())
    if _is_number(left) and _is_number(right):
        return _near(Decimal(left), Decimal(right))
    if isinstance(left, Quantity) and isinstance(right, Quantity):
        same = {"a": "year", "mo": "month"}
        a = Quantity(left.value, same.get(left.unit, left.unit), fhir=True)
        b = Quantity(right.value, same.get(right.unit, right.unit), fhir=True)
        if a.unit == b.unit:
            return _near(a.value, b.value)
        aligned = align(a, b)
        if aligned is None:
            return False
        scale = aligned[0] / a.value if a.value else Decimal(1)
        other = aligned[1] / b.value if b.value else Decimal(1)
        coarse = max(Decimal(1).scaleb(-places(a.value)) * scale, Decimal(1).scaleb(-places(b.value)) * other)
        return (aligned[0] / coarse).to_integral_value() == (aligned[1] / coarse).to_integral_value()
    if isinstance(left, Node) and isinstance(right, Node):
        return _equivalent_nodes(left.value, right.value)
    return equal(left, right) is True


def _near(a: Decimal, b: Decimal) -> bool:
    digits = Decimal(1).scaleb(-min(places(a), places(b)))
    return a.quantize(digits) == b.quantize(digits)


def _equivalent_nodes(a: Any, b: Any) -> bool:
    if isinstance(a, dict) and isinstance(b, dict):
        keys = {k for k in (*a, *b) if k != "id"}
        return all(_equivalent_nodes(a.get(k), b.get(k)) for k in keys)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and equivalent_lists([Node(x, "") for x in a], [Node(x, "") for x in b])
    if isinstance(a, (dict, list)) or isinstance(b, (dict, list)):
        return False
    return equivalent(Decimal(repr(a)) if isinstance(a, float) else a, Decimal(repr(b)) if isinstance(b, float) else b)


def equivalent_lists(left: Sequence[Any], right: Sequence[Any]) -> bool:
    """``~`` on two collections: the same items in any order."""
    if len(left) != len(right):
        return False
    rest = list(right)
    for item in left:
        at = next((i for i, other in enumerate(rest) if equivalent(item, other)), None)
        if at is None:
            return False
        del rest[at]
    return True


def concatenate(left: str, right: str) -> str:
    """Both texts in one, unless that is too long."""
    if len(left) + len(right) > CHARACTERS:
        raise overlong()
    return left + right


def arithmetic(op: str, left: Any, right: Any) -> Any:
    """``+ - * / div mod`` on two items; None where there is no result. Wrong kinds: :class:`EvaluationError`."""
    left, right = system(left), system(right)
    if left is None or right is None:
        return None
    if isinstance(left, _TEMPORAL) and isinstance(right, Quantity) and op in "+-":
        return _shift(left, right, 1 if op == "+" else -1)
    if isinstance(left, str) and isinstance(right, str) and op == "+":
        return concatenate(left, right)
    if isinstance(left, Quantity) or isinstance(right, Quantity):
        return _quantities(op, _as_quantity(left), _as_quantity(right))
    if not (_is_number(left) and _is_number(right)):
        raise _different("calculated with")
    result = _numbers(op, left, right)
    return None if isinstance(result, int) and abs(result) > _LARGEST else result


def _numbers(op: str, left: int | Decimal, right: int | Decimal) -> int | Decimal | None:
    if op in ("/", "div", "mod") and right == 0:
        return None
    with localcontext() as context:
        context.prec = 28
        try:
            if op == "+":
                return left + right
            if op == "-":
                return left - right
            if op == "*":
                return left * right
            if op == "/":
                return Decimal(left) / Decimal(right)
            # On decimals Python's // cuts off as FHIRPath does; on integers it rounds down.
            whole = int(Decimal(left) // Decimal(right))
            return whole if op == "div" else left - whole * right
        except InvalidOperation:
            return None


def _quantities(op: str, left: Quantity | None, right: Quantity | None) -> Quantity | None:
    if left is None or right is None or op in ("div", "mod"):
        raise _different("calculated with")
    if op in "+-":
        return total(left, right, 1 if op == "+" else -1)
    return product(left, right, divide=op == "/")


def _shift(start: Date | DateTime | Time, amount: Quantity, sign: int) -> Date | DateTime | Time | None:
    unit = calendar_unit(amount)
    if unit is None:
        raise EvaluationError(
            "Only a calendar duration can be added to a date.", hint="Write 2 years, 3 months, 10 days."
        )
    try:
        return add(start, sign * int(amount.value), unit)
    except TypeError:
        raise EvaluationError("Only hours, minutes and seconds can be added to a time.") from None
