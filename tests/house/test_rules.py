"""The catalogue of rules: each explained by ``fhirpath-spine rule``, and no page or source names one that is gone."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from fhirpath_spine.diagnostics import catalogue
from fhirpath_spine.entrypoints.commands import app

ROOT = Path(__file__).parents[2]
CODE = re.compile(r"\bSP\d{3}\b")
READ = [
    path
    for pattern in ("*.md", "docs/**/*.md", "src/**/*.py", "profiles/**/*.yaml")
    for path in sorted(ROOT.glob(pattern))
]


@pytest.mark.parametrize("code", sorted(catalogue()))
def test_every_rule_is_explained_with_why_bad_and_good(code: str) -> None:
    result = CliRunner().invoke(app, ["rule", code])
    rule = catalogue()[code]
    assert result.exit_code == 0
    said = " ".join(result.stdout.split())
    assert code in said
    assert " ".join(rule.why.split())[:40] in said


def test_no_code_is_named_that_the_catalogue_does_not_hold() -> None:
    stale = {
        f"{path.relative_to(ROOT)}: {code}"
        for path in READ
        for code in CODE.findall(path.read_text(encoding="utf-8"))
        if code not in catalogue()
    }
    assert stale == set()
