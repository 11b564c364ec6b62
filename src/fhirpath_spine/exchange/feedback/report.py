"""What feedback adds up to: how much of what was shown was answered, how much of that was accepted, and why not.

A rate is of those who answered: whoever ignores a card sends nothing (FB-09), so beside it stands how many were shown. It has an
interval (Wilson, 95 %), since a rate of three says little.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from fhirpath_spine.exchange import Json
from fhirpath_spine.exchange.feedback.issued import Issued

_Z = 1.959964
"""Quantile of the normal distribution for 95 %."""


@dataclass(frozen=True, slots=True)
class Row:
    """One item of feedback with what it is about; ``known`` is whether we issued such a card to that client."""

    client: str
    card: str
    suggestion: str
    outcome: str
    timestamp: str
    recommendation: str = ""
    pathway: str = ""
    version: str = ""
    reasons: tuple[str, ...] = ()
    known: bool = False

    def as_json(self) -> Json:
        """The row as ``feedback --raw`` prints it (rulings 7)."""
        return {
            "client": self.client,
            "card": self.card,
            "suggestion": self.suggestion or None,
            "outcome": self.outcome,
            "outcomeTimestamp": self.timestamp,
            "recommendation": self.recommendation or None,
            "pathway": self.pathway or None,
            "version": self.version or None,
            "reasons": list(self.reasons),
            "known": self.known,
        }


def latest(rows: Iterable[Row]) -> list[Row]:
    """Of each card and suggestion of a client, what was said last (rulings 5.6)."""
    found: dict[tuple[str, str, str], Row] = {}
    for row in sorted(rows, key=lambda r: instant(r.timestamp)):
        found[row.client, row.card, row.suggestion] = row
    return list(found.values())


def instant(timestamp: str) -> float:
    """When it was, in seconds since 1970; a day is its beginning in UTC."""
    found = datetime.fromisoformat(timestamp.upper())
    return (found if found.tzinfo else datetime.fromisoformat(f"{timestamp[:10]}T00:00:00Z")).timestamp()


def interval(accepted: int, answered: int) -> tuple[float, float] | None:
    """The 95 % interval of a rate; None where nobody answered."""
    if not answered:
        return None
    rate, z2 = accepted / answered, _Z * _Z
    middle = (rate + z2 / (2 * answered)) / (1 + z2 / answered)
    half = _Z / (1 + z2 / answered) * math.sqrt(rate * (1 - rate) / answered + z2 / (4 * answered * answered))
    return max(0.0, middle - half), min(1.0, middle + half)


GROUPS: Mapping[str, Callable[[Row], str]] = {
    "recommendation": lambda r: r.recommendation or f"card of {r.pathway or 'no pathway'}",
    "version": lambda r: f"{r.pathway or 'no pathway'} {r.version}".strip(),
    "client": lambda r: r.client,
    "week": lambda r: datetime.fromtimestamp(instant(r.timestamp), UTC).strftime("%G-W%V"),
}


def summary(rows: Sequence[Row], shown: Sequence[tuple[str, Issued]]) -> Json:
    """Counts and rates by each group, and the reasons ranked. ``shown`` are client and what was issued to it; feedback on
    unknown cards is counted apart and enters no rate.
    """
    last = latest(rows)
    known = [row for row in last if row.known]
    as_rows = [Row(c, i.card, i.suggestion, "", "", i.recommendation, i.pathway, i.version) for c, i in shown]
    reasons = Counter(reason for row in known for reason in row.reasons)
    return {
        "shown": len({(client, one.card) for client, one in shown}),
        "unknown": len(last) - len(known),
        "total": _counted(known),
        **{f"by-{name}": _grouped(known, of, [] if name == "week" else as_rows) for name, of in GROUPS.items()},
        "reasons": [{"reason": reason, "count": count} for reason, count in reasons.most_common()],
    }


def _grouped(rows: Sequence[Row], of: Callable[[Row], str], shown: Sequence[Row]) -> list[Json]:
    issued = Counter(of(row) for row in shown)
    names = sorted({*issued, *map(of, rows)})
    counted = ((name, _counted([row for row in rows if of(row) == name])) for name in names)
    return [{"name": name, **({"shown": issued[name]} if shown else {}), **count} for name, count in counted]


def _counted(rows: Sequence[Row]) -> Json:
    accepted, answered = sum(row.outcome == "accepted" for row in rows), len(rows)
    found = interval(accepted, answered)
    return {
        "answered": answered,
        "accepted": accepted,
        "overridden": answered - accepted,
        "acceptance": round(accepted / answered, 3) if answered else None,
        "interval": [round(bound, 3) for bound in found] if found else None,
    }
