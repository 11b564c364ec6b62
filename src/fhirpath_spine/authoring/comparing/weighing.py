"""Which turns a clinician would see first: no card at all, then what cards show, the loudest before, then what they only name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhirpath_spine.authoring.comparing.turning import ABSENT
from fhirpath_spine.pathway.decision import Status
from fhirpath_spine.pathway.model import Indicator

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fhirpath_spine.authoring.comparing.turning import Turn

_SILENT = frozenset({ABSENT, Status.NOT_APPLICABLE.value})
"""What no card shows, and of which no explanation says anything."""
_ORDER = (Status.RECOMMENDED, Status.BLOCKED, Status.NEEDS_DATA, "shown", "state", Status.SATISFIED, Status.SUPPRESSED)
_LOUD = tuple(f"({one.value})" for one in (Indicator.CRITICAL, Indicator.WARNING))


def is_seen(turn: Turn) -> bool:
    """Whether a card or its explanation can show it."""
    return bool(turn.words) or not {turn.before, turn.after} <= _SILENT


def weight(turn: Turn) -> tuple[int, int, int]:
    """The less, the sooner a clinician would see it: a judgement that is refused, what is critical, what is recommended, blocked
    or asked for, other statuses; where only words turned, after what turned.
    """
    if not turn.id and not turn.pathway:
        return (-1, 0, 0)
    said = (turn.before, turn.after)
    loud = next((n for n, one in enumerate(_LOUD) if any(one in s for s in said)), len(_LOUD))
    words = [s.partition(" ")[0] for s in said] if turn.id else ["state"]
    rank = min((_ORDER.index(w) for w in words if w in _ORDER), default=len(_ORDER))
    critical_first = 0 if loud == 0 else 1
    return (critical_first + 2 * bool(turn.words), rank, loud)


def in_order(turns: Iterable[Turn]) -> list[Turn]:
    """Patient by patient, first whoever has the weightiest turn; of each the weightiest first."""
    found = list(turns)
    heaviest: dict[str, tuple[int, int, int]] = {}
    for turn in found:
        heaviest[turn.patient] = min(weight(turn), heaviest.get(turn.patient, weight(turn)))
    place = {patient: n for n, patient in enumerate(sorted(heaviest, key=heaviest.__getitem__))}
    return sorted(found, key=lambda t: (place[t.patient], weight(t)))
