"""``python -m benchmarks.impact``: whom an edit changes, asked over 500 generated patients, beside two plain runs over the same.

Two plain runs are what an author could do without the verb: read each chart and judge it with the old profiles, then with the
new, on one core in this process. The verb is run as an author types it, so it starts Python, loads both sets and uses each core.
Both are told by the clock on the wall, in turns.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from datetime import UTC, datetime
from datetime import time as clock
from pathlib import Path
from shutil import copytree
from statistics import median

import orjson

from benchmarks import population_export
from fhirpath_spine import authoring
from fhirpath_spine.exchange.incoming import parse, read_bundle
from fhirpath_spine.pathway.judging import decide
from fhirpath_spine.pathway.model import Library, Site

PATIENTS = 500
SIZES = {"charts as sent for a hook (40 resources)": 40, "whole charts (200 resources)": 200}
EDITS = {
    "a limit of one module": ("data.yaml", "  opioid_pain: {value: 7,", "  opioid_pain: {value: 9,"),
    "a limit that all read": ("data.yaml", "adult_age: {value: 18,", "adult_age: {value: 19,"),
}
"""What is edited: the file, what stands there and what it becomes."""
ROUNDS = 3
AT = datetime.combine(population_export.AT, clock(), UTC)


def main(patients: int = PATIENTS, rounds: int = ROUNDS) -> None:
    """Measures and prints; the edits are of the profiles that ship."""
    shipped = authoring.profiles_directory()
    print(f"(g) Whom an edit changes, over {patients} generated patients, one in {population_export.SPINAL} spinal.")
    print("    x is the ratio of the verb to two plain runs on one core.\n")
    print(f"    {'':<66}{'verb, s':>10}{'two runs, s':>14}{'x':>8}{'turns':>8}")
    with tempfile.TemporaryDirectory() as folder:
        sets = {named: edited(shipped, Path(folder) / str(n), *edit) for n, (named, edit) in enumerate(EDITS.items())}
        old = authoring.load(shipped)
        for charts, size in SIZES.items():
            bodies = generated(Path(folder) / f"export-{size}", patients, size)
            asked = Path(folder) / f"{size}.ndjson"
            asked.write_bytes(b"\n".join(bodies))
            for named, new in sets.items():
                verb, plain, turned = [], [], 0
                library = authoring.load(new)
                for _ in range(rounds):
                    seconds, turned = impact(shipped, new, asked)
                    verb.append(seconds)
                    plain.append(sum(run(side, bodies) for side in (old, library)))
                row = f"{median(verb):>10.1f}{median(plain):>14.1f}{median(verb) / median(plain):>8.2f}{turned:>8}"
                print(f"    {charts + ', ' + named:<66}{row}")
    print()


def edited(shipped: Path, folder: Path, file: str, old: str, new: str) -> Path:
    """A copy of the set with one edit.

    Raises:
        ValueError: what is to be edited does not stand there once.

    """
    copytree(shipped, folder)
    text = (folder / file).read_text(encoding="utf-8")
    if text.count(old) != 1:
        raise ValueError(f"{old!r} does not stand once in {file}")
    (folder / file).write_text(text.replace(old, new), encoding="utf-8")
    return folder


def generated(folder: Path, patients: int, size: int) -> list[bytes]:
    """As many patients as Bundles, of about so many resources each, from a seeded export."""
    population_export.write(folder, patients * size, per_patient=size)
    charts: dict[str, list[dict[str, object]]] = defaultdict(list)
    for path in sorted(folder.glob("*.ndjson")):
        for line in path.read_bytes().splitlines():
            resource = orjson.loads(line)
            whose = resource["id"] if resource["resourceType"] == "Patient" else resource["subject"]["reference"]
            charts[str(whose).removeprefix("Patient/")].append(resource)
    return [
        orjson.dumps({"resourceType": "Bundle", "type": "collection", "entry": [{"resource": r} for r in chart]})
        for _, chart in sorted(charts.items())
    ][:patients]


def impact(old: Path, new: Path, patients: Path) -> tuple[float, int]:
    """Seconds of the verb, and how many verdicts and states turned.

    Raises:
        RuntimeError: the verb ended as it should not.

    """
    words = ["impact", old, new, patients, "--at", population_export.AT.isoformat(), "--format", "json"]
    started = time.perf_counter()
    ended = subprocess.run([Path(sys.executable).with_name("fhirpath-spine"), *words], capture_output=True, check=False)
    seconds = time.perf_counter() - started
    # The version of an edited pathway is not raised here, which the verb says by 1.
    if ended.returncode not in (0, 1):
        raise RuntimeError(ended.stderr.decode())
    return seconds, len(orjson.loads(ended.stdout)["turns"])


def run(library: Library, bodies: list[bytes]) -> float:
    """Seconds of reading and judging all, on one core."""
    started = time.perf_counter()
    for body in bodies:
        decide(library, read_bundle(parse(body), not_read=()), AT, Site())
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
