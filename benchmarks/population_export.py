"""Seeded Bulk Data exports of any size: ordinary patients, spinal patients made from the invented ones, and dirty lines.

``python -m benchmarks.population_export DIR --resources 1000000`` writes NDJSON files and a manifest. The same seed and size
give the same bytes. The resources of one patient are scattered over files; one patient in eight is spinal. ``--dirty`` adds, on
one patient in a thousand each: a truncated line, a resource of nobody, a resource of two patients, a Patient who is missing,
two Patients under one id, the same line twice, a line that is a Bundle, and a line in another encoding.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import IO, Any

import orjson

from benchmarks.workload import gen
from fhirpath_spine.exchange.ehr_side import shift_dates
from fhirpath_spine.exchange.incoming import contents

ROOT = Path(__file__).parents[1]
CHARTS = sorted((ROOT / "sandbox" / "patients").glob("*.json"))
SPINAL = 8
"""One patient in so many is spinal."""
DIRT = 1000
"""Each kind of dirt falls on one patient in so many."""
PER_PATIENT = 200
WRITTEN_FOR, AT = date(2026, 6, 15), date(2026, 11, 1)
"""The day that the invented charts are written for, and the day that an export is to be judged at, from which the ordinary
resources count their dates.
"""
FILES = 3
"""Files of each type, but for the Patients."""
_POOL = 4000
"""Ordinary resources that are made by the fixed workload; charts are drawn from them, each under its own id."""


class _Export:
    """The open files of an export, by type; lines of a type are dealt to its files in turn."""

    def __init__(self, folder: Path, zipped: bool) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self._zipped = folder, zipped
        self._files: dict[str, list[IO[bytes]]] = {}
        self._counts: dict[str, int] = {}
        self.names: list[tuple[str, str]] = []

    def write(self, kind: str, line: bytes) -> None:
        files = self._files.get(kind)
        if files is None:
            files = self._files[kind] = [self._open(kind, n) for n in range(1 if kind == "Patient" else FILES)]
        count = self._counts[kind] = self._counts.get(kind, 0) + 1
        files[count % len(files)].write(line + b"\n")

    def _open(self, kind: str, number: int) -> IO[bytes]:
        name = f"{kind}.{number}.ndjson" + (".gz" if self._zipped else "")
        self.names.append((kind, name))
        path = self.folder / name
        return gzip.GzipFile(path, "wb", mtime=0) if self._zipped else path.open("wb", buffering=1 << 20)  # type: ignore[return-value]

    def close(self) -> None:
        for files in self._files.values():
            for file in files:
                file.close()
        manifest = {
            "transactionTime": "2026-06-15T00:00:00Z",
            "request": "https://ehr.example/fhir/Patient/$export",
            "requiresAccessToken": False,
            "output": [{"type": kind, "url": f"https://ehr.example/files/{name}"} for kind, name in sorted(self.names)],
            "error": [],
        }
        (self.folder / "manifest.json").write_text(json.dumps(manifest, indent=2), encoding="utf-8")


def write(
    folder: Path,
    resources: int,
    *,
    seed: int = 7,
    per_patient: int = PER_PATIENT,
    dirty: bool = False,
    zipped: bool = False,
) -> int:
    """Writes an export of about so many resources, and says how many patients it has."""
    chance, export = random.Random(seed), _Export(folder, zipped)  # noqa: S311 - invented data, not a secret
    ordinary, spinal = _ordinary(seed), [_spinal(path) for path in CHARTS]
    patients, written = 0, 0
    while written < resources:
        id_ = f"p{chance.randrange(16**8):08x}{patients:06d}"
        lines = list(_chart(id_, patients, chance, ordinary, spinal, min(per_patient, max(1, resources - written))))
        written += len(lines)
        for kind, line in _dirtied(lines, id_, patients, chance) if dirty else lines:
            export.write(kind, line)
        patients += 1
    export.close()
    return patients


def _chart(
    id_: str,
    number: int,
    chance: random.Random,
    ordinary: list[tuple[str, bytes]],
    spinal: list[list[tuple[str, bytes]]],
    size: int,
) -> Iterator[tuple[str, bytes]]:
    """One patient: the Patient, a spinal chart for some, and ordinary resources for the rest."""
    who = id_.encode()
    body: list[tuple[str, bytes]] = []
    if number % SPINAL == 0:
        body = spinal[chance.randrange(len(spinal))]
        yield from ((kind, line.replace(b"@@", who)) for kind, line in body)
    else:
        born = date(1930, 1, 1) + timedelta(days=chance.randrange(30_000))
        sex = b"male" if chance.random() < 0.5 else b"female"
        yield (
            "Patient",
            b'{"resourceType":"Patient","id":"%b","gender":"%b","birthDate":"%b"}' % (who, sex, str(born).encode()),
        )
        body = [("Patient", b"")]
    for n in range(size - len(body)):
        kind, line = ordinary[chance.randrange(len(ordinary))]
        yield kind, line.replace(b"@@", who).replace(b"##", b"%b-%d" % (who, n))


def _ordinary(seed: int) -> list[tuple[str, bytes]]:
    """Resources of the fixed workload, with places for the id and the patient."""
    return [(r["resourceType"], orjson.dumps({**r, "id": "##"})) for r in gen.resources(_POOL, seed=seed, p="@@")]


def _spinal(path: Path) -> list[tuple[str, bytes]]:
    """One of the invented charts, with places for the patient; references by urn are resolved."""
    resources, _ = contents(shift_dates(json.loads(path.read_bytes()), (AT - WRITTEN_FOR).days))
    patient = next(str(r["id"]) for r in resources if r["resourceType"] == "Patient")
    out = []
    for resource in resources:
        kind = str(resource["resourceType"])
        if kind != "OperationOutcome":
            text = json.dumps({**resource, "id": "@@" if kind == "Patient" else f"@@-{resource.get('id', kind)}"})
            out.append((kind, text.replace(f"Patient/{patient}", "Patient/@@").encode()))
    return sorted(out, key=lambda pair: pair[0] != "Patient")


def _dirtied(
    lines: list[tuple[str, bytes]], id_: str, number: int, chance: random.Random
) -> Iterator[tuple[str, bytes]]:
    dirt, who = number % DIRT, id_.encode()
    spot = chance.randrange(1, len(lines)) if len(lines) > 1 else 0
    for place, (kind, line) in enumerate(lines):
        if place == spot and dirt == 1:
            yield kind, line[: len(line) - 20]
        elif place == spot and dirt == 2:
            yield kind, line.replace(b"Patient/" + who, b"urn:uuid:" + who)
        elif place == spot and dirt == 3:
            yield kind, line[:-1] + b',"patient":{"reference":"Patient/another"}}'
        elif place == 0 and dirt == 4:
            continue
        elif place == 0 and dirt == 5:
            yield kind, line
            yield kind, line.replace(b'"birthDate":"19', b'"birthDate":"18')
        elif place == spot and dirt == 6:
            yield kind, line
            yield kind, line
        elif place == spot and dirt == 7:
            yield kind, b'{"resourceType":"Bundle","type":"collection","entry":[{"resource":%b}]}' % line
        elif place == spot and dirt == 8:
            yield kind, line.decode().encode("utf-16")[2:].replace(b"\n", b" ")
        else:
            yield kind, line


def main(arguments: list[str] | None = None) -> Any:
    """Writes an export as asked."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.population_export", description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--resources", type=int, default=10_000)
    parser.add_argument("--per-patient", type=int, default=PER_PATIENT)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--dirty", action="store_true")
    parser.add_argument("--gz", action="store_true")
    asked = parser.parse_args(arguments)
    patients = write(
        asked.folder,
        asked.resources,
        seed=asked.seed,
        per_patient=asked.per_patient,
        dirty=asked.dirty,
        zipped=asked.gz,
    )
    print(f"{asked.folder}: {patients:,} patients, to be judged --at {AT}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
