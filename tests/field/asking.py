"""The service asked as an EHR asks it, from bytes to cards, and what may be said of its answer."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

import orjson

from fhirpath_spine.errors import PreconditionError, RequestError
from fhirpath_spine.exchange.incoming import take_in
from fhirpath_spine.exchange.outgoing import Ids, Phrases, Wording
from fhirpath_spine.pathway.model import Site
from fhirpath_spine.service import CallRecord, Client, HookService, Snapshot, Trace
from tests.kit import content
from tests.kit.ports import Unfetched

from .charts import AT

Json = Any


class _Unkept:
    def keep(self, record: CallRecord) -> None:
        """Keeps nothing."""


@cache
def service() -> HookService:
    wording = Wording(content.library(), Phrases(content.library().phrases), Ids())
    return HookService(
        id="spine-patient-view",
        hook="patient-view",
        snapshot=Snapshot.of(content.library(), Site(), wording),
        retriever=Unfetched(),
        journal=_Unkept(),
        clock=lambda: datetime.fromisoformat(AT),
        on_unavailable="412",
    )


@dataclass(frozen=True)
class Answered:
    """The cards, or the refusal."""

    cards: list[Json] = field(default_factory=list)
    refused: str = ""

    @property
    def critical(self) -> bool:
        return any(card["indicator"] == "critical" for card in self.cards)

    @property
    def says_why(self) -> bool:
        """Whether it is refused, or a line on a card says what was not read, not used, or not understood."""
        return bool(self.refused) or any(_said(card).search(_plain(card["detail"])) for card in self.cards)


def _plain(text: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", text))


@cache
def _reasons() -> re.Pattern[str]:
    book = content.library().phrases
    kinds = ("rejected-", "unread-", "record-", "count-", "missing-unread", "missing-rejected", "missing-unverified")
    told = (str(text).split("{")[0].strip(" .") for key, text in book.items() if key.startswith(kinds))
    return re.compile("|".join(re.escape(_plain(text)) for text in told if len(text) > 8))


def _said(card: Json) -> re.Pattern[str]:
    return _reasons()


def ask(body: Json) -> Answered:
    """What the service answers to a call."""
    raw = orjson.dumps(body)
    try:
        found = asyncio.run(service().answer(take_in(raw), Client(), Trace(), len(raw)))
    except (PreconditionError, RequestError) as refused:
        return Answered(refused=refused.code)
    return Answered(found["cards"])
