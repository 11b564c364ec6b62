"""What is kept and read: used tokens, calls with what they issued, feedback; and what is thrown away when its time is over."""

from __future__ import annotations

import asyncio
import hashlib
import threading
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Insert, Table, and_, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from fhirpath_spine.adapters.store.database import Database, away
from fhirpath_spine.adapters.store.tables import CALL, FEEDBACK, ISSUED, JTI
from fhirpath_spine.errors import StoreAway
from fhirpath_spine.exchange.feedback.issued import Issued
from fhirpath_spine.exchange.feedback.items import Item
from fhirpath_spine.exchange.feedback.report import Row, instant
from fhirpath_spine.service import Clock

ODD = 24 * 3600
"""Seconds between the time of feedback and its arrival, after which it is marked."""
SWEEP = 600.0
"""Seconds between two sweeps of the used tokens."""
REMEMBERED = 50_000
"""Used tokens that the process remembers at most while the disk is full."""


class Keeping:
    """The store as the service uses it. Every method raises :class:`StoreAway` where the database is away."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock
        self._swept = 0.0
        self._remembered: dict[str, float] = {}
        self._remembering = threading.Lock()

    # ------------------------------------------------------------------ used tokens

    async def first(self, issuer: str, jti: str, until: float) -> bool:
        """Whether a token is used for the first time, over all workers and restarts."""
        return await asyncio.to_thread(self._first, issuer, jti, until)

    def _first(self, issuer: str, jti: str, until: float) -> bool:
        digest = hashlib.sha256(f"{len(issuer)}:{issuer}{jti}".encode()).hexdigest()
        now = self._clock().timestamp()
        try:
            return self._first_kept(digest, now, until)
        except StoreAway as error:
            if not error.full:
                raise
            return self._first_remembered(digest, now, until)

    def _first_kept(self, digest: str, now: float, until: float) -> bool:
        with self._remembering:
            waiting = dict(self._remembered)
        # A disk takes longer for this than the judgement of a chart, and the token is worth nothing within the hour.
        with self._database.begin(lasting=False) as connection:
            if waiting:
                connection.execute(self._once(JTI), [{"digest": d, "until": u} for d, u in waiting.items()])
            kept = self._once(JTI).values(digest=digest, until=until).returning(JTI.c.digest)
            first = connection.execute(kept).first() is not None
            if now - self._swept > SWEEP:
                self._swept = now
                connection.execute(delete(JTI).where(JTI.c.until < now))
        with self._remembering:
            for one in waiting:
                self._remembered.pop(one, None)
        return first

    def _first_remembered(self, digest: str, now: float, until: float) -> bool:
        """The same while the disk is full: a card goes before a guard that holds among workers. What the store holds and what
        this process saw is refused all the same, and is kept as soon as there is room.
        """
        with self._database.begin(lasting=False) as connection:
            if connection.execute(select(JTI.c.digest).where(JTI.c.digest == digest)).first() is not None:
                return False
        with self._remembering:
            if digest in self._remembered:
                return False
            if len(self._remembered) >= REMEMBERED:
                self._remembered = {d: u for d, u in self._remembered.items() if u >= now}
                if len(self._remembered) >= REMEMBERED:
                    raise away(full=True)
            self._remembered[digest] = until
        return True

    async def is_there(self) -> bool:
        """Whether the database answers."""
        try:
            await asyncio.to_thread(self._database.ping)
        except StoreAway:
            return False
        return True

    # ------------------------------------------------------------------ calls

    def calls(self, records: Sequence[Mapping[str, Any]]) -> None:
        """Keeps records of calls, each with what it issued; one that is kept already stays as it is."""
        calls = [{name: record[name] for name in CALL.c.keys()} for record in records]  # noqa: SIM118 - no mapping
        issued = [
            {"client": r["client"], "decision": r["decision"], "at": r["at"], **one}
            for r in records
            for one in r["issued"]
        ]
        with self._database.begin() as connection:
            connection.execute(self._once(CALL), calls)
            if issued:
                connection.execute(self._once(ISSUED), issued)

    # ------------------------------------------------------------------ feedback

    async def feedback(self, client: str, items: Sequence[Item]) -> None:
        """Keeps feedback. When this returns it is on the disk; the same item again changes nothing."""
        if items:
            await asyncio.to_thread(self._feedback, client, items)

    def _feedback(self, client: str, items: Sequence[Item]) -> None:
        now = self._clock().timestamp()
        rows = [
            {
                "client": client,
                "card": item.card,
                "suggestion": item.suggestion,
                "outcome": item.outcome,
                "timestamp": item.timestamp,
                "reason": item.reason,
                "received": now,
                "odd": abs(instant(item.timestamp) - now) > ODD,
            }
            for item in items
        ]
        with self._database.begin() as connection:
            connection.execute(self._once(FEEDBACK), rows)

    def rows(self) -> Iterator[Row]:
        """All feedback, as it came, with what it is about. A card counts as known to the client that got it alone."""
        f, i = FEEDBACK.c, ISSUED.c
        same = and_(i.client == f.client, i.card == f.card, i.suggestion == f.suggestion)
        about = (i.card, i.recommendation, i.pathway, i.version)
        query = select(f.client, f.card, f.suggestion, f.outcome, f.timestamp, f.reason, *about)
        with self._database.begin() as connection:
            found = connection.execute(query.select_from(FEEDBACK.outerjoin(ISSUED, same)).order_by(f.id)).all()
        for client, card, suggestion, outcome, timestamp, reason, known, recommendation, pathway, version in found:
            yield Row(
                client,
                card,
                suggestion,
                outcome,
                timestamp,
                recommendation=recommendation or "",
                pathway=pathway or "",
                version=version or "",
                reasons=(reason,) if reason else (),
                known=known is not None,
            )

    def shown(self) -> list[tuple[str, Issued]]:
        """All that was issued, with the client that got it."""
        i = ISSUED.c
        query = select(i.client, i.card, i.suggestion, i.recommendation, i.pathway, i.version, i.indicator)
        with self._database.begin() as connection:
            return [(client, Issued(*rest)) for client, *rest in connection.execute(query)]

    # ------------------------------------------------------------------ the end of it

    def purge(self, before: datetime) -> Mapping[str, int]:
        """Throws away what is older than that; how many rows of each table went."""
        limit = before.timestamp()
        places = {CALL: CALL.c.at, ISSUED: ISSUED.c.at, FEEDBACK: FEEDBACK.c.received}
        gone = {}
        with self._database.begin() as connection:
            for table, column in places.items():
                gone[table.name] = connection.execute(delete(table).where(column < limit)).rowcount
            gone["jti"] = connection.execute(delete(JTI).where(JTI.c.until < self._clock().timestamp())).rowcount
        return gone

    def _once(self, table: Table) -> Insert:
        """An insert that leaves a row alone that is there already; both databases have it, in their own dialects."""
        if self._database.engine.dialect.name == "postgresql":
            return postgresql.insert(table).on_conflict_do_nothing()
        return sqlite.insert(table).on_conflict_do_nothing()
