"""Profiles from files: read with positions, typed, compiled, checked against each other; loaded whole or not at all."""

from __future__ import annotations

from fhirpath_spine.authoring.loading import Checked, check, examine, load, profiles_directory, unreachable
from fhirpath_spine.authoring.profile.site import load_site

__all__ = ["Checked", "check", "examine", "load", "load_site", "profiles_directory", "unreachable"]
