"""The names that others may rely on are pinned: to add or to take one away is a decision, not an accident."""

from __future__ import annotations

import subprocess
import sys

import pytest

import fhirpath_spine

PUBLIC = {
    "Chart",
    "Decision",
    "Library",
    "Read",
    "Row",
    "Site",
    "SpineError",
    "Status",
    "__version__",
    "compile",
    "decide",
    "load",
    "load_site",
    "patient_row",
}


def test_the_public_names_are_these() -> None:
    assert set(fhirpath_spine.__all__) == PUBLIC


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(fhirpath_spine, name) is not None


def test_a_name_that_is_not_public_is_refused_by_name() -> None:
    with pytest.raises(AttributeError, match="no attribute 'evaluate_all'"):
        fhirpath_spine.evaluate_all  # noqa: B018 (asking for the name is the test)


def test_the_package_itself_imports_none_of_its_rooms() -> None:
    asked = "import sys, fhirpath_spine; print([m for m in sys.modules if m.startswith('fhirpath_spine.')])"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
