"""What all tests share: how hard the property tests try, and one folder of compiled profiles that is theirs alone."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

# CI (`.ci/run`) tries each property on twenty times as many examples, and on the same ones each time: a change that turns CI
# red did so by itself. A developer's run tries new ones.
settings.register_profile(
    "ci",
    max_examples=500,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
# `make test` tries a few new examples each time: a promise that breaks seldom is CI's to find.
settings.register_profile("short", max_examples=25, deadline=None)
# `make check` is a first answer: a few examples of each property, the same ones each time.
settings.register_profile("quick", max_examples=10, deadline=None, derandomize=True, database=None)


def pytest_configure() -> None:
    """The compiled library is much that is never garbage: to look through it as often as Python does by default takes an eighth
    of the whole run.
    """
    gc.set_threshold(20_000, 10, 50)


@pytest.fixture(scope="session", autouse=True)
def _cache_of_this_run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Compiled profiles of one test serve the next, as those of one start do; the user's own are not touched."""
    mine = tmp_path_factory.getbasetemp()
    shared = mine.parent if "PYTEST_XDIST_WORKER" in os.environ else mine
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("XDG_CACHE_HOME", str(shared / "cache"))
        yield
