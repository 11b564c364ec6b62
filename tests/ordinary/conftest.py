"""Hands the generator and the shipped content to the tests of this folder."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from fhirpath_spine.entrypoints.content import moment
from fhirpath_spine.exchange.incoming import read_bundle
from fhirpath_spine.exchange.outgoing import document
from fhirpath_spine.pathway.judging import decide
from tests.kit import content

HERE = Path(__file__).parent
Judge = Callable[[Any, date], dict[str, Any]]


@pytest.fixture(scope="session")
def judge() -> Judge:
    """Judges a Bundle with the shipped profiles and all frameworks on, as ``decide`` does."""
    site = content.site()

    def judged(bundle: Any, at: date) -> dict[str, Any]:
        decision = decide(content.library(), read_bundle(bundle), moment(at.isoformat(), site), site)
        return document(decision, content.wording())

    return judged
