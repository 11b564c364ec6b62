"""Hands the shipped profiles to the tests of this folder, and lets them import their helpers by name."""

from __future__ import annotations

import pytest

from fhirpath_spine.pathway.model import Library
from tests.pathway.pathway_kit import shipped


@pytest.fixture(scope="session")
def library() -> Library:
    """The profiles that ship, loaded once."""
    return shipped()
