"""What comes after what, and the circles in its way."""

from __future__ import annotations

import pytest

from fhirpath_spine.authoring.profile import in_order


def test_each_name_comes_after_those_that_it_needs() -> None:
    needed = {"last": ["middle", "first"], "middle": ["first"], "first": []}
    assert in_order(needed) == (["first", "middle", "last"], [])


@pytest.mark.parametrize(
    ("needed", "circles"),
    [
        ({"a": ["a"]}, [["a", "a"]]),
        ({"outside": ["b"], "a": ["c"], "b": ["a"], "c": ["b"]}, [["a", "c", "b", "a"]]),
        ({"a": ["b"], "b": ["a"], "c": ["d"], "d": ["c"]}, [["a", "b", "a"], ["c", "d", "c"]]),
        ({"a": ["b", "c"], "b": ["a"], "c": ["a"]}, [["a", "b", "a"], ["a", "c", "a"]]),
    ],
    ids=["of one", "entered from outside", "two apart", "two with a common name"],
)
def test_each_circle_is_told_from_its_first_name_round(needed: dict[str, list[str]], circles: list[list[str]]) -> None:
    order, found = in_order(needed)
    assert sorted(found) == circles
    assert sorted(order) == sorted(needed)
