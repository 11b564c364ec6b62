"""Metrics: what the page lists is what is counted, and no value of a call is a label."""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass
from pathlib import Path

import pytest
from prometheus_client import generate_latest

from fhirpath_spine.adapters.metrics import OTHER, TABLE, Counting, Metrics, offer
from fhirpath_spine.errors import SettingsError
from fhirpath_spine.exchange.feedback import Issued
from fhirpath_spine.service import CallRecord

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
ROWS = dict(re.findall(r"^\| `(spine_\w+)` \| ([^|]*)\|", PAGE, re.MULTILINE))
CARD = Issued("c1", "", "", "P", "1.0.0", "warning")
RECORD = CallRecord(
    "d1",
    "general-hospital",
    "spine-patient-view",
    "ok",
    250.0,
    2,
    unread=("conditions:timed-out", "reports:something a server said"),
    issued=(CARD, Issued("c1", "s1", "R", "P", "1.0.0", "warning"), CARD),
)


@dataclass
class Named:
    id: str
    version: str
    digest: str


@dataclass
class Loaded:
    pathways: tuple[Named, ...]


class Last:
    def __init__(self) -> None:
        self.kept: list[CallRecord] = []

    def keep(self, record: CallRecord) -> None:
        self.kept.append(record)


def told(metrics: Metrics) -> list[str]:
    """The lines of the metrics that hold a value."""
    return [line for line in generate_latest(metrics.registry).decode().splitlines() if not line.startswith("#")]


def test_the_page_lists_each_metric_with_its_labels_and_no_other() -> None:
    assert {name: tuple(re.findall(r"`(\w+)`", labels)) for name, labels in ROWS.items()} == {
        name: metric.labels for name, metric in TABLE.items()
    }


def test_each_metric_is_counted_somewhere_and_nothing_else_is() -> None:
    sources = [p.read_text(encoding="utf-8") for p in (ROOT / "src").rglob("*.py")]
    counted = {name for text in sources for name in re.findall(r'count\(\s*"(spine_\w+)"', text)}
    assert counted == set(TABLE)


def test_a_call_is_counted_and_handed_on() -> None:
    metrics, last = Metrics(), Last()
    Counting(metrics.count, last).keep(RECORD)
    assert last.kept == [RECORD]
    lines = told(metrics)
    assert 'spine_calls_total{client="general-hospital",outcome="ok",service="spine-patient-view"} 1.0' in lines
    assert 'spine_call_seconds_bucket{le="0.25",service="spine-patient-view"} 1.0' in lines
    assert 'spine_cards_total{indicator="warning",pathway="P"} 2.0' in lines


def test_a_reason_that_is_on_no_list_is_no_label() -> None:
    metrics = Metrics()
    Counting(metrics.count, Last()).keep(RECORD)
    reasons = {line for line in told(metrics) if line.startswith("spine_unread_total")}
    assert reasons == {'spine_unread_total{reason="timed-out"} 1.0', f'spine_unread_total{{reason="{OTHER}"}} 1.0'}


def test_what_is_not_in_force_any_more_is_told_as_0() -> None:
    metrics = Metrics()
    metrics.of(Loaded((Named("P", "1.0.0", "a"), Named("Q", "1.0.0", "b"))), "1.0.0")  # type: ignore[arg-type]
    metrics.of(Loaded((Named("P", "1.0.0", "c"), Named("Q", "1.0.0", "b"))), "1.0.0")  # type: ignore[arg-type]
    infos = {line.partition('"')[2][0] + line[-3:] for line in told(metrics) if line.startswith("spine_pathway_info")}
    assert infos == {"a0.0", "b1.0", "c1.0"}


def test_an_address_that_is_taken_is_said() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(SettingsError, match="cannot be offered"):
        offer(f"127.0.0.1:{taken.getsockname()[1]}", Metrics().registry)
