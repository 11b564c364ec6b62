"""The files of an export: from its manifest, from a folder, or one file.

What is named and not there stops the run before it starts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import orjson

from fhirpath_spine.errors import RequestError
from fhirpath_spine.exchange.incoming.answers import next_link
from fhirpath_spine.exchange.incoming.parsing import parse
from fhirpath_spine.pathway.facts.chart import KEYS, WHERE_OFFERED

MANIFEST = "manifest.json"
ENDINGS = (".ndjson", ".ndjson.gz")
_ASKED = frozenset({*KEYS.values(), "Observation"} - {KEYS[key] for key in WHERE_OFFERED})
"""Types without which a chart is not whole."""
_PARTIAL = ("_since", "_typeFilter", "_elements", "_until")
"""Parameters of a kick-off request that leave out a part of a type."""
GZIP_RATIO = 12
"""How much larger NDJSON of FHIR is than its gzip, about: only to choose how many parts there are."""


class ExportUnusable(RequestError):
    """The export cannot be read as it is; nothing was judged from what may be only a part of it."""

    code = "export-unusable"


@dataclass(frozen=True, slots=True)
class Source:
    """One file of an export. ``count`` is how many resources the manifest says it has, if it says so."""

    path: Path
    size: int
    count: int | None = None

    @property
    def zipped(self) -> bool:
        """Whether it is compressed, so that it can only be read from its beginning."""
        return self.path.suffix.lower() == ".gz"

    @property
    def weight(self) -> int:
        """About how many bytes of NDJSON it holds."""
        return self.size * GZIP_RATIO if self.zipped else self.size


@dataclass(frozen=True, slots=True)
class Export:
    """All files, the base address of the server that wrote them, and how many error files its manifest lists."""

    sources: tuple[Source, ...]
    base: str = ""
    taken: str = ""
    """The manifest's ``transactionTime``."""
    errors: int = 0
    unasked: tuple[str, ...] = ()
    """The types that the request left out, of those that a chart is read for."""

    @property
    def told(self) -> list[bytes]:
        """What is to be said beside the lines of each patient: the types that nobody asked the server for."""
        issue = {"severity": "error", "code": "not-found", "diagnostics": " ".join(self.unasked)}
        return [orjson.dumps({"resourceType": "OperationOutcome", "issue": [issue]})] if self.unasked else []

    @property
    def promised(self) -> int:
        """How many resources there are at least, by what the manifest says of its files."""
        return sum(s.count or 0 for s in self.sources)

    @property
    def weight(self) -> int:
        """About how many bytes of NDJSON there are."""
        return sum(s.weight for s in self.sources)


def find_export(path: Path) -> Export:
    """The export at a manifest, a folder or a file. A folder with a ``manifest.json`` is what that says.

    Raises:
        ExportUnusable: nothing is there, or a file is missing that the manifest names.

    """
    if path.is_dir():
        if (path / MANIFEST).is_file():
            return _of_manifest(path / MANIFEST)
        found = sorted(p for p in path.rglob("*") if p.name.lower().endswith(ENDINGS) and p.is_file())
        if not found:
            raise ExportUnusable(
                "The folder holds no NDJSON.", hint="Name a folder with .ndjson or .ndjson.gz files, or a manifest."
            )
        return Export(tuple(Source(p, p.stat().st_size) for p in found))
    if not path.is_file():
        raise ExportUnusable("There is no such export.", hint="Name a manifest, a folder or a file of NDJSON.")
    if path.name.lower().endswith(ENDINGS):
        return Export((Source(path, path.stat().st_size),))
    return _of_manifest(path)


def _of_manifest(path: Path) -> Export:
    try:
        value = parse(path.read_bytes())
    except RequestError:
        value = None
    if not isinstance(value, dict) or not isinstance(value.get("output"), list):
        raise ExportUnusable(
            f"{path.name} is no manifest of a Bulk Data export.", hint="It is a JSON object with the list `output`."
        )
    sources = [_source(path.parent, one) for one in value["output"]]
    asked = parse_qs(urlsplit(str(value.get("request", ""))).query)
    _check_whole(value, sources, asked)
    missing = [s.path.name for s in sources if not s.path.is_file()]
    if missing:
        shown = ", ".join(missing[:5]) + (f" and {len(missing) - 5} more" if len(missing) > 5 else "")
        raise ExportUnusable(
            f"The manifest names {len(missing)} files that are not beside it: {shown}. Nothing was judged.",
            hint="Download them into the same folder; a part of an export would look like patients without data.",
        )
    errors = value.get("error")
    request = urlsplit(str(value.get("request", "")))
    return Export(
        tuple(Source(s.path, s.path.stat().st_size, s.count) for s in sources),
        base=_base(request.scheme, request.netloc, request.path),
        taken=str(value.get("transactionTime", "")),
        errors=len(errors) if isinstance(errors, list) else 0,
        unasked=_unasked(asked.get("_type", ())),
    )


def _check_whole(manifest: Mapping[str, Any], sources: Iterable[Source], asked: Mapping[str, object]) -> None:
    """Refuses what is only a part by its manifest, and what cannot lie side by side."""
    if partial := [name for name in _PARTIAL if name in asked]:
        raise ExportUnusable(
            f"The manifest is of a part of the data: its request has {partial[0]}. Nothing was judged.",
            hint="Export without it; what was left out would look like data that nobody recorded.",
        )
    if next_link(manifest):
        raise ExportUnusable(
            "The manifest has a next page, so it names only a part of the files. Nothing was judged.",
            hint="Put the outputs of all its pages into one manifest.",
        )
    twice = sorted(name for name, number in Counter(s.path.name for s in sources).items() if number > 1)
    if twice:
        raise ExportUnusable(
            f"The manifest names two files that are called {twice[0]}, and only one can lie beside it. Nothing was judged.",
            hint="Save each file under a name of its own, and write that into the manifest.",
        )


def _unasked(lists: Iterable[str]) -> tuple[str, ...]:
    """The types that a request for these types alone leaves out."""
    named = {name.strip() for one in lists for name in one.split(",") if name.strip()}
    return tuple(sorted(_ASKED - named)) if named else ()


def _source(folder: Path, one: object) -> Source:
    url = one.get("url") if isinstance(one, Mapping) else None
    if not isinstance(url, str) or not url:
        raise ExportUnusable("An output of the manifest has no url.", hint="Each output names its file.")
    # A url leads to where the server kept the file; here it lies beside the manifest under its last name.
    count: Any = one.get("count") if isinstance(one, Mapping) else None
    return Source(folder / Path(unquote(urlsplit(url).path)).name, 0, count if isinstance(count, int) else None)


def _base(scheme: str, host: str, path: str) -> str:
    """The server's base of a kick-off request: what stands before ``Patient/$export``, ``Group/x/$export`` or ``$export``."""
    if scheme not in ("http", "https") or "$export" not in path:
        return ""
    before = path.split("/$export", 1)[0]
    parts = before.split("/")
    if parts[-1] == "Patient":
        parts = parts[:-1]
    elif len(parts) > 1 and parts[-2] == "Group":
        parts = parts[:-2]
    return f"{scheme}://{host}{'/'.join(parts)}".rstrip("/")
