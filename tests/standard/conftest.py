"""The judges of CDS Hooks that others wrote. In CI (``CI=true``) one that cannot be had is a failure; elsewhere, without Java or
Maven, one test is left and skipped, and says so.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.kit import standard
from tests.standard import artifacts

_counts: dict[str, str] = {}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    mine = [item for item in items if Path(item.path).parent == Path(__file__).parent]
    for item in mine:
        item.add_marker(pytest.mark.standard)
    wanted = mine and "not standard" not in config.getoption("markexpr")
    missing = artifacts.missing() if wanted and not artifacts.IN_CI else []
    if missing:
        why = f"NO JUDGE OF CDS HOOKS WAS ASKED, {len(mine)} tests did not run. Needed: {'; '.join(missing)}"
        mine[0].add_marker(pytest.mark.skip(reason=why))
        config.hook.pytest_deselected(items=mine[1:])
        items[:] = [item for item in items if item not in mine[1:]]


@pytest.fixture
def counted() -> dict[str, str]:
    """What the last lines say was counted, by what it is."""
    return _counts


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if _counts:
        terminalreporter.write_line(f"CDS Hooks, docs/standard.md: {standard.summary()}")
    for what, number in _counts.items():
        terminalreporter.write_line(f"CDS Hooks, {what}: {number}")
