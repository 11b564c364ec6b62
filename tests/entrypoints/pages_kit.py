"""A service with its pages, as a browser on this machine opens them."""

from __future__ import annotations

from functools import cache
from typing import Any

from fastapi import FastAPI

from fhirpath_spine.adapters.journal import LogJournal
from fhirpath_spine.entrypoints.http import SANDBOX, create
from fhirpath_spine.pathway.model import Site
from fhirpath_spine.service import Client, HookService, Snapshot
from tests.kit import content
from tests.kit.decisions import AT
from tests.kit.ports import Unfetched

PAIN = "09-schwannoma-safely-resectable"
"""An invented patient of whom much is recorded."""


@cache
def _snapshot(hook: str) -> Snapshot:
    return Snapshot.of(content.library(), Site(), content.wording(), hook)


def application(**given: Any) -> FastAPI:
    """The application over the content that ships, which reads from nowhere."""
    services = [
        HookService(
            id=f"spine-{hook.name}",
            hook=hook.name,
            snapshot=_snapshot(hook.name),
            retriever=Unfetched(),
            journal=LogJournal(),
            clock=lambda: AT,
        )
        for hook in content.library().policy.hooks
    ]
    return create(services, Client(), origins=[SANDBOX], loopback=True, **given)
