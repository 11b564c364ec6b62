"""A deployer's own flat list of codes: its forms, and what is no list."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhirpath_spine.errors import RequestError
from fhirpath_spine.exchange.ehr_side import SNOMED, rows

ONE, TWO = (SNOMED, "9900001", "Growth of toe, left"), (SNOMED, "9900002", 'A "thing"')
RF2 = """id\teffectiveTime\tactive\tmoduleId\tconceptId\tlanguageCode\ttypeId\tterm\tcaseSignificanceId
1\t20260101\t1\t9\t9900001\ten\t3\tGrowth of toe, left (disorder)\t4
2\t20260101\t1\t9\t9900001\ten\t1\tGrowth of toe, left\t4
3\t20260101\t0\t9\t9900002\ten\t3\tOld name (disorder)\t4
4\t20260101\t1\t9\t9900002\ten\t3\tA "thing" (finding)\t4
"""


@pytest.mark.parametrize(
    "text",
    [
        'code,display\n9900001,"Growth of toe, left"\n9900002,"A ""thing"""\n',
        '9900001,"Growth of toe, left"\n9900002,"A ""thing"""\n',
        '\ufeffDisplay,Code\r\n"Growth of toe, left",9900001\r\n\r\n"A ""thing""",9900002\r\n',
        'conceptId\tterm\n9900001\tGrowth of toe, left\n9900002\tA "thing"\n',
        '9900001;"Growth of toe  left"\n',
        'system,code,display\nhttp://snomed.info/sct,9900001,"Growth of toe, left"\n',
    ],
)
def test_a_list_in_any_of_its_forms(text: str) -> None:
    found = list(rows(text.splitlines(keepends=True)))
    assert found[0][:2] == ONE[:2]
    assert found in ([ONE, TWO], [ONE], [(SNOMED, "9900001", "Growth of toe left")])


def test_of_a_release_the_active_full_names_count() -> None:
    assert list(rows(RF2.splitlines(keepends=True))) == [
        (SNOMED, "9900001", "Growth of toe, left (disorder)"),
        (SNOMED, "9900002", 'A "thing" (finding)'),
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no columns"),
        ("hello\n", "no columns"),
        ("a,b\nc,d\n", "no columns"),
        ("code,display\n9900001,A\nC50,B\n", "Line 3"),
        ("code,display\n9900001\n", "Line 2"),
        (RF2 + "5\t2026\n", "Line 6"),
    ],
)
def test_what_is_no_list_is_refused_with_its_line(text: str, says: str) -> None:
    with pytest.raises(RequestError, match=says):
        list(rows(text.splitlines(keepends=True)))


@given(st.text(max_size=200))
def test_any_text_is_a_list_or_refused(text: str) -> None:
    try:
        assert all(len(row) == 3 for row in rows(text.splitlines(keepends=True)))
    except RequestError as error:
        assert error.hint  # noqa: PT017 - either answer will do, a refusal says what to do
