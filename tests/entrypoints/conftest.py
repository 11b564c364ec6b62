"""Hands the builders of hand-made decisions to the tests of this folder."""

from __future__ import annotations

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

NAME = "spine_builders"


def load() -> ModuleType:
    """The builders as one module for all folders: a dataclass built twice would not be equal to itself."""
    if NAME not in sys.modules:
        spec = spec_from_file_location(NAME, Path(__file__).parents[1] / "exchange" / "builders.py")
        assert spec is not None
        assert spec.loader is not None
        sys.modules[NAME] = module_from_spec(spec)
        spec.loader.exec_module(sys.modules[NAME])
    return sys.modules[NAME]


@pytest.fixture(scope="session")
def make() -> ModuleType:
    """The builders."""
    return load()
