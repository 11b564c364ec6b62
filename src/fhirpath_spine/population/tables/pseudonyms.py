"""Patients under another name: a keyed HMAC of the id, so that two runs with one key can be joined and nobody is named."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field

from fhirpath_spine.population.rows.row import Row


@dataclass(frozen=True, slots=True)
class Pseudonyms:
    """Names patients by a key of at least 32 bytes; without one, ids stay as given."""

    key: bytes = field(default=b"", repr=False)

    @property
    def mark(self) -> str:
        """Tells runs under different keys apart, and says nothing about the key."""
        return hmac.digest(self.key, b"fhirpath-spine population", "sha256").hex()[:16] if self.key else ""

    def name(self, patient: str) -> str:
        """The name of a patient: 32 hexadecimal digits, or the id itself."""
        if not self.key:
            return patient
        return hmac.new(self.key, b"patient\0" + patient.encode(), hashlib.sha256).hexdigest()[:32]

    def of(self, row: Row) -> Row:
        """The row under that name."""
        return row._replace(patient=self.name(row.patient)) if self.key else row
