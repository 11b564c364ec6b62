"""Which needs a coding answers: an index over all value sets, so that a resource is looked up and never scanned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from fhirpath_spine.pathway.needs import Coding, Need

if TYPE_CHECKING:
    from fhirpath_spine.fhirpath import ValueSet

_CACHE_LIMIT = 10_000
_CACHED_CODINGS, _CACHED_CODE = 8, 64
"""Codings of a resource, and length of a code, that are worth remembering: a chart must not fill the memory of the process."""


class Matcher:
    """Finds the needs of a resource by its type and codings. Safe to share: its only state is a bounded cache."""

    def __init__(self, needs: Mapping[str, Need]) -> None:
        exact: dict[tuple[str, Coding], list[str]] = {}
        self._by_prefix: dict[tuple[str, str], list[Need]] = {}
        self._whole: dict[str, tuple[str, ...]] = {}
        for need in needs.values():
            for kind in need.resources:
                if need.codes is None:
                    self._whole[kind] = (*self._whole.get(kind, ()), need.name)
                    continue
                for member in need.codes.members:
                    exact.setdefault((kind, member), []).append(need.name)
                for system in need.codes.prefixes:
                    self._by_prefix.setdefault((kind, system), []).append(need)
        self._exact = {key: tuple(names) for key, names in exact.items()}
        self._together: dict[tuple[str, tuple[Coding, ...]], tuple[str, ...]] = {}
        self._systems = frozenset(
            system
            for need in needs.values()
            if need.codes is not None
            for system in (*(s for s, _ in need.codes.members), *need.codes.prefixes)
        )

    def needs(self, kind: str, codings: Iterable[Coding]) -> tuple[str, ...]:
        """Names of the needs that a resource of this type with these codings answers, each once."""
        codings = tuple(codings)
        together = self._together.get((kind, codings))
        if together is not None:
            return together
        found: dict[str, None] = dict.fromkeys(self._whole.get(kind, ()))
        for coding in codings:
            found.update(dict.fromkeys(self._exact.get((kind, coding), ())))
            for need in self._by_prefix.get((kind, coding[0]), ()):
                if need.codes is not None and need.codes.contains(*coding):
                    found[need.name] = None
        names = tuple(found)
        if len(codings) <= _CACHED_CODINGS and all(len(s) + len(c) <= _CACHED_CODE for s, c in codings):
            if len(self._together) >= _CACHE_LIMIT:
                self._together.clear()
            self._together[kind, codings] = names
        return names

    def readable(self, codings: Iterable[Coding]) -> bool:
        """Whether any of the codings is of a code system that some need reads."""
        return any(system in self._systems for system, _ in codings)


def known(value_set: ValueSet | None, codings: Iterable[Coding]) -> bool:
    """Whether any of the codings is in the value set."""
    return value_set is not None and any(value_set.contains(system, code) for system, code in codings)
