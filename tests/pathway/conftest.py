"""Hands the shipped profiles to the tests of this folder, and lets them import their helpers by name."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

if (here := str(Path(__file__).parent)) not in sys.path:
    sys.path.insert(0, here)

from pathway_kit import shipped

from fhirpath_spine.pathway.model import Library


@pytest.fixture(scope="session")
def library() -> Library:
    """The profiles that ship, loaded once."""
    return shipped()
