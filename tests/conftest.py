"""What all tests share: how hard the property tests try, and one folder of compiled profiles that is theirs alone."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

# How fast a machine makes an example decides nothing; and in CI the examples are the same ones each time, so that a change that
# turns it red did so by itself. Only a developer's `make test` tries new ones.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
fixed = settings(settings.get_profile("patient"), derandomize=True, database=None)
settings.register_profile("ci", fixed, max_examples=500)
settings.register_profile("quick", fixed, max_examples=10)
in_ci = os.environ.get("CI", "false") != "false"
settings.register_profile("short", fixed if in_ci else settings.get_profile("patient"), max_examples=25)
settings.load_profile("patient")


def pytest_configure() -> None:
    """The compiled library is much that is never garbage: to look through it as often as Python does by default takes an eighth
    of the whole run.
    """
    gc.set_threshold(20_000, 10, 50)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What has a group of its own takes longest, and begins first, so that no core waits for it at the end."""
    items.sort(key=lambda item: item.get_closest_marker("xdist_group") is None)


def pytest_collection_finish() -> None:
    """What was imported and collected stays to the end, so nobody looks through it again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def _cache_of_this_run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Compiled profiles of one test serve the next, as those of one start do; the user's own are not touched."""
    mine = tmp_path_factory.getbasetemp()
    shared = mine.parent if "PYTEST_XDIST_WORKER" in os.environ else mine
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("XDG_CACHE_HOME", str(shared / "cache"))
        yield
