"""The official HL7 FHIRPath suite for R4 against this engine. Needs Maven, so it is run by hand and not by pytest.

    python tests/fhirpath/conformance.py            # passed/total by group; exits 1 on an unexpected outcome
    python tests/fhirpath/conformance.py --failing  # also shows each failing test

A test counts as passed if it gives the stated output, or, where the suite calls the expression invalid, if it is
refused before or while it runs. The gaps that ``docs/fhirpath.md`` lists may fail; nothing else may, and a listed gap
that passes has to leave the list.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
import zipfile
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from fhirpath_spine import fhirpath
from fhirpath_spine.errors import SpineError
from fhirpath_spine.fhirpath import Quantity, Scope, Shape
from fhirpath_spine.fhirpath.values import TYPES, Element, is_primitive

ARTIFACT = "org.hl7.fhir.testcases:fhir-test-cases:1.7.69"
SHA256 = "827a559099ae3297c3f96ab5749b419a24600d74b6a09e23620881a9c17df741"
ROOT = Path(__file__).resolve().parents[2]
JAR = ROOT / ".cache" / "maven" / "fhir-test-cases-1.7.69.jar"
FOLDER = "org/hl7/fhir/testcases/r4/"
DOCUMENT = ROOT / "docs" / "fhirpath.md"
F = "{http://hl7.org/fhir}"
XHTML = "{http://www.w3.org/1999/xhtml}"
AT = datetime(2026, 11, 1, 12, 30, 15, 250000, tzinfo=UTC)


def jar() -> zipfile.ZipFile:
    """The suite, fetched on first use.

    Raises:
        ValueError: the file is not what it was.

    """
    if not JAR.exists():
        command = ["mvn", "-q", "dependency:copy", f"-Dartifact={ARTIFACT}", f"-DoutputDirectory={JAR.parent}"]
        subprocess.run(command, check=True)
    if (found := hashlib.sha256(JAR.read_bytes()).hexdigest()) != SHA256:
        raise ValueError(f"{JAR.name} has the checksum {found}, not {SHA256}")
    return zipfile.ZipFile(JAR)


def read_xml(archive: zipfile.ZipFile, name: str) -> ET.Element:
    """One XML file of the suite."""
    return ET.fromstring(archive.read(FOLDER + name))  # noqa: S314 - a pinned artifact, no stranger's text


def primitive(kind: str, text: str) -> Any:
    """An XML attribute as JSON has it."""
    if kind == "boolean":
        return text == "true"
    if kind in ("integer", "positiveInt", "unsignedInt"):
        return int(text)
    return Decimal(text) if kind == "decimal" else text


def from_xml(node: ET.Element, type_name: str) -> Any:
    """A complex XML element as JSON has it."""
    found: dict[str, Any] = {}
    if node.get("id"):
        found["id"] = node.get("id")
    if node.get("url"):
        found["url"] = node.get("url")
    keys = {key: (element, kind) for element in TYPES[type_name].elements.values() for key, kind in element.keys}
    for child in node:
        key = child.tag.rpartition("}")[2]
        if child.tag.startswith(XHTML):
            found["div"] = ET.tostring(child, encoding="unicode")
            continue
        element, kind = keys[key]
        if kind == "Resource":
            value: Any = resource(child[0])
            extra = None
        elif is_primitive(kind):
            value = primitive(kind, child.get("value", "")) if child.get("value") is not None else None
            extra = from_xml(child, kind) if len(child) or child.get("id") else None
        else:
            value, extra = from_xml(child, kind), None
        put(found, element, key, value, extra)
    return found


def put(found: dict[str, Any], element: Element, key: str, value: Any, extra: Any) -> None:
    """Add one child; repeating primitives keep their extensions at the same place beside them."""
    if not element.many:
        if value is not None:
            found[key] = value
        if extra:
            found["_" + key] = extra
        return
    values = found.setdefault(key, [])
    values.append(value)
    if extra or "_" + key in found:
        extras = found.setdefault("_" + key, [])
        extras += [None] * (len(values) - 1 - len(extras)) + [extra or None]


def resource(node: ET.Element) -> dict[str, Any]:
    """An XML resource as JSON has it."""
    name = node.tag.rpartition("}")[2]
    return {"resourceType": name, **from_xml(node, name)}


@dataclass(frozen=True)
class Case:
    """One test of the suite."""

    group: str
    name: str
    expression: str
    invalid: str
    predicate: bool
    ordered: bool
    input: str
    outputs: tuple[tuple[str | None, str], ...]


def cases(suite: ET.Element) -> list[Case]:
    """All tests, in order."""
    found = []
    for group in suite.iter("group"):
        for test in group.iter("test"):
            expression = test.find("expression")
            if expression is None:
                continue
            outputs = tuple((o.get("type"), o.text or "") for o in test.findall("output"))
            found.append(
                Case(
                    group.get("name", ""),
                    test.get("name", ""),
                    expression.text or "",
                    expression.get("invalid", ""),
                    test.get("predicate") == "true",
                    test.get("ordered") != "false",
                    test.get("inputfile", ""),
                    outputs,
                )
            )
    return found


def shown(value: Any) -> str:
    """A result as the suite writes it, without the sign of dates."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, float):
        return repr(value)
    return str(value)


