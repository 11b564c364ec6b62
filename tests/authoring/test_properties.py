"""Whatever is done to the files, the loader answers with findings that have a place, and never with another error."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fhirpath_spine.authoring import load
from fhirpath_spine.authoring.profile import Part, UnbalancedBraceError, split
from fhirpath_spine.authoring.source import Block, Report, Scalar, read_yaml
from fhirpath_spine.errors import ProfileError

SET = Path(__file__).parent / "set"
FILES = sorted(p.relative_to(SET).as_posix() for p in SET.rglob("*") if p.is_file())
ODD = [
    "[]",
    "{}",
    "x",
    "1",
    "null",
    "~",
    "''",
    "{a: b}",
    "[[a]]",
    "*a",
    "&a b",
    "!!int 1",
    "'%x'",
    "|\n  x",
    "%",
    "-",
    ":",
    "{",
    "]",
]

LATE = settings(
    max_examples=min(150, settings.default.max_examples),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("mutated") / "profiles"
    shutil.copytree(SET, path)
    return path


def loads_or_says_why(folder: Path, file: str, content: bytes) -> None:
    (folder / file).write_bytes(content)
    refused: ProfileError | None = None
    try:
        load(folder)
    except ProfileError as error:
        refused = error
    finally:
        shutil.copy(SET / file, folder / file)
    if refused is not None:
        assert refused.diagnostics
        places = [d.span for d in refused.diagnostics]
        assert all(p.file and min(p.line, p.column, p.length) >= 1 for p in places)


@LATE
@given(file=st.sampled_from(FILES), data=st.data())
def test_a_changed_stretch_of_bytes(folder, file, data):
    content = (SET / file).read_bytes()
    start = data.draw(st.integers(0, len(content)))
    end = data.draw(st.integers(start, min(len(content), start + 40)))
    new = data.draw(st.one_of(st.binary(max_size=12), st.sampled_from([o.encode() for o in ODD])))

    loads_or_says_why(folder, file, content[:start] + new + content[end:])


@LATE
@given(file=st.sampled_from([f for f in FILES if f.endswith(".yaml")]), data=st.data())
def test_a_changed_value(folder, file, data):
    lines = (SET / file).read_text().splitlines()
    number = data.draw(st.sampled_from([n for n, line in enumerate(lines) if ":" in line]))
    key, _, _ = lines[number].partition(":")
    lines[number] = f"{key}: {data.draw(st.sampled_from(ODD))}"

    loads_or_says_why(folder, file, "\n".join(lines).encode())


@LATE
@given(file=st.sampled_from([f for f in FILES if f.endswith(".yaml")]), data=st.data())
def test_lines_moved_doubled_or_lost(folder, file, data):
    lines = (SET / file).read_text().splitlines()
    first, second = data.draw(st.integers(0, len(lines) - 1)), data.draw(st.integers(0, len(lines) - 1))
    kind = data.draw(st.sampled_from(["swap", "double", "lose", "indent"]))
    match kind:
        case "swap":
            lines[first], lines[second] = lines[second], lines[first]
        case "double":
            lines.insert(second, lines[first])
        case "lose":
            del lines[first]
        case "indent":
            lines[first] = "  " + lines[first]

    loads_or_says_why(folder, file, "\n".join(lines).encode())


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text):
    report = Report()

    node = read_yaml(text, "f.yaml", report)

    assert (node is None) == bool(report.sorted())


@given(
    st.lists(st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1), min_size=1, max_size=5)
)
def test_a_quoted_text_comes_back_and_every_character_has_its_place(words):
    value = " ".join(words)
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')

    node = read_yaml(f'key: "{escaped}"\n', "f.yaml", Report())

    assert isinstance(node, Block)
    (scalar,) = node.values()
    assert scalar == value
    assert isinstance(scalar, Scalar)
    columns = [scalar.place(offset).column for offset in range(len(value))]
    assert columns == sorted(set(columns))
    assert all(f'key: "{escaped}"\n'[c - 1] in ("\\", v) for c, v in zip(columns, value, strict=True))


@given(st.text(alphabet="ab'{} `", max_size=20))
def test_a_sentence_is_split_without_loss_or_refused(text):
    refused: UnbalancedBraceError | None = None
    found: list[Part] = []
    try:
        found = list(split(text))
    except UnbalancedBraceError as error:
        refused = error
    if refused is not None:
        assert text[refused.offset] in "{}"
        return
    written = "".join("{" + p.text + "}" if p.slot else p.text.replace("{", "{{").replace("}", "}}") for p in found)
    assert written == text
