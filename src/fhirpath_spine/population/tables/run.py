"""The record of a run, ``run.json``: what was judged, with what, when, and what came of the lines. It is written last."""

from __future__ import annotations

import os
import platform
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import orjson

from fhirpath_spine import __version__
from fhirpath_spine.errors import RequestError
from fhirpath_spine.exchange import Json
from fhirpath_spine.pathway.model import Library
from fhirpath_spine.population.rows.owners import Fate, Piece
from fhirpath_spine.population.tables.schema import SCHEMA

FILE = "run.json"
_WORDS = ("state-", "part-", "unread-")
"""Phrases that say what a report counts, by how their keys begin."""
_TOLD = 100
"""Places of unreadable lines that a record names."""


@dataclass(slots=True)
class Lines:
    """What became of the lines and the resources in Bundles, counted by type."""

    owned: Counter[str] = field(default_factory=Counter)
    aside: Counter[str] = field(default_factory=Counter)
    nobody: Counter[tuple[str, str]] = field(default_factory=Counter)
    """``(code, type)``: ``no-patient`` where it could be read, else ``line-unreadable``."""
    places: list[str] = field(default_factory=list)
    """Where lines of nobody stand, ``file:byte``, the first hundred."""

    def count(self, piece: Piece, place: str = "") -> None:
        """Counts one piece, and keeps its place where it is nobody's."""
        if piece.fate in (Fate.OWNED, Fate.COMPANION):
            self.owned[piece.kind] += 1
        elif piece.fate is Fate.ASIDE:
            self.aside[piece.kind] += 1
        else:
            self.nobody["no-patient" if piece.fate is Fate.STRAY else "line-unreadable", piece.kind] += 1
            if place and len(self.places) < _TOLD:
                self.places.append(place)

    @property
    def total(self) -> int:
        """How many there are."""
        return self.owned.total() + self.aside.total() + self.nobody.total()

    def add(self, other: Lines) -> None:
        """Takes over what was counted elsewhere."""
        self.owned += other.owned
        self.aside += other.aside
        self.nobody += other.nobody
        self.places = sorted([*self.places, *other.places])[:_TOLD]

    def pack(self) -> Json:
        """As JSON; :meth:`unpack` gives it back."""
        nobody = [[code, kind, number] for (code, kind), number in sorted(self.nobody.items())]
        return {
            "owned": dict(sorted(self.owned.items())),
            "aside": dict(sorted(self.aside.items())),
            "nobody": nobody,
            "places": self.places[:_TOLD],
        }

    @classmethod
    def unpack(cls, value: Mapping[str, Any]) -> Lines:
        """From JSON."""
        nobody = Counter({(code, kind): number for code, kind, number in value["nobody"]})
        return cls(Counter(value["owned"]), Counter(value["aside"]), nobody, list(value["places"]))


def record(
    *,
    library: Library,
    at: datetime,
    engine: str,
    base: str,
    taken: str,
    files: int,
    errors: int,
    pseudonyms: str,
    lines: Lines,
    rows: Mapping[str, int],
    outcomes: Mapping[str, int],
    attempts: Mapping[str, int],
    notes: tuple[str, ...] = (),
) -> Json:
    """The record. It holds the names that a report needs, so that a report needs no profiles."""
    labels = {need: library.labels.get(need, need) for need in library.needs}
    return {
        "schema": SCHEMA,
        "at": at.isoformat(),
        "library": library.digest,
        "engine": engine,
        "export": {"base": base, "transactionTime": taken, "files": files, "errors": errors},
        "pseudonyms": pseudonyms,
        "lines": lines.pack(),
        "rows": dict(rows),
        "patients": dict(sorted(outcomes.items())),
        "judged": dict(sorted(attempts.items())),
        "notes": list(notes),
        "versions": versions(),
        "pathways": {
            p.id: {"title": p.title, "version": p.version, "digest": p.digest, "states": [s.name for s in p.states]}
            for p in library.pathways
        },
        "gate": library.policy.gate.pathway if library.policy.gate else "",
        "recommendations": {u.recommendation.id: u.recommendation.title for p in library.pathways for u in p.uses},
        "needs": labels,
        "words": {key: str(said) for key, said in library.phrases.items() if key.startswith(_WORDS)},
        "limits": {limit.id: str(limit.value) for limit in library.limits.values()},
    }


def versions() -> dict[str, str]:
    """What judged and wrote, by name and version."""
    found = {"fhirpath-spine": __version__, "python": platform.python_version()}
    for name in ("pyarrow", "pyspark"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def write(value: Json, folder: Path) -> None:
    """Writes the record, whole or not at all."""
    draft = folder / (FILE + ".tmp")
    draft.write_bytes(orjson.dumps(value, option=orjson.OPT_INDENT_2))
    os.replace(draft, folder / FILE)


def read(folder: Path) -> Json:
    """The record of a finished run.

    Raises:
        RequestError: the folder holds none.

    """
    path = folder / FILE
    if not path.is_file():
        raise RequestError(
            f"{folder} holds no finished run: there is no {FILE}.", hint="Run `population judge` to its end first."
        )
    try:
        value = orjson.loads(path.read_bytes())
    except orjson.JSONDecodeError:
        value = None
    if not isinstance(value, dict) or value.get("schema") != SCHEMA:
        raise RequestError(f"{path} is of another schema than {SCHEMA}.", hint="Judge the export again.")
    return value
