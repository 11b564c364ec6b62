"""Hostile and odd YAML: refused with a place, and never walked into."""

from __future__ import annotations

import pytest

from fhirpath_spine.authoring.source import Block, Items, Report, Scalar, document, read_yaml
from tests.kit.costs import calls_of

LAUGHS = "a: &a [lol, lol]\nb: &b [*a, *a]\nc: [*b, *b]\n"

HOSTILE = {
    "laughs": (LAUGHS, "SP203", 1, 4),
    "a python object": ("a: !!python/object/apply:os.system ['true']\n", "SP203", 1, 4),
    "a local tag": ("a: !thing b\n", "SP203", 1, 4),
    "a bare tag": ("a: ! b\n", "SP203", 1, 4),
    "an anchored key": ("&k a: b\n", "SP203", 1, 1),
    "a directive": ("%YAML 1.1\n---\na: b\n", "SP203", 1, 1),
    "a tag directive": ("%TAG ! tag:example.org,2000:\n---\na: b\n", "SP203", 1, 1),
    "two documents": ("a: b\n---\nc: d\n", "SP203", 2, 1),
    "deep lists": ("a: " + "[" * 60 + "]" * 60, "SP203", 1, 53),
    "very deep lists": ("[" * 5_000, "SP202", 1, 1),
    "deep mappings": ("".join(f"{' ' * i}k{i}:\n" for i in range(60)), "SP203", 51, 51),
    "a list as key": ("[a, b]: c\n", "SP202", 1, 1),
    "a mapping as key": ("{a: b}: c\n", "SP202", 1, 1),
    "an empty key": (": c\n", "SP202", 1, 1),
    "an open bracket": ("a: [b\n", "SP202", 2, 1),
    "an open quote": ('a: "b\n', "SP202", 1, 4),
    "bad indentation": ("a: b\n  c: d\n", "SP202", 2, 4),
    "a control character": ("a: \x07\n", "SP202", 1, 1),
    "a right-to-left override": ("a: b\u202ec\n", "SP202", 1, 5),
    "a line separator": ("a: b\u2028c\n", "SP202", 1, 5),
    "only a comment": ("# nothing\n", "SP201", 1, 1),
    "a duplicate deep down": ("a:\n  b: c\n  b: d\n", "SP204", 3, 3),
    "an empty entry": ("a:\n  - b\n  -\n", "SP206", 3, 4),
}


@pytest.mark.parametrize(("text", "code", "line", "column"), HOSTILE.values(), ids=list(HOSTILE))
def test_what_is_not_plain_yaml_is_refused_with_its_place(text, code, line, column):
    report = Report()

    assert read_yaml(text, "f.yaml", report) is None

    first = report.sorted()[0]
    assert (first.code, first.span.line) == (code, line)
    if code != "SP202":
        assert first.span.column == column


@pytest.mark.parametrize("hostile", ["[" * 1_000_000, "a: " + "{b: " * 250_000], ids=["lists", "maps"])
def test_hostile_nesting_costs_less_than_a_plain_text_of_a_tenth_of_that_length(hostile):
    plain = "- b\n" * 25_000

    assert _work(hostile) < _work(plain)


def _work(text):
    return calls_of(lambda: read_yaml(text, "f.yaml", Report()))


@pytest.mark.parametrize("word", ["no", "22:22", "0755", "0123456", "2024-01-01", "1.10", "1e3", "0x1F", "yes", ".inf"])
def test_every_scalar_stays_what_was_typed(word):
    node = read_yaml(f"a: {word}\n", "f.yaml", Report())

    assert isinstance(node, Block)
    assert node["a"] == word


@pytest.mark.parametrize("word", ["''", '""', "'null'", '"~"'])
def test_quotes_make_a_text_of_anything(word):
    report = Report()

    node = read_yaml(f"a: {word}\n", "f.yaml", report)

    assert report.sorted() == []
    assert isinstance(node, Block)
    assert node["a"] == word[1:-1]


def test_windows_line_ends_and_a_byte_order_mark_are_read():
    report = Report()

    node = read_yaml("\ufeffa: b\r\nc: [d, e]\r\n", "f.yaml", report)

    assert report.sorted() == []
    assert node == {"a": "b", "c": ["d", "e"]}


def test_nodes_know_where_they_stand():
    node = read_yaml("a: b\nc:\n  - {d: 'e'}\n", "f.yaml", Report())

    assert isinstance(node, Block)
    inner = node["c"]
    assert isinstance(inner, Items)
    assert (inner.span.line, inner.span.column) == (3, 3)
    item = inner[0]
    assert isinstance(item, Block)
    value = item["d"]
    assert isinstance(value, Scalar)
    assert (value.span.line, value.span.column, value.span.length) == (3, 9, 3)


PLACES = {
    "plain": ("a: one two\n", "two", 1, 8),
    "single quotes": ("a: 'it''s two'\n", "two", 1, 11),
    "double quotes": ('a: "o\\"e \\u00e9 two"\n', "two", 1, 17),
    "a folded plain text": ("a: one\n  two three\n", "three", 2, 7),
    "folded double quotes": ('a: "one\n   two\n\n   three"\n', "three", 4, 4),
    "an escaped line break": ('a: "one \\\n    two"\n', "two", 2, 5),
    "a literal block": ("a: |\n  one\n    two\n  three\n", "two", 3, 5),
    "the end of a literal block": ("a: |\n  one\n\n  two three\n", "three", 4, 7),
    "a folded block": ("a: >\n  one\n  two three\n", "three", 3, 7),
    "text after an umlaut": ("ä: 'öne two'\n", "two", 1, 9),
}


@pytest.mark.parametrize(("text", "word", "line", "column"), PLACES.values(), ids=list(PLACES))
def test_any_part_of_a_text_is_found_in_the_file(text, word, line, column):
    node = read_yaml(text, "f.yaml", Report())
    assert isinstance(node, Block)
    (scalar,) = node.values()
    assert isinstance(scalar, Scalar)

    span = scalar.place(scalar.index(word), len(word))

    assert (span.line, span.column, span.length) == (line, column, len(word))


def test_the_same_text_under_the_same_name_is_read_once_and_told_alike():
    good, wrong = "a: [b, c]\n", "a: b\na: c\n"
    assert document(good, "f.yaml")[0] is document(good, "f.yaml")[0]
    assert document(good, "f.yaml")[0] == document(good, "g.yaml")[0] == read_yaml(good, "f.yaml", Report())
    assert document(good, "g.yaml")[0].span.file == "g.yaml"
    for text in (good, wrong):
        report = Report()
        read_yaml(text, "f.yaml", report)
        assert list(document(text, "f.yaml")[1]) == report.sorted()
