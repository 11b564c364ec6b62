"""Which needs a coding answers: an index over all value sets, so that a resource is looked up and never scanned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from fhirpath_spine.pathway.needs import Coding, Need

if TYPE_CHECKING:
    from fhirpath_spine.fhirpath import ValueSet

_CACHE_LIMIT = 100_000


class Matcher:
    """Finds the needs of a resource by its type and codings. Safe to share: its only state is a bounded cache."""

    def __init__(self, needs: Mapping[str, Need]) -> None:
        self._by_type: dict[str, list[Need]] = {}
        self._whole: dict[str, tuple[str, ...]] = {}
        for need in needs.values():
            for kind in need.resources:
                if need.codes is None:
                    self._whole[kind] = (*self._whole.get(kind, ()), need.name)
                else:
                    self._by_type.setdefault(kind, []).append(need)
        self._cache: dict[tuple[str, str, str], tuple[str, ...]] = {}
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
        for system, code in codings:
            key = (kind, system, code)
            answered = self._cache.get(key)
            if answered is None:
                answered = self._look_up(kind, system, code)
            found.update(dict.fromkeys(answered))
        if len(self._together) >= _CACHE_LIMIT:
            self._together.clear()
        self._together[kind, codings] = names = tuple(found)
        return names

    def readable(self, codings: Iterable[Coding]) -> bool:
        """Whether any of the codings is of a code system that some need reads."""
        return any(system in self._systems for system, _ in codings)

    def _look_up(self, kind: str, system: str, code: str) -> tuple[str, ...]:
        names = tuple(n.name for n in self._by_type.get(kind, ()) if n.codes and n.codes.contains(system, code))
        if len(self._cache) >= _CACHE_LIMIT:
            self._cache.clear()
        self._cache[kind, system, code] = names
        return names


def known(value_set: ValueSet | None, codings: Iterable[Coding]) -> bool:
    """Whether any of the codings is in the value set."""
    return value_set is not None and any(value_set.contains(system, code) for system, code in codings)
