"""Bodies under limits: only RFC 8259 JSON in UTF-8 gets through, and errors do not repeat it (threats T10, T14)."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhirpath_spine.errors import BodyTooLarge, RequestError
from fhirpath_spine.exchange.incoming import DEEPEST, ELEMENTS, LARGE, deeper_than, parse, take_in

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(alphabet='{}[]"\\ab\n', max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(alphabet='{["\\', max_size=3), inner, max_size=3)
    ),
    max_leaves=20,
)


def depth(value: object) -> int:
    if isinstance(value, dict):
        return 1 + max(map(depth, value.values()), default=0)
    return 1 + max(map(depth, value), default=0) if isinstance(value, list) else 0


@given(VALUES)
def test_depth_is_told_without_a_walk(value: object) -> None:
    body, deep = json.dumps(value).encode(), depth(value)
    assert not deeper_than(body, deep)
    assert deep == 0 or deeper_than(body, deep - 1)


def test_the_limit_itself_is_allowed() -> None:
    assert parse(b"[" * 64 + b"]" * 64) is not None
    with pytest.raises(BodyTooLarge):
        parse(b"[" * 65 + b"]" * 65)


@pytest.mark.parametrize("depth_", [2_000, 100_000])
def test_very_deep_json_is_refused_and_not_crashed_on(depth_: int) -> None:
    with pytest.raises(RequestError):
        parse(b"[" * depth_ + b"]" * depth_)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"a": NaN}',
        b'{"a": 1e999}',
        b"\xef\xbb\xbf{}",
        '{"a": 1}'.encode("utf-16"),
        b'{"a": 1,}',
        b"{} {}",
        b'{"a": 1} // b',
    ],
)
def test_what_is_no_json_is_refused(body: bytes) -> None:
    with pytest.raises(RequestError, match="not valid JSON"):
        parse(body)


def test_the_message_does_not_repeat_the_body() -> None:
    with pytest.raises(RequestError) as caught:
        parse(b'{"secret-4711": tru}')
    assert "4711" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    "body",
    [
        b'{"context": {"patientId": "1", "patientId": "2"}}',
        b'{"prefetch": {"conditions": {"a": 1}, "conditions": null}}',
        b'{"a": [{"subject": 1, "subj\\u0065ct": 2}]}',
        b'{"a": ":", "a": "\\u003a:"}',
    ],
)
def test_a_key_that_stands_twice_is_refused(body: bytes) -> None:
    with pytest.raises(RequestError, match="twice") as refused:
        parse(body)
    assert "patientId" not in str(refused.value)


@given(VALUES)
def test_no_other_json_is_taken_for_one_with_a_key_twice(value: object) -> None:
    body = json.dumps(value)
    assert parse(body.encode()) == value


# ------------------------------------------------------------------ what is large, and what is counted

SMALL_AND_LARGE = pytest.mark.parametrize("before", [b"", b" " * LARGE], ids=["small", "large"])
"""Blanks before a body make it large: the two parsers have to take the same."""


@given(VALUES | st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**70), 2**70))
def test_a_large_body_is_read_as_a_small_one_is(value: object) -> None:
    body = json.dumps(value).encode()
    small, large = parse(body), parse(b" " * LARGE + body)
    assert (large, type(large)) == (small, type(small))


@SMALL_AND_LARGE
@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b'{"a": NaN}',
        b'{"a": -Infinity}',
        b'{"a": 1e999}',
        '{"a": 1}'.encode("utf-16"),
        b'{"a": 1,}',
        b"{} {}",
        b'["\xff"]',
        rb'["\ud800"]',
        b'["a\nb"]',
        b"[01]",
        b"[" + b"9" * 400 + b"]",
    ],
)
def test_both_parsers_refuse_the_same(body: bytes, before: bytes) -> None:
    with pytest.raises(RequestError, match="not valid JSON"):
        parse(before + body)


@SMALL_AND_LARGE
def test_both_parsers_see_a_key_that_stands_twice(before: bytes) -> None:
    with pytest.raises(RequestError, match="twice"):
        parse(before + b'{"a": [{"subject": 1, "subj\\u0065ct": 2}]}')


@pytest.mark.parametrize("begins", [b'{"a": [}', b"[[", b'{"a": {"b": 1}', b"]"])
def test_what_has_no_other_half_is_no_json_and_not_deep(begins: bytes) -> None:
    with pytest.raises(RequestError, match="not valid JSON"):
        parse(begins, depth=3)


@pytest.mark.parametrize("item", [b"0", b"[]", b'""', b'{"a":1}'])
def test_items_are_counted_before_they_are_made(item: bytes) -> None:
    with pytest.raises(BodyTooLarge, match="1,000,000"):
        parse(b"[" + b",".join([item] * (ELEMENTS + 2)) + b"]")


def test_what_stands_in_texts_is_not_counted() -> None:
    words = ',[{}]"\\,' * (ELEMENTS // 4)
    assert parse(json.dumps([words, {"a": "["}]).encode()) == [words, {"a": "["}]


def test_the_deepest_limit_is_borne_by_all_that_reads_a_value() -> None:
    body = b'{"a":[' * (DEEPEST // 2) + b'" "' + b"]}" * (DEEPEST // 2)
    for before in (b"", b" " * LARGE):
        assert take_in(before + body, depth=DEEPEST)


@pytest.mark.parametrize("body", [r'{"a": "\u003a"}', r'{"a": "\\u003a"}', r'{"\u003A": ":", "b": "\\\u003a"}'])
def test_a_colon_that_is_written_as_an_escape_is_no_second_key(body: str) -> None:
    assert parse(body.encode()) == json.loads(body)
