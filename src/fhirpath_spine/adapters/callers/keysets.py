"""The keys of one issuer: fetched over the guarded transport or read from a file, and kept (JWT-12 to JWT-14, fault R22).

The last good set is kept for a day. A set is asked for anew once an hour, and when a token names a key that it does not hold; in
either case no sooner than 30 seconds after the last try, whatever tokens say. An address comes from the client's entry alone.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import orjson
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey, import_key

from fhirpath_spine.adapters.callers.tokens import Key
from fhirpath_spine.adapters.ehr.network import REACH, GuardedTransport, Reach
from fhirpath_spine.exchange.ehr_side.jwks import keys as examined
from fhirpath_spine.service import Count, uncounted

LARGEST = 64 * 1024
"""Bytes of a key set that are read."""
SECONDS = 5.0
"""For one fetch, from the name's resolution to the last byte."""
REFRESH, RETRY, KEPT = 3600.0, 30.0, 24 * 3600.0
"""Seconds after which a set is asked for anew, between two tries, and for which the last good set is used."""

logger = logging.getLogger("fhirpath_spine.keys")
Read = Callable[[], Awaitable[bytes]]


class UnreadableError(Exception):
    """A key set could not be had. It never leaves this room: the last good one goes on being used."""


class KeyServers:
    """Fetches key sets. It follows no redirect, sends no token, and takes nothing compressed."""

    def __init__(self, transport: httpx2.AsyncBaseTransport | None = None) -> None:
        self._http = httpx2.AsyncClient(
            transport=transport or GuardedTransport(),
            headers={"Accept": "application/jwk-set+json, application/json", "Accept-Encoding": "identity"},
            follow_redirects=False,
            trust_env=False,
            timeout=SECONDS,
        )

    def at(self, url: str, *, private: bool = False) -> Read:
        """What reads the set at an address; ``private``: its name may resolve to private addresses."""

        async def read() -> bytes:
            try:
                async with asyncio.timeout(SECONDS):
                    return await self._read(url, Reach.PRIVATE if private else Reach.PUBLIC)
            except (TimeoutError, httpx2.HTTPError) as error:
                raise UnreadableError(type(error).__name__) from None

        return read

    async def _read(self, url: str, reach: Reach) -> bytes:
        found = bytearray()
        async with self._http.stream("GET", url, extensions={REACH: reach}) as answer:
            if answer.status_code != 200:
                raise UnreadableError(f"HTTP {answer.status_code}")
            if answer.headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
                raise UnreadableError("compressed")
            async for chunk in answer.aiter_raw():
                found += chunk
                if len(found) > LARGEST:
                    raise UnreadableError("too large")
        return bytes(found)

    async def aclose(self) -> None:
        """Closes all connections."""
        await self._http.aclose()


def from_file(path: Path) -> Read:
    """What reads the set in a file."""

    async def read() -> bytes:
        try:
            return await asyncio.to_thread(path.read_bytes)
        except OSError as error:
            raise UnreadableError(type(error).__name__) from None

    return read


def usable(raw: bytes) -> Mapping[str, Key]:
    """The keys of a set that a signature can be checked with, by their names; those that ``doctor`` calls usable.

    Raises:
        UnreadableError: it is no key set, or none of its keys can be used.

    """
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise UnreadableError("no JSON") from None
    sound = {key.kid for key in examined(value) or () if not key.fault}
    found: dict[str, Key] = {}
    for entry in value["keys"] if sound else ():
        if isinstance(entry, dict) and entry.get("kid") in sound and entry.get("use", "sig") == "sig":
            key = _imported(entry)
            if key is not None:
                found[entry["kid"]] = key
    if not found:
        raise UnreadableError("no usable key")
    return found


def _imported(entry: dict[str, Any]) -> Key | None:
    try:
        key = import_key(entry)
    except (JoseError, ValueError, TypeError):
        return None
    return key if isinstance(key, ECKey | RSAKey) else None


@dataclass(slots=True)
class Keys:
    """The keys of one issuer, as last read."""

    client: str
    read: Read
    clock: Callable[[], float] = time.monotonic
    count: Count = uncounted
    _found: Mapping[str, Key] = field(default_factory=dict)
    _good: float | None = None
    _tried: float | None = None
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _task: asyncio.Task[None] | None = None

    @property
    def age(self) -> float | None:
        """Seconds since a good set was read; None if there is none in use."""
        age = None if self._good is None else self.clock() - self._good
        return age if age is not None and age <= KEPT else None

    async def key(self, kid: str) -> Key | None:
        """The key of that name, or None. A known key waits for nothing; an unknown one may ask for the set once more."""
        age = self.age
        if age is not None and kid in self._found:
            if age > REFRESH and self._may_try():
                # A key that was withdrawn is found out, and no call waits for a server that stalls.
                self._task = asyncio.create_task(self._refresh())
            return self._found[kid]
        await self._refresh()
        return self._found.get(kid) if self.age is not None else None

    def _may_try(self) -> bool:
        return self._tried is None or self.clock() - self._tried >= RETRY

    async def _refresh(self) -> None:
        """Reads the set, unless that was tried just now; who comes while it is read waits for the same."""
        async with self._lock:
            if not self._may_try():
                return
            self._tried = self.clock()
            try:
                self._found = usable(await self.read())
            except UnreadableError as error:
                logger.warning("keys of %s cannot be read: %s", self.client, error)
            else:
                self._good = self._tried
                self.count("spine_keys_read_timestamp_seconds", time.time(), client=self.client)
