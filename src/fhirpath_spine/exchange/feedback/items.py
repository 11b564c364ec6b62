"""The body of a feedback call, read tolerantly in its shape and strictly in its content (FB-02 to FB-08, FB-12, FB-13).

Free text is not even read: neither a comment nor a display leaves this module, and a code that looks like text is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fhirpath_spine.errors import BodyTooLarge, RequestError

ITEMS = 100
"""Items of one call at most; each may name as many suggestions."""
_ID = re.compile(r"[A-Za-z0-9._:\-]{1,64}")
_CODE = re.compile(r"[A-Za-z0-9._\-]{1,64}")
_SYSTEM = re.compile(r"(?:https?://|urn:)[A-Za-z0-9._~:/\-]{1,190}")
_TIME = re.compile(r"\d{4}-\d\d-\d\d(?:[Tt ]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d))?")
OTHER = "other"
"""Stands for a reason that is no code of a system."""
_HINT = "See https://cds-hooks.hl7.org/#feedback; no item was kept."


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that a user did with a card, or with one suggestion of it."""

    card: str
    suggestion: str
    """Empty where the card as a whole is meant."""
    outcome: str
    timestamp: str
    """As it was received."""
    reason: str = ""
    """``system|code``, ``other``, or empty."""


def parse_feedback(body: object) -> tuple[Item, ...]:
    """The items of a call; one without the list around it is taken as a list of one.

    Raises:
        RequestError: it is no feedback; the error names the element.
        BodyTooLarge: there are too many items.

    """
    listed = body.get("feedback", [body] if "card" in body else None) if isinstance(body, dict) else None
    if not isinstance(listed, list):
        raise RequestError("There is no list of feedback.", hint=_HINT, expression="feedback")
    if len(listed) > ITEMS:
        raise BodyTooLarge(f"There are more than {ITEMS} items.", hint="Send them in several calls; none was kept.")
    return tuple(dict.fromkeys(item for n, one in enumerate(listed) for item in _items(one, f"feedback[{n}]")))


def _items(one: Any, at: str) -> Iterator[Item]:
    if not isinstance(one, dict):
        raise RequestError("An item is no JSON object.", hint=_HINT, expression=at)
    card = _matching(_ID, one.get("card"), f"{at}.card")
    outcome = one.get("outcome")
    if outcome not in ("accepted", "overridden"):
        raise RequestError("The outcome is neither accepted nor overridden.", hint=_HINT, expression=f"{at}.outcome")
    timestamp = _timestamp(one.get("outcomeTimestamp"), f"{at}.outcomeTimestamp")
    if outcome == "overridden":
        yield Item(card, "", outcome, timestamp, _reason(one.get("overrideReason")))
        return
    for suggestion in _accepted(one.get("acceptedSuggestions"), f"{at}.acceptedSuggestions"):
        yield Item(card, suggestion, outcome, timestamp)


def _accepted(value: Any, at: str) -> list[str]:
    if value is None or value == []:
        return [""]  # HAPI names none
    if not isinstance(value, list) or len(value) > ITEMS:
        raise RequestError("The accepted suggestions are no list that can be read.", hint=_HINT, expression=at)
    return [_matching(_ID, v.get("id") if isinstance(v, dict) else None, f"{at}[{n}].id") for n, v in enumerate(value)]


def _matching(pattern: re.Pattern[str], value: Any, at: str) -> str:
    if isinstance(value, str) and pattern.fullmatch(value):
        return value
    raise RequestError("An id is missing, or is none of those that were given out.", hint=_HINT, expression=at)


def _timestamp(value: Any, at: str) -> str:
    if isinstance(value, str) and _TIME.fullmatch(value):
        try:
            datetime.fromisoformat(value.upper())
        except ValueError:
            pass
        else:
            return value
    raise RequestError("The time is no instant of RFC 3339.", hint=_HINT, expression=at)


def _reason(value: Any) -> str:
    """The reason in its shape of today, ``{reason: {code, system}}``, or in that of the drafts, ``{code, system}``."""
    if not isinstance(value, dict):
        return ""
    coding = value.get("reason", value)
    if not isinstance(coding, dict) or coding.get("code") is None:
        return OTHER if value else ""
    code, system = coding.get("code"), coding.get("system", "")
    if not (isinstance(code, str) and _CODE.fullmatch(code) and isinstance(system, str)):
        return OTHER
    return f"{system}|{code}" if _SYSTEM.fullmatch(system) else OTHER