def agrees(wanted: tuple[str | None, str], got: tuple[str, Any]) -> bool:
    """Whether one result is the stated one: its type, if stated, and its value."""
    kind, text = wanted
    name, value = got
    if kind is not None and kind.lower() != name.rpartition(".")[2].lower():
        return False
    if isinstance(value, (Decimal, int)) and not isinstance(value, bool):
        return Decimal(text) == Decimal(value)
    if isinstance(value, Quantity):
        return text == str(value)
    return text.removeprefix("@").removeprefix("T") == shown(value)


def outcome(case: Case, inputs: dict[str, Any]) -> str:
    """An empty string if the test passes, else what went wrong."""
    focus = [inputs[case.input]] if case.input else []
    shape = Shape(focus[0]["resourceType"], many=False, known=True) if focus else None
    try:
        expression = fhirpath.compile(case.expression, focus=shape, profile=False)
        got = expression.items(focus, Scope({}, AT))
    except SpineError as error:
        return "" if case.invalid else f"refused: {error}"
    if case.invalid:
        return f"accepted, gave {[v for _, v in got]}"
    if case.predicate:
        got = [("System.Boolean", bool(got))]
    wanted = case.outputs
    if len(wanted) == len(got):
        if case.ordered and all(agrees(w, g) for w, g in zip(wanted, got, strict=True)):
            return ""
        if not case.ordered and all(any(agrees(w, g) for g in got) for w in wanted):
            return ""
    return f"wanted {[t for _, t in wanted]}, gave {[(n, shown(v)) for n, v in got]}"


def listed() -> set[str]:
    """Names of the tests that the documentation says may fail."""
    text = DOCUMENT.read_text(encoding="utf-8") if DOCUMENT.exists() else ""
    _, _, section = text.partition("## Gaps")
    return set(re.findall(r"^\| `([^`]+)` \|", section, flags=re.MULTILINE))


def main() -> int:
    """Run the suite and print the score."""
    with jar() as archive:
        suite = read_xml(archive, "fhirpath/tests-fhir-r4.xml")
        found = cases(suite)
        inputs: dict[str, Any] = {}
        for name in {case.input for case in found if case.input}:
            if name.endswith(".json"):
                inputs[name] = json.loads(archive.read(FOLDER + name), parse_float=Decimal)
            else:
                inputs[name] = resource(read_xml(archive, name))
    passed, total = Counter[str](), Counter[str]()
    failing: dict[str, str] = {}
    for case in found:
        problem = outcome(case, inputs)
        total[case.group] += 1
        passed[case.group] += not problem
        if problem:
            failing[case.name] = problem
            if "--failing" in sys.argv:
                print(f"  {case.group}/{case.name}: {case.expression!r}\n    {problem}")
    for group in total:
        print(f"{passed[group]:4}/{total[group]:<4} {group}")
    refused = sum(1 for c in found if c.invalid and c.name not in failing)
    invalid = sum(1 for c in found if c.invalid)
    print(f"passed {passed.total()} of {total.total()}; invalid refused: {refused} of {invalid}")
    gaps = listed()
    surprises = sorted(set(failing) ^ gaps)
    for name in surprises:
        print(f"{'not listed as a gap' if name in failing else 'listed as a gap, but passes'}: {name}")
    return 1 if surprises else 0


if __name__ == "__main__":
    sys.exit(main())
