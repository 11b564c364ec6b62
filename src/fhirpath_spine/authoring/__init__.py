"""Profiles from files: read with positions, typed, compiled, checked against each other; loaded whole or not at all.

The names are imported when first asked for: a process that finds its library compiled needs none of the forms.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fhirpath_spine.authoring.loading import Checked, check, examine, load, unreachable
    from fhirpath_spine.authoring.mending import mend
    from fhirpath_spine.authoring.profile.site import load_site
    from fhirpath_spine.authoring.source.folder import profiles_directory, set_around

__all__ = [
    "Checked",
    "check",
    "examine",
    "load",
    "load_site",
    "mend",
    "profiles_directory",
    "set_around",
    "unreachable",
]

_ROOMS = {
    "load_site": "profile.site",
    "mend": "mending",
    "profiles_directory": "source.folder",
    "set_around": "source.folder",
}


def __getattr__(name: str) -> Any:
    """A public name, from the room where it lives."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_ROOMS.get(name, 'loading')}"), name)
