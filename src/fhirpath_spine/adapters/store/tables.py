"""The tables. A patient is a keyed hash in them, a token a digest, and no column holds text that somebody typed.

Instants are seconds since 1970, so that both databases compare them alike. A table changes by a migration only.
"""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, Integer, MetaData, String, Table, Text, UniqueConstraint

METADATA = MetaData()

CALL = Table(
    "call",
    METADATA,
    Column("key", String(36), primary_key=True),
    Column("at", Float, nullable=False, index=True),
    Column("decision", String(36), nullable=False, index=True),
    Column("client", String(64), nullable=False),
    Column("service", String(128), nullable=False),
    Column("patient", String(36), nullable=False),
    Column("outcome", String(64), nullable=False),
    Column("milliseconds", Float, nullable=False),
    Column("cards", Integer, nullable=False),
    Column("ignored", Integer, nullable=False),
    Column("pathways", Text, nullable=False),
    Column("unread", Text, nullable=False),
)
"""One row for each call. ``patient`` is a hash with the key of SPINE_HMAC_KEY_FILE."""

ISSUED = Table(
    "issued",
    METADATA,
    Column("client", String(64), primary_key=True),
    Column("card", String(36), primary_key=True),
    Column("suggestion", String(36), primary_key=True),
    Column("recommendation", String(64), nullable=False),
    Column("pathway", String(64), nullable=False),
    Column("version", String(32), nullable=False),
    Column("indicator", String(16), nullable=False),
    Column("decision", String(36), nullable=False),
    Column("at", Float, nullable=False, index=True),
)
"""One row for each card (``suggestion`` is empty), and one for each suggestion on it."""

FEEDBACK = Table(
    "feedback",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("client", String(64), nullable=False),
    Column("card", String(64), nullable=False),
    Column("suggestion", String(64), nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("timestamp", String(40), nullable=False),
    Column("reason", String(300), nullable=False),
    Column("received", Float, nullable=False, index=True),
    Column("odd", Boolean, nullable=False),
    UniqueConstraint("client", "card", "suggestion", "outcome", "timestamp", name="feedback_once"),
)
"""Append only. ``odd``: its time was more than a day from when it came."""

JTI = Table(
    "jti",
    METADATA,
    Column("digest", String(64), primary_key=True),
    Column("until", Float, nullable=False, index=True),
)
"""Tokens that were used, until they would no longer be taken."""
