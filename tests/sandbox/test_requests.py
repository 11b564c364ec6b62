"""The captured request of each hook: it sends what discovery asks for, and has the card that it is there to show."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from fhirpath_spine.pathway.model import HOOKS, Site
from fhirpath_spine.service import CallRecord, Client, HookService, Snapshot, Trace
from tests.kit import content
from tests.kit import decisions as make
from tests.kit.ports import Unfetched

FOLDER = Path(__file__).parents[2] / "sandbox" / "requests"
SHOWN = {
    "patient-view": ("info", "Schwannoma T8, safely resectable: discuss complete resection"),
    "encounter-start": ("warning", "Back pain at night after breast cancer: MRI of the spine"),
    "problem-list-item-create": ("info", "Schwannoma T8: agree a plan in the multidisciplinary team"),
    "encounter-discharge": ("info", "Schwannoma T11, return advice: new pain"),
    "order-select": (
        "warning",
        "Malignant nerve sheath tumour T9, no chemotherapy now: neutrophils, platelets and renal function",
    ),
    "order-sign": (
        "warning",
        "Malignant nerve sheath tumour T9, no chemotherapy now: neutrophils, platelets and renal function",
    ),
}


class Forgetful:
    """A journal that keeps nothing."""

    def keep(self, record: CallRecord) -> None:
        """Forgets it."""


def request(hook: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / f"{hook}.json").read_text(encoding="utf-8"))
    return found


def service(hook: str) -> HookService:
    snapshot = Snapshot.of(content.library(), Site(), content.wording(), hook)
    return HookService(f"spine-{hook}", hook, snapshot, Unfetched(), Forgetful(), lambda: make.AT)


def test_there_is_one_for_each_hook_and_no_other() -> None:
    assert {path.stem for path in FOLDER.iterdir()} == set(HOOKS) == set(SHOWN)


@pytest.mark.parametrize("hook", HOOKS)
def test_it_sends_what_discovery_asks_for(hook: str) -> None:
    assert list(request(hook)["prefetch"]) == list(service(hook).describe()["prefetch"])


@pytest.mark.parametrize("hook", HOOKS)
def test_it_is_answered_with_the_card_that_it_is_there_to_show(hook: str) -> None:
    cards = asyncio.run(service(hook).answer(request(hook), Client(), Trace()))["cards"]
    assert (cards[0]["indicator"], cards[0]["summary"]) == SHOWN[hook]
