"""The names that others may rely on are pinned: to add or to take one away is a decision, not an accident."""

from __future__ import annotations

import fhirpath_spine

PUBLIC = {"__version__"}


def test_the_public_names_are_these() -> None:
    assert set(getattr(fhirpath_spine, "__all__", ["__version__"])) == PUBLIC


def test_every_public_name_is_there() -> None:
    assert [name for name in PUBLIC if not hasattr(fhirpath_spine, name)] == []
