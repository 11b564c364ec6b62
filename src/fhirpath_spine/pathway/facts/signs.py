"""By which codes an EHR says that not all is here, or that nothing is known. What they are stands in the profiles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Signs:
    """Codes in lower case, whatever the code system beside them.

    ``issues`` are those of an OperationOutcome, ``labels`` stand in ``meta``, ``absent`` are reasons why a value is absent,
    ``empty`` why a section is. ``no_information`` and ``sections`` name the resource types that are then unread.
    """

    issues: frozenset[str] = frozenset()
    labels: frozenset[str] = frozenset()
    absent: frozenset[str] = frozenset()
    empty: frozenset[str] = frozenset()
    no_information: Mapping[str, frozenset[str]] = field(default_factory=dict)
    none_known: frozenset[str] = frozenset()
    sections: Mapping[str, frozenset[str]] = field(default_factory=dict)


NO_SIGNS = Signs()
"""An EHR that says it only by errors."""
