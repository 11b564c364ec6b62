"""The journal of calls: one JSON line each on the log, of a closed list of fields (threat T14)."""

from __future__ import annotations

import dataclasses
import logging

import orjson

from fhirpath_spine.service import CallRecord

logger = logging.getLogger("fhirpath_spine.calls")

_STORED = ("patient", "issued")
"""What of a record is for the store alone."""
_LOGGED = [field.name for field in dataclasses.fields(CallRecord) if field.name not in _STORED]


class LogJournal:
    """Writes each record as one line. What a record may hold is decided by its type, not here."""

    def keep(self, record: CallRecord) -> None:
        """Logs the record."""
        fields = {"event": "call", **{name: getattr(record, name) for name in _LOGGED}}
        logger.info("%s", orjson.dumps(fields).decode())
