"""The functions of the language: how each is checked and how it runs. The tables are filled by the modules beside."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from fhirpath_spine.fhirpath.values.shapes import ANYTHING, Ty, type_named

Gives = Callable[[Ty, list[Ty]], Ty]
Thunk = Callable[[Any, list[Any]], list[Any]]
"""A compiled argument: ``(run, this) -> items``."""


@dataclass(frozen=True, slots=True)
class Function:
    """One function.

    ``args``: what each argument has to be, ``?`` at the end if it may be left out: a family (string, integer, number,
    quantity, boolean, any), ``criterion`` or ``each`` (evaluated per item), ``items`` (a collection), ``type`` (a type
    name), ``literal`` (a string written out). ``on``: the family of the input, ``items`` for any collection.
    ``one``: the input is a single item, System value; ``run`` then takes plain values and returns one, a list or None.
    Otherwise ``run(run, items, args, this)`` takes items and thunks and returns items; ``keeps``: it is a mere
    selection, so an incomplete input gives an incomplete result instead of no answer.
    """

    name: str
    args: tuple[str, ...]
    on: str
    gives: Gives
    run: Callable[..., Any]
    one: bool = False
    keeps: bool = False
    profile: bool = True
    ordered: bool = False

    @property
    def least(self) -> int:
        """How many arguments it needs."""
        return sum(not a.endswith("?") for a in self.args)


FUNCTIONS: Final[dict[str, Function]] = {}


def _as_rule(gives: str | Gives) -> Gives:
    if not isinstance(gives, str):
        return gives
    # A result of a single-item function is known only if everything that goes in is.
    return lambda base, args: type_named(gives, known=base.known and not base.partial and all(a.known for a in args))


def value_function(
    name: str, *args: str, on: str, gives: str | Gives, maybe: bool = False, **more: Any
) -> Callable[[Any], Any]:
    """Register a function on one System value; ``maybe``: it may have no result even where its input has one."""

    def register(run: Callable[..., Any]) -> Callable[..., Any]:
        rule = _as_rule(gives)
        final: Gives = (lambda base, found: rule(base, found).maybe()) if maybe else rule
        FUNCTIONS[name] = Function(name, args, on, final, run, one=True, **more)
        return run

    return register


def item_function(name: str, *args: str, gives: str | Gives, on: str = "items", **more: Any) -> Callable[[Any], Any]:
    """Register a function on a collection."""

    def register(run: Callable[..., Any]) -> Callable[..., Any]:
        FUNCTIONS[name] = Function(name, args, on, _as_rule(gives), run, **more)
        return run

    return register


def same(base: Ty, _args: list[Ty]) -> Ty:
    """Some of the input's items."""
    return base.maybe()


def same_one(base: Ty, _args: list[Ty]) -> Ty:
    """One of the input's items, if it has any."""
    return base.one()


def anything(_base: Ty, _args: list[Ty]) -> Ty:
    """Nothing is known of the result."""
    return ANYTHING


def _boolean_result(base: Ty, _args: list[Ty]) -> Ty:
    return type_named("System.Boolean", known=base.known and not base.partial)


def _no_run(*_args: Any) -> Any:
    raise AssertionError("a special form is compiled where it stands")


# Forms whose arguments are names, or are evaluated only when chosen; the checker and the compilers know each of them.
for _form in (
    Function("is", ("type",), "items", _boolean_result, _no_run),
    Function("as", ("type",), "items", same_one, _no_run, keeps=True),
    Function("ofType", ("type",), "items", same, _no_run, keeps=True),
    Function("memberOf", ("literal",), "items", _boolean_result, _no_run),
    Function("iif", ("any", "any", "any?"), "items", anything, _no_run),
    Function("sort", tuple(["each?"] * 8), "items", lambda base, _args: base, _no_run, keeps=True),
    Function(
        "defineVariable", ("literal", "each?"), "items", lambda base, _args: base, _no_run, keeps=True, profile=False
    ),
    Function("resolve", (), "items", anything, _no_run, profile=False),
    Function("conformsTo", ("string",), "items", _boolean_result, _no_run, profile=False),
):
    FUNCTIONS[_form.name] = _form
