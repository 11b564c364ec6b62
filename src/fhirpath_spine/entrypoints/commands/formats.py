"""Findings about files in the formats that other tools read: for a person, JSON, GitHub annotations, SARIF and JUnit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement, indent, tostring

import orjson

from fhirpath_spine import __version__
from fhirpath_spine.diagnostics import Diagnostic, Severity, catalogue
from fhirpath_spine.exchange import Json, lean


class FindingsFormat(StrEnum):
    """How findings are written."""

    HUMAN = "human"
    JSON = "json"
    GITHUB = "github"
    SARIF = "sarif"
    JUNIT = "junit"


def write(found: Sequence[Diagnostic], form: FindingsFormat) -> str:
    """The findings in a format, without a line break at the end; empty where a format says nothing of nothing."""
    match form:
        case FindingsFormat.HUMAN:
            return "\n".join(_in_its_line(found))
        case FindingsFormat.JSON:
            return orjson.dumps([_json(d) for d in found], option=orjson.OPT_INDENT_2).decode()
        case FindingsFormat.GITHUB:
            return "\n".join(map(_annotation, found))
        case FindingsFormat.SARIF:
            return orjson.dumps(_sarif(found), option=orjson.OPT_INDENT_2).decode()
        case FindingsFormat.JUNIT:
            return _junit(found)


def _in_its_line(found: Sequence[Diagnostic]) -> Iterator[str]:
    """Each finding, and below it the line that it is about with a caret under what is meant."""
    lines: dict[str, list[str]] = {}
    for one in found:
        yield str(one)
        span = one.span
        if span.file not in lines:
            try:
                lines[span.file] = Path(span.file).read_text(encoding="utf-8").splitlines()
            except (OSError, ValueError):
                lines[span.file] = []
        if not 0 < span.line <= len(lines[span.file]):
            continue
        whole, start = lines[span.file][span.line - 1], span.column - 1
        cut = max(0, start - WIDEST // 2)
        shown = "".join(c if c.isprintable() else "\N{WHITE SQUARE}" for c in whole[cut : cut + WIDEST])
        length = max(1, min(span.length, len(shown) - (start - cut)))
        yield f"    {shown}"
        yield f"    {' ' * (start - cut)}{'^' * length}"


WIDEST = 110
"""Characters of a line that are shown, with what is meant in the middle of a longer one."""


def _json(found: Diagnostic) -> Json:
    span = found.span
    return lean(
        {
            "code": found.code,
            "severity": found.severity.value,
            "file": _relative(span.file),
            "line": span.line,
            "column": span.column,
            "length": span.length,
            "message": found.message,
            "hint": found.hint,
            "fix": _fix(found),
        }
    )


def _fix(found: Diagnostic) -> Json | None:
    """What ``lint --fix`` would put at which place."""
    if found.edit is None:
        return None
    span = found.edit.span
    return {"line": span.line, "column": span.column, "length": span.length, "text": found.edit.text}


def _relative(file: str) -> str:
    """Paths below the working directory are written from it: annotations find their file that way."""
    path = Path(file)
    return path.relative_to(Path.cwd()).as_posix() if path.is_absolute() and path.is_relative_to(Path.cwd()) else file


def _annotation(found: Diagnostic) -> str:
    span = found.span
    text = f"{found.message} {found.hint}".strip()
    for sign, code in (("%", "%25"), ("\r", "%0D"), ("\n", "%0A")):
        text = text.replace(sign, code)
    place = f"file={_relative(span.file)},line={span.line},col={span.column},endColumn={span.column + span.length}"
    return f"::{found.severity.value} {place},title={found.code}::{text}"


def _sarif(found: Sequence[Diagnostic]) -> Json:
    """SARIF 2.1.0 with the rules that were broken."""
    rules = catalogue()
    used = [rules[code] for code in sorted({d.code for d in found}) if code in rules]
    driver = lean(
        {
            "name": "fhirpath-spine",
            "version": __version__,
            "rules": [{"id": r.code, "name": r.name, "shortDescription": {"text": r.why}} for r in used],
        }
    )
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "results": [_result(d) for d in found]}],
    }


def _result(found: Diagnostic) -> Json:
    span = found.span
    region = {"startLine": span.line, "startColumn": span.column, "endColumn": span.column + span.length}
    place = {"artifactLocation": {"uri": _relative(span.file)}, "region": region}
    return {
        "ruleId": found.code,
        "level": found.severity.value,
        "message": {"text": f"{found.message} {found.hint}".strip()},
        "locations": [{"physicalLocation": place}],
    }


def _junit(found: Sequence[Diagnostic]) -> str:
    """One test case for each finding, and one that passes where there is none; warnings do not fail."""
    failures = [d for d in found if d.severity is Severity.ERROR]
    cases = str(len(found) or 1)
    suite = Element("testsuite", name="fhirpath-spine lint", tests=cases, failures=str(len(failures)), errors="0")
    if not found:
        SubElement(suite, "testcase", classname="lint", name="no findings")
    for finding in found:
        file = _relative(finding.span.file)
        case = SubElement(suite, "testcase", classname=file, name=f"{finding.code} {finding.span.line}", file=file)
        if finding.severity is Severity.ERROR:
            SubElement(case, "failure", message=finding.message, type=finding.code).text = str(finding)
        else:
            SubElement(case, "system-out").text = str(finding)
    indent(suite)
    return tostring(suite, encoding="unicode")
