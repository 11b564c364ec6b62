"""The door: from a request's ``Authorization`` to the client that it is of, or one constant refusal (rulings 5.5, threat T04).

The entry is found by the issuer that the token names and a key of that entry that verifies it; nothing of the request's body is
looked at, since it is not read yet. What was wrong stands in the log, in a word of a closed list.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import orjson

from fhirpath_spine.adapters.callers.keysets import Keys
from fhirpath_spine.adapters.callers.tokens import (
    LEEWAY,
    Reason,
    RefusedError,
    Terms,
    Unverified,
    bearer,
    check_claims,
    check_header,
    check_signature,
    take_apart,
)
from fhirpath_spine.errors import Unauthorized
from fhirpath_spine.service import Client, Clock, Count, uncounted

logger = logging.getLogger("fhirpath_spine.callers")


class Seen(Protocol):
    """Remembers which tokens were used, for all workers and over restarts."""

    async def first(self, issuer: str, jti: str, until: float) -> bool:
        """Whether a token is used for the first time; it is remembered until that instant (seconds since 1970).

        Raises:
            StoreAway: it cannot be known now.

        """


@dataclass(frozen=True, slots=True)
class Trusted:
    """One client that may call: its entry, what is asked of its tokens, and its keys."""

    client: Client
    terms: Terms
    keys: Keys
    aliases: frozenset[str] = frozenset()
    """Further audiences that its tokens may name, as its staff typed them."""


class Door:
    """Admits callers."""

    def __init__(
        self, trusted: Sequence[Trusted], public_url: str, seen: Seen, clock: Clock, count: Count = uncounted
    ) -> None:
        self._trusted, self._public = tuple(trusted), public_url.rstrip("/")
        self._seen, self._clock, self._count = seen, clock, count

    async def admit(self, authorization: Collection[str], path: str) -> Client:
        """The client of a request to a path of this service.

        Raises:
            Unauthorized: the token is missing, or not taken; always the same, whatever was wrong.
            StoreAway: whether the token was used before cannot be known now.

        """
        client = ""
        try:
            token = take_apart(bearer(authorization))
            found = await self._verified(token, path)
            client = found.client.id
            # Remembered for as long as the token would be taken.
            until = float(token.claims["exp"]) + 2 * LEEWAY
            if not await self._seen.first(token.issuer, str(token.claims["jti"]), until):
                raise RefusedError(Reason.REPLAYED)
        except RefusedError as refused:
            event = {"event": "unauthorized", "reason": refused.reason.value, "client": client}
            logger.info("%s", orjson.dumps(event).decode())
            self._count("spine_unauthorized_total", reason=refused.reason.value)
            raise Unauthorized("The call is not authorized.") from None
        return found.client

    async def _verified(self, token: Unverified, path: str) -> Trusted:
        """The one entry that takes the token: several may have one issuer, and are told apart by keys and tenants."""
        refusals = [RefusedError(Reason.ISSUER)]
        for entry in self._trusted:
            if entry.terms.issuer == token.issuer:
                try:
                    await self._check(token, entry, path)
                except RefusedError as refused:
                    refusals.append(refused)
                else:
                    return entry
        raise refusals[-1]

    async def _check(self, token: Unverified, entry: Trusted, path: str) -> None:
        check_header(token, entry.terms)
        key = await entry.keys.key(token.kid)
        if key is None:
            raise RefusedError(Reason.KEY)
        check_signature(token, key, entry.terms)
        check_claims(token, entry.terms, {*self._audiences(path), *entry.aliases}, self._clock().timestamp())

    def _audiences(self, path: str) -> Iterator[str]:
        yield self._public + path
        if path.endswith("/feedback"):
            yield self._public + path.removesuffix("/feedback")  # the service that is meant (FB-11)

    @property
    def ages(self) -> Mapping[str, float | None]:
        """Client -> seconds since its keys were last read; None where there are none."""
        return {entry.client.id: entry.keys.age for entry in self._trusted}
