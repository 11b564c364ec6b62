"""A code map in files: the CSV of ``codes missing`` filled in, and a FHIR ConceptMap."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fhirpath_spine.authoring import load_site
from fhirpath_spine.authoring.source import Report, read_cells
from fhirpath_spine.errors import ProfileError

LOCAL = "urn:example:local"
GOOD = """\
system,code,count,nearest,to,claim,when,display
urn:example:house,NP1,12,night-pain,local|night-pain,A. Coder,2026-01-31,"Pain, by night"
urn:example:house,XX,7,,,,,

icd-10-cm,M54.6,3,,urn:example:local|drug,A. Coder,2026-01-31,
urn:fhirpath-spine:answer:gait,Within  Limits,2,gait,local|gait-normal,A. Coder,2026-01-31,
"""


@pytest.fixture
def house(profiles, tmp_path):
    """Writes the file of a code map, and loads the site that names it."""

    def load(text: str, name: str = "house.csv", site: str = "code_map: {name}") -> Any:
        (tmp_path / name).write_text(text, encoding="utf-8")
        (tmp_path / "site.yaml").write_text(f"timezone: UTC\n{site.format(name=name)}\n", encoding="utf-8")
        return load_site(tmp_path / "site.yaml", profiles.folder)

    return load


def refused(house, *given: str) -> Any:
    with pytest.raises(ProfileError) as caught:
        house(*given)
    (error,) = caught.value.diagnostics
    return error


def test_rows_that_are_filled_in_are_read_and_the_others_wait(house):
    site = house(GOOD)
    assert site.code_map == {
        ("urn:example:house", "NP1"): (LOCAL, "night-pain"),
        ("http://hl7.org/fhir/sid/icd-10-cm", "M54.6"): (LOCAL, "drug"),
        ("urn:fhirpath-spine:answer:gait", "within limits"): (LOCAL, "gait-normal"),
    }
    assert site.files == ("house.csv",)


@pytest.mark.parametrize("change", [("\n", "\r\n"), ("system", "\ufeffsystem")])
def test_what_a_spreadsheet_makes_of_the_file_is_read_too(house, change):
    assert len(house(GOOD.replace(*change)).code_map) == 3


def test_files_and_entries_stand_beside_each_other(house):
    entry = '{{from: "urn:example:house|NP2", to: "local|night-pain", claim: A, when: 2026}}'
    assert len(house(GOOD, "house.csv", "code_map: [{name}, " + entry + "]").code_map) == 4


BAD = {
    "an unknown target": ("local|night-pain", "local|nite-pain", "SP222", (2, 37), "'night-pain'"),
    "a target in an unknown system": ("local|night-pain", "lokal|night-pain", "SP211", (2, 37), "'local'"),
    "no coding": ("local|night-pain", "night-pain", "SP211", (2, 37), "system|code"),
    "nobody claims it": ("local|night-pain,A. Coder", "local|night-pain,", "SP206", (2, 54), "claims"),
    "since no day": ("local|night-pain,A. Coder,2026-01-31", "local|night-pain,A. Coder,", "SP206", (2, 63), "since when"),
    "a code twice": ("house,XX,7,,,,,", "house,NP1,7,,local|drug,A,2026,", "SP204", (3, 19), "twice"),
    "a column away": ("nearest,to,", "nearest,zu,", "SP210", (1, 1), "'to'"),
    "a comma too many": ("A. Coder,2026-01-31,\"", "Coder, A.,2026-01-31,\"", "SP210", (2, 1), "9 stand here"),
    "an open quote": ('by night"', "by night", "SP210", (2, 74), "never closed"),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new", "code", "at", "says"), BAD.values(), ids=list(BAD))
def test_what_is_wrong_is_named_at_its_line_and_column(house, old, new, code, at, says):
    assert GOOD.count(old) == 1
    error = refused(house, GOOD.replace(old, new))
    assert error.code == code
    assert error.span.file.endswith("house.csv")
    assert (error.span.line, error.span.column) == at
    assert says in f"{error.message} {error.hint}"


@pytest.mark.parametrize("name", ["house.txt", "../house.csv", "/etc/house.csv"])
def test_a_file_of_another_kind_or_place_is_refused_where_it_is_named(house, name):
    with pytest.raises(ProfileError) as caught:
        house(GOOD, "house.csv", f"code_map: {name}")
    (error,) = caught.value.diagnostics
    assert (error.code, error.span.line) == ("SP208", 2)


def test_a_missing_file_is_named(house):
    with pytest.raises(ProfileError, match="missing"):
        house(GOOD, "house.csv", "code_map: [horse.csv]")


# ------------------------------------------------------------------ a ConceptMap


def concept_map(*targets: dict[str, Any], **changes: Any) -> str:
    element = [{"code": f"C{number}", "target": [one]} for number, one in enumerate(targets)]
    group = [{"source": "urn:example:house", "target": LOCAL, "element": element}]
    whole = {
        "resourceType": "ConceptMap",
        "status": "active",
        "publisher": "A. Coder",
        "date": "2026-01-31",
        "group": group,
    }
    return json.dumps({k: v for k, v in {**whole, **changes}.items() if v is not None}, indent=2)


def test_targets_that_mean_the_same_or_hold_the_code_are_read(house):
    text = concept_map(
        {"code": "night-pain", "equivalence": "equivalent"},
        {"code": "drug", "equivalence": "wider"},
        {"code": "drug", "relationship": "source-is-narrower-than-target"},
        {"code": "nowhere", "equivalence": "disjoint"},
        {"equivalence": "unmatched"},
    )
    codes = {code: target for (_, code), (_, target) in house(text, "map.json").code_map.items()}
    assert codes == {"C0": "night-pain", "C1": "drug", "C2": "drug"}


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        (concept_map({"code": "nite-pain", "equivalence": "equal"}), "SP222", "'night-pain'"),
        (concept_map({"code": "night-pain", "equivalence": "narrower"}), "SP226", "'narrower'"),
        (concept_map({"code": "night-pain"}), "SP226", "'nothing'"),
        (concept_map(publisher=None), "SP206", "publisher"),
        (concept_map(date=None), "SP206", "date"),
        (concept_map(group=[{"element": [{"code": "A"}]}]), "SP206", "target or code is missing"),
        (concept_map(resourceType="ValueSet"), "SP226", "ConceptMap"),
        ("[]", "SP226", "ConceptMap"),
    ],
)
def test_a_concept_map_that_says_less_is_refused(house, text, code, says):
    error = refused(house, text, "map.json")
    assert error.code == code
    assert error.span.file.endswith("map.json")
    assert says in f"{error.message} {error.hint}"


# ------------------------------------------------------------------ cells


def test_cells_know_where_they_stand():
    rows = read_cells('a,"b ""x""",\n"two\nlines",c\n\nd', "f.csv", Report())
    assert [[(str(c), c.span.line, c.span.column) for c in row] for row in rows] == [
        [("a", 1, 1), ('b "x"', 1, 3), ("", 1, 13)],
        [("two\nlines", 2, 1), ("c", 3, 8)],
        [("d", 5, 1)],
    ]


@pytest.mark.parametrize(("text", "at"), [('a\nb,"c', (2, 3)), ('"a"b', (1, 4))])
def test_a_quote_out_of_place_is_named(text, at):
    report = Report()
    read_cells(text, "f.csv", report)
    (found,) = report.sorted()
    assert (found.code, found.span.line, found.span.column) == ("SP210", *at)
