"""Judges an invented chart as ``decide`` does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fhirpath_spine.entrypoints.content import moment
from fhirpath_spine.exchange.incoming import read_bundle
from fhirpath_spine.exchange.outgoing import document
from fhirpath_spine.pathway.judging import decide
from tests.field.making import AT, Json
from tests.kit import content


@pytest.fixture(scope="session")
def judged() -> Callable[[Json], dict[str, Any]]:
    """A Bundle -> its document; ``ledger`` is how many resources were counted."""
    site = content.site()
    at = moment(AT.isoformat(), site)

    def judge(chart: Json) -> dict[str, Any]:
        decision = decide(content.library(), read_bundle(chart, signs=content.library().signs), at, site)
        return {**document(decision, content.wording()), "ledger": decision.ledger.counts.total()}

    return judge
