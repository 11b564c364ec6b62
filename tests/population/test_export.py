"""Which files an export has, and their lines: whatever a file holds, memory is bounded and no line is lost or read twice."""

from __future__ import annotations

import gzip
import itertools
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhirpath_spine.population.exports import ExportUnusable, Source, find_export, read_lines
from fhirpath_spine.population.rows import LINE_BYTES


def manifest(folder: Path, **members: object) -> Path:
    path = folder / "manifest.json"
    path.write_text(json.dumps({"output": [], **members}), encoding="utf-8")
    return path


def test_a_folder_is_its_ndjson_and_nothing_else(tmp_path: Path) -> None:
    for name in ("b.ndjson", "a.ndjson.gz", "note.txt"):
        (tmp_path / name).write_bytes(b"")
    assert [s.path.name for s in find_export(tmp_path).sources] == ["a.ndjson.gz", "b.ndjson"]


def test_a_manifest_is_what_it_names_and_says_which_server_it_is_from(tmp_path: Path) -> None:
    (tmp_path / "a b.ndjson").write_bytes(b"{}\n")
    (tmp_path / "not-named.ndjson").write_bytes(b"")
    path = manifest(
        tmp_path,
        request="https://ehr.example/fhir/Group/7/$export?_type=Patient",
        output=[{"type": "Patient", "url": "https://ehr.example/files/a%20b.ndjson", "count": 1}],
        error=[{"type": "OperationOutcome", "url": "x"}],
    )
    for one in (path, tmp_path):
        found = find_export(one)
        assert [s.path.name for s in found.sources] == ["a b.ndjson"]
        assert (found.base, found.errors, found.sources[0].count) == ("https://ehr.example/fhir", 1, 1)


def test_a_manifest_that_names_a_missing_file_stops_before_anything_is_judged(tmp_path: Path) -> None:
    path = manifest(tmp_path, output=[{"type": "Patient", "url": f"https://x/{n}.ndjson"} for n in range(7)])
    with pytest.raises(ExportUnusable, match=r"7 files that are not beside it: 0\.ndjson.*and 2 more"):
        find_export(path)


@pytest.mark.parametrize("content", ["[]", '{"output": {}}', '{"output": [{}]}', "", "not JSON"])
def test_what_is_no_manifest_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "manifest.json").write_text(content, encoding="utf-8")
    with pytest.raises(ExportUnusable):
        find_export(tmp_path)


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"request": "https://x/$export?_since=2026-01-01T00:00:00Z"}, "_since"),
        ({"request": "https://x/$export?_type=Patient&_typeFilter=Condition%3Fcode%3Dx"}, "_typeFilter"),
        ({"link": [{"relation": "next", "url": "https://x/2"}]}, "next page"),
        ({"output": [{"url": "https://x/a/1.ndjson"}, {"url": "https://x/b/1.ndjson"}]}, r"two files .* 1\.ndjson"),
    ],
)
def test_a_manifest_of_a_part_is_refused(tmp_path: Path, members: dict[str, object], said: str) -> None:
    (tmp_path / "1.ndjson").write_bytes(b"{}\n")
    path = manifest(tmp_path, **{"output": [{"url": "1.ndjson"}], **members})
    with pytest.raises(ExportUnusable, match=said):
        find_export(path)


@pytest.mark.parametrize(
    "asked", ["_type=Patient,Condition", "_type=Patient&_type=Condition", "_type=Patient%2CCondition"]
)
def test_a_request_for_some_types_leaves_the_others_out(tmp_path: Path, asked: str) -> None:
    found = find_export(manifest(tmp_path, request=f"https://x/$export?{asked}"))
    assert {"Observation", "Procedure"} < set(found.unasked)
    assert not {"Patient", "Condition", "CarePlan"} & set(found.unasked)
    assert find_export(manifest(tmp_path, request="https://x/$export")).unasked == ()


def test_an_ending_in_capitals_is_one(tmp_path: Path) -> None:
    (tmp_path / "a.NDJSON").write_bytes(b"")
    (tmp_path / "b.NDJSON.GZ").write_bytes(b"")
    assert [s.zipped for s in find_export(tmp_path).sources] == [False, True]


def test_an_empty_folder_and_no_folder_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none"):
        with pytest.raises(ExportUnusable):
            find_export(path)


@given(st.lists(st.binary(max_size=12).map(lambda b: b.replace(b"\n", b"")), max_size=12), st.booleans(), st.data())
def test_stretches_of_a_file_have_each_line_once(
    tmp_path_factory: pytest.TempPathFactory, held: list[bytes], ended: bool, data: st.DataObject
) -> None:
    content = b"\n".join(held) + (b"\n" if ended else b"")
    path = tmp_path_factory.mktemp("stretch") / "x.ndjson"
    path.write_bytes(content)
    cuts = sorted(data.draw(st.sets(st.integers(1, max(1, len(content) - 1)), max_size=4)) if len(content) > 1 else [])
    borders = [0, *cuts, None]
    source = Source(path, len(content))
    found = [pair for start, end in itertools.pairwise(borders) for pair in read_lines(source, start or 0, end)]
    assert found == list(read_lines(source))
    expected = content.split(b"\n")
    expected[0] = expected[0].removeprefix(b"\xef\xbb\xbf")
    assert [text for _, text in found if text] == [text for text in expected if text]


def test_a_line_of_50_mb_is_cut_and_the_next_one_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "x.ndjson"
    path.write_bytes(b"a\n" + b"x" * 50_000_000 + b"\nb\n")
    found = list(read_lines(Source(path, path.stat().st_size)))
    assert [(at, len(text)) for at, text in found] == [(0, 1), (2, LINE_BYTES + 1), (50_000_003, 1)]
    assert list(read_lines(Source(path, path.stat().st_size), 1_000_000)) == [(50_000_003, b"b")]


def test_a_compressed_file_that_ends_before_its_end_stops_the_run(tmp_path: Path) -> None:
    path = tmp_path / "x.ndjson.gz"
    path.write_bytes(gzip.compress(b"{}\n" * 10_000)[:-20])
    with pytest.raises(ExportUnusable, match="ends before its end"):
        list(read_lines(Source(path, path.stat().st_size)))


def test_a_byte_order_mark_is_no_part_of_the_first_line(tmp_path: Path) -> None:
    path = tmp_path / "x.ndjson"
    path.write_bytes(b"\xef\xbb\xbf{}\n")
    assert list(read_lines(Source(path, 6))) == [(0, b"{}")]
