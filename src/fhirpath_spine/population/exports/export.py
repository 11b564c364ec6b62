"""The files of an export: from its manifest, from a folder, or one file.

What is named and not there stops the run before it starts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from fhirpath_spine.errors import RequestError
from fhirpath_spine.exchange.incoming.parsing import parse

MANIFEST = "manifest.json"
ENDINGS = (".ndjson", ".ndjson.gz")
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
        return self.path.suffix == ".gz"

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
        found = sorted(p for p in path.rglob("*") if p.name.endswith(ENDINGS) and p.is_file())
        if not found:
            raise ExportUnusable(
                "The folder holds no NDJSON.", hint="Name a folder with .ndjson or .ndjson.gz files, or a manifest."
            )
        return Export(tuple(Source(p, p.stat().st_size) for p in found))
    if not path.is_file():
        raise ExportUnusable("There is no such export.", hint="Name a manifest, a folder or a file of NDJSON.")
    if path.name.endswith(ENDINGS):
        return Export((Source(path, path.stat().st_size),))
    return _of_manifest(path)


def _of_manifest(path: Path) -> Export:
    value = parse(path.read_bytes())
    if not isinstance(value, dict) or not isinstance(value.get("output"), list):
        raise ExportUnusable(
            f"{path.name} is no manifest of a Bulk Data export.", hint="It is a JSON object with the list `output`."
        )
    sources = [_source(path.parent, one) for one in value["output"]]
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
    )


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
