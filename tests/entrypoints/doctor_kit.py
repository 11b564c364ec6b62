"""What the tests of ``doctor`` share: its findings by their check, and a file of clients."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

Rows = dict[str, dict[str, str]]


def by_check(ran: Any) -> Rows:
    rows = ran.json["findings"]
    for row in rows:
        # What is not as it should be says why that matters; what will not work or could be better, what to do.
        assert row["level"] == "PASS" or "why" in row or "not_offered" in row["what"]
        assert row["level"] not in ("WARN", "FAIL") or "do" in row
    order = ["PASS", "INFO", "WARN", "FAIL"]
    worst: Rows = {}
    for row in sorted(rows, key=lambda r: order.index(r["level"])):
        worst[row["check"]] = row
    assert sum(ran.json["summary"].values()) == len(rows)
    return worst


def clients(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    (tmp_path / "clients.yaml").write_text(text, encoding="utf-8")
    monkeypatch.setenv("SPINE_CLIENTS", str(tmp_path / "clients.yaml"))
