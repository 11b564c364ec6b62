"""Names that repeat: UUIDv8 from a keyed hash, so a retry has the same ids and no id tells who the patient is
(rulings 5.2).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property

PUBLIC_KEY = b"fhirpath-spine decides in public"
"""The fixed key of ``decide`` and of dev mode: results there are to be compared, not to be kept secret."""


@dataclass(frozen=True)
class Ids:
    """Derives ids with one key of at least 32 bytes; of a key of more than 64 bytes, its digest is the key."""

    key: bytes = PUBLIC_KEY

    @cached_property
    def _key(self) -> bytes:
        longest = hashlib.blake2b.MAX_KEY_SIZE
        return self.key if len(self.key) <= longest else hashlib.blake2b(self.key).digest()

    def _digest(self, *parts: str) -> bytes:
        # Length prefixes keep ("a", "bc") and ("ab", "c") apart.
        message = b"".join([len(raw := part.encode()).to_bytes(4, "big") + raw for part in parts])
        # BLAKE2b takes a key itself, where HMAC is set up anew for each of the forty ids of a call.
        return hashlib.blake2b(message, digest_size=32, key=self._key).digest()

    def uuid(self, *parts: str) -> str:
        """A UUID of version 8 (RFC 9562) from the parts."""
        raw = bytearray(self._digest("uuid", *parts)[:16])
        raw[6] = (raw[6] & 0x0F) | 0x80
        raw[8] = (raw[8] & 0x3F) | 0x80
        text = raw.hex()
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"

    def decision(self, client: str, hook_instance: str, library: str, facts: str, day: str) -> str:
        """The id of one decision; ``facts`` is empty where the call failed before there were any."""
        return self.uuid("decision", client, hook_instance, library, facts, day)

    def plan(self, patient: str, pathway: str, lesion: str, major: str) -> str:
        """The identifier value of a CarePlan: asking again updates, never doubles (rulings 5.3)."""
        return self._digest("careplan", patient, pathway, lesion, major).hex()
