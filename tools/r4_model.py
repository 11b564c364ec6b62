"""Writes ``src/fhirpath_spine/fhirpath/r4.json``: what the type checker has to know of FHIR R4, and no more.

Source: the StructureDefinitions of the Maven artifact below, fetched with Maven into ``.cache/``.
Form of an element: ``"name": "Type|Type"``, prefixed with ``+`` if it may repeat, ``!`` if it is required;
a choice element's name ends with ``[x]``. Backbone elements are types of their own, named by their path.

    python tools/r4_model.py          # writes the file anew
    python tools/r4_model.py --check  # exits 1 if the committed file differs
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import xml.etree.ElementTree as ET
import zipfile
from pathlib import Path
from typing import Any

ARTIFACT = "ca.uhn.hapi.fhir:hapi-fhir-validation-resources-r4:8.8.0"
ROOT = Path(__file__).resolve().parent.parent
JAR = ROOT / ".cache" / "maven" / "hapi-fhir-validation-resources-r4-8.8.0.jar"
TARGET = ROOT / "src" / "fhirpath_spine" / "fhirpath" / "r4.json"
FOLDER = "org/hl7/fhir/r4/model/profile/"
FILES = ("profiles-types.xml", "profiles-resources.xml")
F = "{http://hl7.org/fhir}"
Row = dict[str, Any]
SYSTEM = "http://hl7.org/fhirpath/System."


def value(node: ET.Element, name: str) -> str:
    found = node.find(F + name)
    return "" if found is None else found.get("value", "")


def element_types(element: ET.Element) -> str:
    reference = value(element, "contentReference")
    if reference:
        return reference.removeprefix("#")
    codes = []
    for kind in element.findall(F + "type"):
        code = value(kind, "code")
        if code.startswith(SYSTEM):
            # Ids and urls are typed by the System type in the definitions; FHIRPath sees the FHIR type.
            path = value(element, "path")
            code = {"Resource.id": "id", "Extension.url": "uri"}.get(path, "string")
            if path.endswith(".id") and path.count(".") == 1 and path[0].isupper() and is_resource_id(element):
                code = "id"
        if code not in codes:
            codes.append(code)
    return "|".join(codes)


def is_resource_id(element: ET.Element) -> bool:
    return value(element.find(F + "base") or ET.Element("none"), "path") == "Resource.id"


def definition_types(definition: ET.Element) -> dict[str, Row]:
    name, kind = value(definition, "type"), value(definition, "kind")
    base = value(definition, "baseDefinition").rsplit("/", 1)[-1]
    found: dict[str, Row] = {
        name: {"base": base, "kind": kind, "abstract": value(definition, "abstract") == "true", "elements": {}}
    }
    snapshot = definition.find(F + "snapshot")
    elements = [] if snapshot is None else snapshot.findall(F + "element")
    parents = {value(e, "path").rpartition(".")[0] for e in elements}
    for element in elements:
        path = value(element, "path")
        parent, _, last = path.rpartition(".")
        if not parent or (kind == "primitive-type" and last == "value"):
            continue
        text = element_types(element)
        if path in parents:
            found[path] = {"base": text, "kind": "backbone", "abstract": False, "elements": {}}
            text = path
        many = value(element, "max") not in ("0", "1")
        required = value(element, "min") not in ("", "0")
        found[parent]["elements"][last] = ("+" if many else "") + ("!" if required else "") + text
    return found


def inherited(types: dict[str, Row], name: str) -> dict[str, str]:
    """Elements that the base type already says; kept once, there."""
    entry = types.get(name)
    if entry is None:
        return {}
    return {**inherited(types, str(entry["base"])), **entry["elements"]}


def build() -> Row:
    digest = hashlib.sha256()
    types: dict[str, Row] = {}
    with zipfile.ZipFile(JAR) as jar:
        for file in FILES:
            data = jar.read(FOLDER + file)
            digest.update(data)
            for definition in ET.fromstring(data).iter(F + "StructureDefinition"):  # noqa: S314 - our own pinned artifact
                if value(definition, "derivation") != "constraint":
                    types.update(definition_types(definition))
                elif value(definition, "type") == "Quantity" and value(definition, "kind") == "complex-type":
                    types.update(profile_of_quantity(definition))
    own = {}
    for name, entry in types.items():
        above = inherited(types, str(entry["base"]))
        kept = {k: v for k, v in entry["elements"].items() if above.get(k) != v}
        own[name] = {**entry, "elements": kept}
    return {
        "source": {"artifact": ARTIFACT, "files": list(FILES), "sha256": digest.hexdigest(), "fhir": "4.0.1"},
        "types": dict(sorted(own.items())),
    }


def profile_of_quantity(definition: ET.Element) -> dict[str, Row]:
    """Age, Count, Distance, Duration: constraints on Quantity that FHIRPath treats as subtypes."""
    name = value(definition, "name")
    return {name: {"base": "Quantity", "kind": "complex-type", "abstract": False, "elements": {}}}


def text() -> str:
    model = build()
    lines = [f'"source": {json.dumps(model["source"])},', '"types": {']
    types = model["types"]
    rows = [f"{json.dumps(k)}: {json.dumps(v, separators=(',', ':'))}" for k, v in types.items()]
    return "{\n" + "\n".join(lines) + "\n" + ",\n".join(rows) + "\n}\n}\n"


def main() -> int:
    if not JAR.exists():
        command = ["mvn", "-q", "dependency:copy", f"-Dartifact={ARTIFACT}", f"-DoutputDirectory={JAR.parent}"]
        subprocess.run(command, check=True)
    wanted = text()
    if "--check" in sys.argv:
        return 0 if TARGET.read_text(encoding="utf-8") == wanted else 1
    TARGET.write_text(wanted, encoding="utf-8")
    sys.stdout.write(f"{TARGET.relative_to(ROOT)}: {len(wanted)} bytes\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
