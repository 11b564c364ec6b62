"""The table of lesion classes (rulings 3): which codes and sites found a lesion of which class."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from fhirpath_spine.fhirpath import ValueSet
from fhirpath_spine.pathway.facts.needs import Coding, known
from fhirpath_spine.pathway.sentences import Text


@dataclass(frozen=True, slots=True)
class LesionSource:
    """Conditions that found a lesion of one class: their codes, and the body site that they need besides."""

    codes: ValueSet
    site: ValueSet | None = None
    morphology: ValueSet | None = None
    """Histology that the Condition has to carry besides."""
    confirmed: bool = False
    drop_without_site: bool = False
    """Without the site it is no lesion of this class, and the next source is tried."""


@dataclass(frozen=True, slots=True)
class LesionClass:
    """One row of the class table (rulings 3). ``note`` is shown where no pathway serves the class."""

    id: str
    title: str
    sources: tuple[LesionSource, ...]
    note: Text | None = None
    called: str = ""
    """What a summary calls such a lesion; its ``names``, by the codes that say so, come first."""
    names: tuple[tuple[ValueSet, str], ...] = ()

    def name(self, codes: Iterable[Coding]) -> str:
        """What a summary calls a lesion of this class with these codes."""
        found = set(codes)
        return next((name for which, name in self.names if known(which, found)), self.called or self.title)


@dataclass(frozen=True, slots=True)
class Flag:
    """A three-valued member of a lesion: true by its levels, sites, codes or class; false if its site says otherwise."""

    name: str
    levels: frozenset[str] = frozenset()
    sites: ValueSet | None = None
    codes: ValueSet | None = None
    classes: frozenset[str] = frozenset()
    absent: bool | None = None
    """The answer where neither side is shown."""


@dataclass(frozen=True, slots=True)
class Behaviours:
    """Value sets that say benign or malignant, for Condition codes and for histology answers (D4)."""

    benign: ValueSet
    malignant: ValueSet


@dataclass(frozen=True, slots=True)
class Lesions:
    """How lesions are built: class table, imaging findings, levels in cranial order, flags and behaviour."""

    classes: tuple[LesionClass, ...]
    conditions: str
    """Name of the need that holds all tumour Conditions."""
    imaging: str
    """Name of the need that holds imaging findings of a lesion."""
    imaging_absent: frozenset[str]
    """Words of that need that say there is none: they clear what an older finding founded."""
    imaging_known: frozenset[str]
    """Words of that need that see a recorded tumour: they join its lesion, found none and clear none."""
    levels: Mapping[Coding, tuple[str, ...]]
    """Coding of a spinal level -> its short names, cranial to caudal; a disc lies at two."""
    regions: Mapping[str, ValueSet]
    flags: tuple[Flag, ...]
    histology: str
    behaviour: Mapping[str, Behaviours]
    order: tuple[str, ...] = ()
    """Short names of all levels, cranial to caudal."""
    unspecific: ValueSet | None = None
    """Body sites that may hold a part of the spine."""
    elsewhere: ValueSet | None = None
    """Body sites that are known not to be the spine."""
    unknown: str = "unknown"
