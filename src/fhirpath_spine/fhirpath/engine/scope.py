"""What one evaluation may see and spend."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fhirpath_spine.fhirpath.grammar.problems import ITEMS, STEPS, overfull, overspent
from fhirpath_spine.fhirpath.values.items import Incomplete, enter_all, system
from fhirpath_spine.fhirpath.values.temporal import Date, DateTime, Time

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from fhirpath_spine.fhirpath.functions.table import Thunk
    from fhirpath_spine.fhirpath.values.shapes import Shape


class Odd(Exception):
    """The data have a form that the generated source does not read."""


def source(run: Run, name: str) -> Sequence[Any]:
    """A variable's items, paid for."""
    return paid(run, run.scope.variables[name])


def paid(run: Run, found: Sequence[Any]) -> Sequence[Any]:
    """The items, after the budget has been charged for visiting them."""
    run.steps -= len(found) + 1
    if run.steps < 0:
        raise overspent(run.scope.steps)
    if len(found) > run.items:
        raise overfull(run.items)
    return found


def only(items: Any) -> Any:
    """The System value of a closure's single result; several are for the reference engine to refuse."""
    if not items or type(items) is Incomplete:
        return None
    if len(items) > 1:
        raise Odd
    return system(items[0])


def once(run: Run, key: int, thunk: Thunk) -> Any:
    """A value that is the same for all items of one evaluation."""
    if key not in run.memo:
        run.memo[key] = only(thunk(run, []))
    return run.memo[key]


class Scope:
    """What an evaluation may see: variables by name, the moment it happens at, and its budget.

    ``variables`` may compute its values in ``__getitem__``; only those an expression reads are asked for. ``at`` is
    aware; ``now()``, ``today()`` and ``timeOfDay()`` come from it. ``steps`` and ``items`` bound each evaluation and
    each collection; beyond them :class:`~fhirpath_spine.errors.LimitExceeded` is raised. ``trace`` receives
    ``(name, items)``; ``resolve`` turns a reference into a resource or None, after contained ones have been tried.
    """

    __slots__ = ("_by_type", "_focus", "at", "items", "resolve", "steps", "trace", "variables")

    def __init__(
        self,
        variables: Mapping[str, Sequence[Any]],
        at: datetime,
        steps: int = STEPS,
        items: int = ITEMS,
        trace: Callable[[str, list[Any]], None] | None = None,
        resolve: Callable[[str], dict[str, Any] | None] | None = None,
    ) -> None:
        if at.tzinfo is None:
            raise ValueError("at has to carry a time zone")
        self.variables = variables
        self.at = at
        self.steps = steps
        self.items = items
        self.trace = trace
        self.resolve = resolve
        self._focus: Sequence[Any] | None = None
        self._by_type: dict[str, list[Any]] = {}

    def of_type(self, focus: Sequence[Any], name: str) -> Sequence[Any]:
        """Resources of one type in ``focus``, which must not change while this scope is used."""
        if focus is not self._focus:
            self._focus = focus
            self._by_type = {}
            for resource in focus:
                if type(resource) is dict:
                    self._by_type.setdefault(resource.get("resourceType", ""), []).append(resource)
        return self._by_type.get(name, ())


class Run:
    """One evaluation: the scope, the focus, the budget that is left, and the places the special names point to."""

    __slots__ = ("_root", "_shape", "defined", "focus", "index", "items", "memo", "scope", "steps", "total")

    def __init__(self, scope: Scope, focus: Sequence[Any], shape: Shape | None) -> None:
        self.scope = scope
        self.focus = focus
        self._shape = shape
        self._root: list[Any] | None = None
        self.memo: dict[int | str, Any] = {}
        self.steps = scope.steps
        self.items = scope.items
        self.index: int | None = None
        self.total: list[Any] = []
        self.defined: dict[str, list[Any]] = {}

    @property
    def root(self) -> list[Any]:
        """The focus as items."""
        if self._root is None:
            self._root = enter_all(self.focus, self._shape)
        return self._root

    def charge(self, steps: int) -> None:
        """Spend part of the budget."""
        self.steps -= steps
        if self.steps < 0:
            raise overspent(self.scope.steps)

    def cap(self, found: list[Any]) -> list[Any]:
        """The collection, if it is not too large."""
        if len(found) > self.items:
            raise overfull(self.items)
        return found

    def now(self) -> DateTime:
        """The moment of this evaluation."""
        return DateTime.at(self.scope.at)

    def today(self) -> Date:
        """Its day, in the zone of ``at``."""
        return Date(self.now().parts[:3])

    def clock(self) -> Time:
        """Its time of day, in the zone of ``at``."""
        return Time(self.now().parts[3:])
