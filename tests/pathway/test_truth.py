"""The words for why something is unknown."""

from __future__ import annotations

import pytest

from fhirpath_spine.pathway.truth import Reason


@pytest.mark.parametrize(
    ("reason", "word"),
    [
        (Reason.UNREAD, "unread"),
        (Reason.NOT_OFFERED, "not-offered"),
        (Reason.CONFLICT, "conflict"),
        (Reason.STALE, "stale"),
        (Reason.REJECTED, "rejected"),
        (Reason.UNVERIFIED, "not-recorded"),
        (Reason.NOT_CONFIGURED, "not-recorded"),
        (Reason.LIMIT, "unread"),
        (Reason.NOT_RECORDED, "not-recorded"),
    ],
)
def test_machines_read_a_reason_from_the_closed_list(reason: Reason, word: str) -> None:
    assert reason.ruled == word
