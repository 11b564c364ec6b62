"""One lesion: what is known of it, what an expression sees of it, and how a decision names it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
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
    called: str = ""
    """Its short name with its levels: ``Schwannoma T8``."""


@dataclass(slots=True, eq=False)
class Growing:
    """A lesion while Conditions and imaging findings still join it; nothing outside :mod:`building` sees one."""

    kind: LesionClass | None
    levels: set[str] = field(default_factory=set)
    sites: set[Coding] = field(default_factory=set)
    codes: set[Coding] = field(default_factory=set)
    conditions: list[Found] = field(default_factory=list)
    imaging: list[Found] = field(default_factory=list)

    @property
    def class_id(self) -> str:
        """The class; ``unknown`` where there is none."""
        return self.kind.id if self.kind else "unknown"

    def absorb(self, other: Growing) -> None:
        """Takes over all that another lesion was built from."""
        self.kind = self.kind or other.kind
        self.levels |= other.levels
        self.sites |= other.sites
        self.codes |= other.codes
        self.conditions += other.conditions
        self.imaging += other.imaging


@dataclass(frozen=True, slots=True)
class Description:
    """What an expression may read of a lesion. A member that is None is not recorded; an Incomplete one was not read whole.

    ``kind`` is the id of its class, ``level`` its levels in cranial order, ``flags`` the members that the lesion table names.
    ``pathways`` and ``state`` are empty until the judgement knows them.
    """

    kind: str | Incomplete
    title: str
    code: Sequence[Any]
    level: Sequence[str]
    conditions: Sequence[Any]
    current: bool | Incomplete
    recurrent: bool | Incomplete
    imaged: bool | Incomplete
    flags: Mapping[str, bool | Incomplete]
    note: str | None = None
    since: str | None = None
    confirmed: bool | Incomplete | None = None
    behaviour: str | Incomplete | None = None
    called: str = ""
    pathways: Sequence[str] = ()
    state: str | None = None

    def item(self, key: str) -> dict[str, Any]:
        """The description as the JSON object that ``%lesion`` holds."""
        members: dict[str, Any] = {
            "key": key,
            "class": self.kind,
            "title": self.title,
            "called": self.called,
            "code": self.code,
            "level": self.level,
            "conditions": self.conditions,
            "current": self.current,
            "recurrent": self.recurrent,
            "imaged": self.imaged,
            "pathways": self.pathways,
            **self.flags,
        }
        for name in ("note", "since", "confirmed", "behaviour", "state"):
            if (value := getattr(self, name)) is not None:
                members[name] = value
        return members


@dataclass(frozen=True, eq=False)
class Lesion:
    """One lesion: its class, where it sits, and what it was built from.

    ``key`` is ``<class>:<levels sorted>`` or ``<class>:unnamed``; ``rank`` orders lesions from cranial to caudal.
    """

    key: str
    kind: LesionClass | None
    rank: int
    levels: frozenset[str]
    regions: frozenset[str]
    codes: frozenset[Coding]
    conditions: tuple[Found, ...]
    imaging: tuple[Found, ...]
    about: Description

    @cached_property
    def item(self) -> dict[str, Any]:
        """What expressions see as ``%lesion``; whoever is given it changes nothing in it."""
        return self.about.item(self.key)

    @cached_property
    def ref(self) -> LesionRef:
        """How a decision names it."""
        return LesionRef(
            self.key,
            self.about.title,
            tuple(self.about.level),
            tuple(sorted(c.reference for c in self.conditions)),
            self.rank,
            self.about.called,
        )

    def told(self, **members: Any) -> Lesion:
        """The same lesion with members of its description replaced."""
        return replace(self, about=replace(self.about, **members))


def behaviour(config: Lesions, lesion: Lesion, histology: Sequence[Any]) -> str | Incomplete | None:
    """The behaviour: from histology first, then from the Condition's codes (D4). Contradiction leaves it unknown.

    Histology that could not be read whole might say otherwise: then the behaviour is not merely absent but unread.
    """
    carried = [value for found in lesion.conditions for value in reading.morphology(found.resource)]
    for source, codes in (
        ("histology", [c for value in (*histology, *carried) for c in reading.codings(value)]),
        ("condition", list(lesion.codes)),
    ):
        sets = config.behaviour.get(source)
        if sets is None:
            continue
        if source == "condition" and isinstance(histology, Incomplete):
            return Incomplete()
        benign, malignant = known(sets.benign, codes), known(sets.malignant, codes)
        if benign != malignant:
            return "benign" if benign else "malignant"
        if benign:
            return None
    return None


def as_partly_read(config: Lesions, lesion: Lesion, *, conditions: bool, imaging: bool) -> Lesion:
    """The lesion where a search was not read whole: what is shown stays shown, what is absent is unread.

    ``conditions`` and ``imaging`` say whether that search was incomplete.
    """
    if conditions or imaging:
        about = lesion.about
        lesion = lesion.told(
            level=Incomplete(about.level),
            since=None,  # an earlier day may be unread, and a date is compared with, not asked for
            imaged=about.imaged if lesion.imaging else Incomplete(),
            flags={f.name: True if about.flags.get(f.name) is True else Incomplete() for f in config.flags},
        )
    if not conditions:
        return lesion
    about = lesion.about
    sure = {
        name: True if getattr(about, name) is True and lesion.conditions else Incomplete()
        for name in ("confirmed", "current", "recurrent")
    }
    return lesion.told(
        conditions=Incomplete(about.conditions),
        code=Incomplete(about.code),
        behaviour=Incomplete(),
        kind=Incomplete() if about.kind == config.unknown else about.kind,
        **sure,
    )
