"""The benchmark of whom an edit changes: as many patients as asked for, and edits that still stand in the profiles that ship."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from benchmarks import impact as bench
from fhirpath_spine import authoring


def test_each_generated_patient_is_one_bundle_with_his_own_resources(tmp_path: Path) -> None:
    bundles = [orjson.loads(body) for body in bench.generated(tmp_path, 9, 12)]
    assert len(bundles) == 9
    for bundle in bundles:
        resources = [entry["resource"] for entry in bundle["entry"]]
        (patient,) = [r["id"] for r in resources if r["resourceType"] == "Patient"]
        assert {r["subject"]["reference"] for r in resources if r["id"] != patient} == {f"Patient/{patient}"}


@pytest.mark.parametrize("named", bench.EDITS)
def test_each_edit_stands_in_the_profiles_that_ship_and_changes_one_file(tmp_path: Path, named: str) -> None:
    shipped = authoring.profiles_directory()
    new = bench.edited(shipped, tmp_path / "new", *bench.EDITS[named])
    files = [p.relative_to(shipped) for p in shipped.rglob("*.yaml")]
    assert [str(p) for p in files if (shipped / p).read_bytes() != (new / p).read_bytes()] == [bench.EDITS[named][0]]


def test_the_verb_says_how_many_verdicts_turned(tmp_path: Path) -> None:
    shipped = authoring.profiles_directory()
    new = bench.edited(shipped, tmp_path / "new", *bench.EDITS["a limit that all read"])
    asked = tmp_path / "patients.ndjson"
    asked.write_bytes(b"\n".join(bench.generated(tmp_path / "export", 40, 40)))
    _, turned = bench.impact(shipped, new, asked)
    assert turned > 0


def test_an_edit_of_what_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="does not stand once"):
        bench.edited(authoring.profiles_directory(), tmp_path / "new", "data.yaml", "no such line", "")
