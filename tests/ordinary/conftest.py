"""Hands the generator and the shipped content to the tests of this folder."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import date
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from fhirpath_spine import authoring
from fhirpath_spine.entrypoints.content import moment
from fhirpath_spine.exchange.incoming import bundles
from fhirpath_spine.exchange.outgoing.cards import Wording
from fhirpath_spine.exchange.outgoing.ids import Ids
from fhirpath_spine.exchange.outgoing.offline import document
from fhirpath_spine.exchange.outgoing.phrases import Phrases
from fhirpath_spine.pathway.judging.evaluate import decide

HERE = Path(__file__).parent
Judge = Callable[[Any, date], dict[str, Any]]


def _module(name: str, path: Path) -> ModuleType:
    if name not in sys.modules:
        spec = spec_from_file_location(name, path)
        assert spec is not None
        assert spec.loader is not None
        sys.modules[name] = module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


@pytest.fixture(scope="session")
def charts() -> ModuleType:
    """The generator."""
    return _module("spine_ordinary_charts", HERE / "charts.py")


@pytest.fixture(scope="session")
def kinds(charts: ModuleType) -> ModuleType:
    """What it tells."""
    return _module("spine_ordinary_kinds", HERE / "kinds.py")


@pytest.fixture(scope="session")
def judge() -> Judge:
    """Judges a Bundle with the shipped profiles and all frameworks on, as ``decide`` does."""
    directory = authoring.profiles_directory()
    site = authoring.load_site(HERE.parent / "clinical" / "site.yaml", directory)
    library = authoring.load(directory, site)
    wording = Wording(library, Phrases(library.phrases), Ids())

    def judged(bundle: Any, at: date) -> dict[str, Any]:
        decision = decide(library, bundles.chart(bundle), moment(at.isoformat(), site), site)
        return document(decision, wording)

    return judged
