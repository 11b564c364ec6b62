"""One lesion while it is built, and how a decision names it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fhirpath_spine.fhirpath import Incomplete
from fhirpath_spine.pathway.facts import reading
from fhirpath_spine.pathway.facts.filing import Found
from fhirpath_spine.pathway.facts.needs import Coding, known
from fhirpath_spine.pathway.lesions.table import LesionClass

if TYPE_CHECKING:
    from fhirpath_spine.pathway.lesions.table import Lesions


@dataclass(frozen=True, slots=True)
class LesionRef:
    """A lesion as a decision names it. ``key`` is ``<class>:<levels sorted>`` or ``<class>:unnamed``."""

    key: str
    title: str
    levels: tuple[str, ...]
    conditions: tuple[str, ...]
    rank: int = 0


@dataclass(slots=True, eq=False)
class Lesion:
    """One lesion: its class, where it sits, and what it was built from. ``item`` is what expressions see as ``%lesion``."""

    kind: LesionClass | None
    levels: set[str] = field(default_factory=set)
    sites: set[Coding] = field(default_factory=set)
    codes: set[Coding] = field(default_factory=set)
    conditions: list[Found] = field(default_factory=list)
    imaging: list[Found] = field(default_factory=list)
    regions: frozenset[str] = frozenset()
    rank: int = 0
    key: str = ""
    item: dict[str, Any] = field(default_factory=dict)

    @property
    def ref(self) -> LesionRef:
        """How a decision names it."""
        return LesionRef(
            self.key,
            self.item["title"],
            tuple(self.item["level"]),
            tuple(sorted(c.reference for c in self.conditions)),
            self.rank,
        )

    def absorb(self, other: Lesion) -> None:
        """Takes over all that another lesion was built from."""
        self.kind = self.kind or other.kind
        self.levels |= other.levels
        self.sites |= other.sites
        self.codes |= other.codes
        self.conditions += other.conditions
        self.imaging += other.imaging


def behave(config: Lesions, one: Lesion, histology: Sequence[Any]) -> None:
    """Sets the behaviour: from histology first, then from the Condition's codes (D4). Contradiction leaves it unknown.

    Histology that could not be read whole might say otherwise: then the behaviour is not merely absent but unread.
    """
    for source, codes in (
        ("histology", [c for value in histology for c in reading.codings(value)]),
        ("condition", list(one.codes)),
    ):
        sets = config.behaviour.get(source)
        if sets is None:
            continue
        if source == "condition" and isinstance(histology, Incomplete):
            one.item["behaviour"] = Incomplete()
            return
        benign, malignant = known(sets.benign, codes), known(sets.malignant, codes)
        if benign != malignant:
            one.item["behaviour"] = "benign" if benign else "malignant"
            return
        if benign:
            return


def doubt(config: Lesions, one: Lesion, *, conditions: bool, imaging: bool) -> None:
    """Marks what unread Conditions or imaging could change: what is shown stays shown, what is absent is unread.

    ``conditions`` and ``imaging`` say whether that search was incomplete.
    """
    item = one.item
    if conditions or imaging:
        item["level"] = Incomplete(item["level"])
        item.pop("since", None)  # an earlier day may be unread, and a date is compared with, not asked for
        if not one.imaging:
            item["imaged"] = Incomplete()
        for flag in config.flags:
            if item.get(flag.name) is not True:
                item[flag.name] = Incomplete()
    if not conditions:
        return
    item["conditions"], item["code"] = Incomplete(item["conditions"]), Incomplete(item["code"])
    item["behaviour"] = Incomplete()
    for member in ("confirmed", "current", "recurrent"):
        if item.get(member) is not True or not one.conditions:
            item[member] = Incomplete()
    if item["class"] == config.unknown:
        item["class"] = Incomplete()


def class_id(lesion: Lesion) -> str:
    """The class of a lesion; ``unknown`` where it has none."""
    return lesion.kind.id if lesion.kind else "unknown"
