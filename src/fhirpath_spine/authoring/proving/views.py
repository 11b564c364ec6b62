"""Which needs are views of which, so that what is moved in a need is moved for those that have it from there."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from fhirpath_spine.pathway.model import Library


class Views:
    """The views of each need, and which keys each has of its own."""

    def __init__(self, library: Library, paths: Iterable[tuple[str, ...]]) -> None:
        self._own = {path[-2:] for path in paths if path[-3:-2] == ("needs",)}
        self._of: dict[str, list[str]] = {}
        for one in library.needs.values():
            self._of.setdefault(one.of, []).append(one.name)

    def of(self, need: str, key: str = "") -> Iterator[str]:
        """The views of a need, and theirs; with ``key`` those that have it from that need."""
        for view in self._of.get(need, ()):
            if not key or (view, key) not in self._own:
                yield view
                yield from self.of(view, key)
