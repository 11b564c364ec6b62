"""What others wrote to judge CDS Hooks by, as Maven Central has it: fetched on first use, by checksum, and never committed.

The files and the logical models come from the artifact that the FHIRPath suite comes from; HAPI's classes are read by Java.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.local_hapi import missing as without_java
from tests.fhirpath import conformance

ROOT = Path(__file__).resolve().parents[2]
JAVA = Path(__file__).parent / "java"
CACHE = ROOT / ".cache" / "maven"
INSIDE = "org/hl7/fhir/testcases/"
MODELS, FILES = INSIDE + "r5/uml/input/CDSHook", INSIDE + "validator/"
HAPI = "hapi-fhir-server-cds-hooks-8.8.0.jar"
HAPI_SHA256 = "be20d7df78262a2f1735272e46aad303df1cea926e6425a33336415b3a803767"
IN_CI = os.environ.get("CI", "").lower() not in ("", "0", "false")


def missing() -> list[str]:
    """What has to be installed before anything can be fetched or judged; empty if nothing."""
    return [what for what in without_java() if not what.startswith("curl")]


@dataclass(frozen=True)
class Official:
    """One official file: what it is said to be, its text, and the places at which HL7's validator finds something wrong."""

    name: str
    model: str
    text: str
    places: tuple[str, ...]

    @property
    def is_good(self) -> bool:
        return not self.places


@functools.cache
def models() -> tuple[dict[str, Any], ...]:
    """The logical models, as StructureDefinitions."""
    with conformance.jar() as archive:
        names = [n for n in archive.namelist() if n.startswith(MODELS) and n.endswith(".json")]
        return tuple(json.loads(archive.read(name)) for name in names)


@functools.cache
def official() -> tuple[Official, ...]:
    """Every file of CDS Hooks: those of the manifest with their outcome, and those whose name says good or bad."""
    with conformance.jar() as archive:
        names = {name.removeprefix(FILES) for name in archive.namelist() if name.startswith(FILES)}
        found, listed = [], set()
        for row in json.loads(archive.read(FILES + "manifest.json"))["test-cases"]:
            if row.get("module") == "cdshooks":
                # The manifest names a file by its name alone where it stands in the folder of its kind.
                path = next(p for p in (row["file"], f"cdshooks/{row['file']}") if p in names)
                said = json.loads(archive.read(f"{FILES}outcomes/{row['logical']['java']}")).get("issue", ())
                places = tuple(place for issue in said for place in issue["expression"])
                text = archive.read(FILES + path).decode("utf-8")
                found.append(Official(row["name"], row["logical"]["format"], text, places))
                listed.add(path)
        for path in sorted(names - listed):
            if match := re.fullmatch(r"cdshooks-response-.*(good|bad)\.json", path):
                root = "CDSHooksResponse"
                text = archive.read(FILES + path).decode("utf-8")
                found.append(Official(path, root, text, (root,) if match[1] == "bad" else ()))
        return tuple(found)


@functools.cache
def _class_path() -> str:
    # A folder of its own for what Maven says; its own files stay in its own cache.
    said = CACHE / "cds-hooks-class-path.txt"
    command = ["mvn", "-q", "-B", "-f", str(JAVA / "pom.xml"), "dependency:build-classpath"]
    where = ["-Dmdep.outputFile=" + str(said), "-Dmdep.includeScope=runtime"]
    if not said.exists() or not all(Path(part).exists() for part in said.read_text(encoding="utf-8").split(":")):
        CACHE.mkdir(parents=True, exist_ok=True)
        subprocess.run([*command, *where], check=True)
    parts = said.read_text(encoding="utf-8").strip()
    judge = next(Path(part) for part in parts.split(":") if part.endswith(HAPI))
    if (found := hashlib.sha256(judge.read_bytes()).hexdigest()) != HAPI_SHA256:
        raise ValueError(f"{HAPI} has the checksum {found}, not {HAPI_SHA256}")
    return parts


def read_by_hapi(asked: Iterable[tuple[str, str, Any]]) -> Iterator[dict[str, Any]]:
    """What HAPI's class says of each body: (name, class, body), all in one process of Java."""
    lines = "".join(json.dumps({"name": n, "class": kind, "body": body}) + "\n" for n, kind, body in asked)
    command = [shutil.which("java") or "java", "-cp", _class_path(), str(JAVA / "Strict.java")]
    ran = subprocess.run(command, input=lines, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return map(json.loads, ran.stdout.splitlines())
