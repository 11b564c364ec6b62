"""A library with some of its expressions exchanged for others, wherever they stand in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any

from fhirpath_spine.fhirpath import Expression, ValueSet

if TYPE_CHECKING:
    from fhirpath_spine.pathway.model import Library


def exchanged(library: Library, others: Mapping[Expression, Expression]) -> Library:
    """The library with each of these expressions replaced; what holds none of them is shared with the old one."""
    return _Exchange(others).of(library)  # type: ignore[no-any-return]


class _Exchange:
    def __init__(self, others: Mapping[Expression, Expression]) -> None:
        self._others = others
        self._done: dict[int, Any] = {}

    def of(self, value: Any) -> Any:
        """A record is rebuilt once, however many others hold it: that it is the same in all of them has to stay true."""
        if isinstance(value, Expression):
            return self._others.get(value, value)
        if isinstance(value, str | int | frozenset | ValueSet) or value is None:
            return value
        key = id(value)
        if key not in self._done:
            self._done[key] = self._rebuilt(value)
        return self._done[key]

    def _rebuilt(self, value: Any) -> Any:
        if isinstance(value, tuple):
            parts = tuple(map(self.of, value))
            if all(a is b for a, b in zip(parts, value, strict=True)):
                return value
            return type(value)._make(parts) if hasattr(value, "_make") else parts
        if isinstance(value, Mapping):
            held = {key: self.of(one) for key, one in value.items()}
            return value if all(held[key] is one for key, one in value.items()) else held
        if is_dataclass(value) and not isinstance(value, type):
            now = {f.name: getattr(value, f.name) for f in fields(value)}
            then = {name: self.of(one) for name, one in now.items()}
            changed = {name: one for name, one in then.items() if one is not now[name]}
            return replace(value, **changed) if changed else value
        return value
