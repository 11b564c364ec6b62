"""The published JSON Schemas are those of the loader, and accept what the loader accepts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from fhirpath_spine.authoring.schemas import FORMS, schema, text, write
from fhirpath_spine.authoring.source import Block, Items, Node, Report, read_yaml

ROOT = Path(__file__).parents[2]
PUBLISHED = ROOT / "profiles" / "schema"
SETS = [Path(__file__).parent / "set", ROOT / "profiles"]


def as_an_editor_sees_it(node: Node) -> Any:
    """Scalars typed as YAML 1.2 has it, which is what editors validate."""
    if isinstance(node, Block):
        return {str(key): as_an_editor_sees_it(value) for key, value in node.items()}
    if isinstance(node, Items):
        return [as_an_editor_sees_it(item) for item in node]
    if not node.is_plain:
        return str(node)
    if re.fullmatch("-?[0-9]+", node):
        return int(node)
    if re.fullmatch(r"-?[0-9]+[.][0-9]+", node):
        return float(node)
    return {"true": True, "false": False}.get(node, str(node))


def kind_of(file: Path) -> str:
    if file.parent.name == "modules":
        return "module"
    if file.parent.name == "cases":
        return "exempt" if file.name == "exempt.yaml" else "cases"
    return file.stem


def files() -> list[Path]:
    names = ["*.yaml", "modules/*.yaml", "*/pathway.yaml", "**/cases/*.yaml"]
    return [f for s in SETS for pattern in names for f in sorted(s.glob(pattern))]


@pytest.mark.parametrize("name", FORMS)
def test_a_published_schema_is_what_the_forms_say(name):
    published = (PUBLISHED / f"{name}.schema.json").read_text(encoding="utf-8")

    assert published == text(name), "run: python -m fhirpath_spine.authoring.schemas profiles/schema"


def test_the_schemas_are_written_as_they_are_published(tmp_path):
    write(tmp_path)

    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == {p.name: p.read_bytes() for p in PUBLISHED.iterdir()}


@pytest.mark.parametrize("name", FORMS)
def test_a_published_schema_is_a_schema(name):
    jsonschema.Draft202012Validator.check_schema(schema(name))


@pytest.mark.parametrize("file", files(), ids=lambda f: f"{f.parent.name}/{f.name}")
def test_what_the_loader_accepts_the_schema_accepts(file):
    node = read_yaml(file.read_text(encoding="utf-8"), file.name, Report())
    assert node is not None

    errors = list(jsonschema.Draft202012Validator(schema(kind_of(file))).iter_errors(as_an_editor_sees_it(node)))

    assert errors == []


@pytest.mark.parametrize(
    "document",
    [
        {"module": "pain", "title": "Pain"},
        {"module": "Pain", "title": "Pain", "recommendations": []},
        {"module": "pain", "title": "Pain", "recommendations": [], "tilte": "Pain"},
        {"module": "pain", "title": "Pain", "recommendations": [{"id": "R-PAIN-01", "title": "x", "kind": "advise"}]},
    ],
    ids=["a missing key", "a name with capitals", "an unknown key", "an unknown kind"],
)
def test_what_the_loader_refuses_the_schema_refuses(document):
    assert not jsonschema.Draft202012Validator(schema("module")).is_valid(document)


ALONE = {
    "pathway": {"RecommendationForm": {"unreachable", "with", "unless"}, "AnswerForm": {"", "word"}},
    "module": {"RecommendationForm": {"unreachable", "with", "unless"}},
    "data": {"AnswerForm": {"", "word"}, "RecognitionForm": {"harmless"}},
    "policy": {"HoldForm": {"except"}, "GoalForm": {"except"}, "SelectorForm": {"", "ids"}, "ShownForm": {"", "ids"}},
    "lesions": {
        "": {"levels", "imagingAbsent", "imagingKnown"},
        "LesionFlagForm": {"levels"},
        "HistologyForm": {"benign", "malignant"},
    },
    "sources": {
        "SourceForm": {"title", "publisher", "kind", "certainty", "note", "url"},
        "FrameworkForm": {"title", "publisher", "jurisdiction"},
        "SelectorForm": {"", "ids"},
    },
    "claims": {"ClaimForm": {"strength"}},
    "phrases": {"": {""}},
    "incoming": {"": {"noneKnown"}, "WithheldForm": {"issues", "labels", "absent", "empty"}, "UnitForm": {"printed", "source"}},
}  # fmt: skip
"""Text of the profiles that is shown to nobody, or stands beside no test: names, reasons for authors, the words of documents."""
ANYWHERE = {"unit", "units", "steps", "answers", "approver", "approved", "quotes"}


def plain_texts(node: Any, key: str = "") -> Iterator[str]:
    """The keys of a schema whose value is any text and is not said to be shown."""
    if isinstance(node, list):
        for one in node:
            yield from plain_texts(one, key)
    elif isinstance(node, dict):
        if node.get("type") == ["string", "number", "boolean"] and not node.get("description", "").startswith("Shown"):
            yield key
        for name, one in node.items():
            if name == "properties":
                for inner, value in one.items():
                    yield from plain_texts(value, inner)
            elif name != "$defs":
                yield from plain_texts(one, key)


@pytest.mark.parametrize("name", ALONE)
def test_whatever_is_shown_is_marked_so_and_its_numbers_are_held_against_limits(name):
    made = schema(name)
    found = {form: set(plain_texts(one)) - ANYWHERE for form, one in {**made.get("$defs", {}), "": made}.items()}
    told = {form: keys for form, keys in found.items() if keys}

    assert told == ALONE[name]


@pytest.mark.parametrize(
    ("case", "fits"),
    [
        ({"case": "x", "expect": {"recommended": ["R-A-01", {"R-A-02 T8": "words"}]}}, True),
        ({"case": "x", "given": ["ecog", {"ecog": 1}], "expect": {"silent": True}}, True),
        ({"case": "x"}, False),
        ({"case": "x", "expect": {"recomended": "R-A-01"}}, False),
        ({"case": "x", "given": [{"ecog": 1, "imaging": "today"}], "expect": {}}, False),
        ({"case": "x", "expect": {"blocked": [{"R-A-01": "a", "R-A-02": "b"}]}}, False),
    ],
    ids=["verdicts", "entries", "nothing expected", "an unknown key", "two entries in one", "two verdicts in one"],
)
def test_an_editor_knows_the_form_of_a_case(case, fits):
    assert jsonschema.Draft202012Validator(schema("cases")).is_valid({"cases": [case]}) is fits


def test_a_site_file_without_code_map_may_say_so_with_empty_braces():
    jsonschema.validate({"timezone": "UTC", "code_map": {}}, schema("site"))
