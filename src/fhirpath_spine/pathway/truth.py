"""Three-valued truth, and why something is unknown (rulings 1.1, 1.2).

``True`` is MET, ``False`` is NOT_MET and ``None`` is UNKNOWN, as the FHIRPath specification has it for booleans.
"""

from __future__ import annotations

from enum import StrEnum

Truth = bool | None


class Reason(StrEnum):
    """Why a datum is unknown. The order is the precedence when several hold."""

    UNREAD = "unread"
    NOT_OFFERED = "not-offered"
    CONFLICT = "conflict"
    STALE = "stale"
    BOUNDED = "bounded"
    REJECTED = "rejected"
    UNVERIFIED = "unverified"
    NOT_CONFIGURED = "not-configured"
    LIMIT = "limit"
    NOT_RECORDED = "not-recorded"

    @property
    def ruled(self) -> str:
        """The word for it in the closed list of rulings 1.2, which machines read."""
        return _RULED.get(self, self).value


_RULED = {
    Reason.BOUNDED: Reason.REJECTED,
    Reason.UNVERIFIED: Reason.NOT_RECORDED,
    Reason.NOT_CONFIGURED: Reason.NOT_RECORDED,
    Reason.LIMIT: Reason.UNREAD,
}
