"""What the service counts, for Prometheus: each metric with labels whose values come from a closed list, none from a call.

``TABLE`` is the list, and the page for whoever runs the service repeats it. Who counts something says its name and labels; where
nobody asked for metrics, nothing is counted and the library is not loaded.
"""

from __future__ import annotations

import os
import socket
import threading
from collections import Counter as Tally
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, make_wsgi_app
from prometheus_client.multiprocess import MultiProcessCollector

from fhirpath_spine.errors import SettingsError, StoreAway
from fhirpath_spine.exchange.incoming.answers import UnreadReason
from fhirpath_spine.pathway.model import Library
from fhirpath_spine.service import CallRecord, Count, Journal

SHARED = "PROMETHEUS_MULTIPROC_DIR"
"""Names the folder in which workers count together; the library reads it when it is loaded."""
BUCKETS = (0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
OTHER = "other"
"""Stands for a value that is on no list; it is never to be seen."""


@dataclass(frozen=True, slots=True)
class Metric:
    """What is counted: a ``counter``, a ``gauge`` or a ``histogram``, its words, and the names of its labels."""

    kind: str
    words: str
    labels: tuple[str, ...] = ()


TABLE: Mapping[str, Metric] = {
    "spine_calls_total": Metric("counter", "calls, by what came of them", ("service", "client", "outcome")),
    "spine_call_seconds": Metric("histogram", "time of a call", ("service",)),
    "spine_cards_total": Metric("counter", "cards that were sent", ("pathway", "indicator")),
    "spine_unread_total": Metric("counter", "keys that could not be read to their end", ("reason",)),
    "spine_refused_total": Metric("counter", "requests that were answered with an error", ("code",)),
    "spine_unauthorized_total": Metric("counter", "calls that were answered 401", ("reason",)),
    "spine_feedback_total": Metric("counter", "items of feedback that were kept", ("outcome",)),
    "spine_records_lost_total": Metric("counter", "records of calls that found no place"),
    "spine_spool_bytes": Metric("gauge", "records of calls that wait for the store"),
    "spine_keys_read_timestamp_seconds": Metric("gauge", "when keys of a client were last read well", ("client",)),
    "spine_reloads_total": Metric("counter", "reloads of the content", ("result",)),
    "spine_pathway_info": Metric(
        "gauge", "1 for each pathway in force, 0 for one that was before", ("pathway", "version", "digest")
    ),
    "spine_build_info": Metric("gauge", "1 for the release", ("version",)),
}


class Metrics:
    """The metrics of a process; with a folder that workers share, those of all."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        self._made: dict[str, Counter | Gauge | Histogram] = {name: _made(name, self.registry) for name in TABLE}
        self._told: set[tuple[str, str, str]] = set()

    def count(self, name: str, amount: float = 1.0, **labels: str) -> None:
        """Adds to a counter, sets a gauge, or tells a histogram."""
        found = self._made[name]
        child: Any = found.labels(**labels) if labels else found
        match TABLE[name].kind:
            case "counter":
                child.inc(amount)
            case "gauge":
                child.set(amount)
            case _:
                child.observe(amount)

    def of(self, library: Library, version: str) -> None:
        """Tells which pathways are in force, and which are no more."""
        told = {(pathway.id, pathway.version, pathway.digest) for pathway in library.pathways}
        # Of the workers' common metrics nothing can be taken away.
        for pathway_id, version_, digest in self._told - told:
            self.count("spine_pathway_info", 0, pathway=pathway_id, version=version_, digest=digest)
        for pathway_id, version_, digest in told:
            self.count("spine_pathway_info", pathway=pathway_id, version=version_, digest=digest)
        self._told = told
        self.count("spine_build_info", version=version)


def _made(name: str, registry: CollectorRegistry) -> Counter | Gauge | Histogram:
    metric = TABLE[name]
    if metric.kind == "counter":
        return Counter(name, metric.words, metric.labels, registry=registry)
    if metric.kind == "gauge":
        return Gauge(name, metric.words, metric.labels, registry=registry, multiprocess_mode="mostrecent")
    return Histogram(name, metric.words, metric.labels, registry=registry, buckets=BUCKETS)


def are_shared() -> bool:
    """Whether workers count together, and another process offers what they count."""
    return SHARED in os.environ


Page = Callable[[], str]


def offer(address: str, registry: CollectorRegistry, pages: Mapping[str, Page] | None = None) -> None:
    """Offers metrics at ``host:port``, on a thread of their own; those of all workers where they share a folder. ``pages`` are
    HTML, made when somebody asks for their path.

    Raises:
        SettingsError: it cannot be listened on.

    """
    if are_shared():
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    host, _, port = address.rpartition(":")
    try:
        family, _, _, _, found = socket.getaddrinfo(host.strip("[]"), int(port), type=socket.SOCK_STREAM)[0]
        kind = type("Offering", (_Threaded,), {"address_family": family})
        server: WSGIServer = make_server(
            str(found[0]), int(port), _routed(make_wsgi_app(registry), pages or {}), kind, _Quiet
        )
    except OSError as error:
        raise SettingsError(
            f"The metrics cannot be offered at port {port} of {host}: {error.strerror or 'the name is not known'}.",
            hint="Choose another SPINE_METRICS_ADDR, or end what listens there.",
        ) from None
    threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()


class _Threaded(ThreadingMixIn, WSGIServer):
    """Who reads slowly keeps nobody else waiting."""

    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    """Writes no line for each question."""

    timeout = 10

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is given
        del format, args


def _routed(metrics: Any, pages: Mapping[str, Page]) -> Any:
    def answer(environ: dict[str, Any], start: Any) -> Any:
        page = pages.get(environ.get("PATH_INFO", ""))
        if page is None:
            return metrics(environ, start)
        try:
            status, text = "200 OK", page()
        except (SettingsError, StoreAway) as error:
            status, text = "503 Service Unavailable", f"<!doctype html><title>Not now</title><p>{error.message}</p>"
        body = text.encode()
        start(status, [*_HEADERS, ("Content-Length", str(len(body)))])
        return [body]

    return answer


_HEADERS = [
    ("Content-Type", "text/html; charset=utf-8"),
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "no-referrer"),
]


class Counting:
    """A journal that counts each record, and hands it on."""

    def __init__(self, count: Count, journal: Journal) -> None:
        self._count, self._journal = count, journal

    def keep(self, record: CallRecord) -> None:
        """Counts a record, and hands it on."""
        self._count("spine_calls_total", service=record.service, client=record.client, outcome=record.outcome)
        self._count("spine_call_seconds", record.milliseconds / 1000, service=record.service)
        for (pathway, indicator), number in Tally(
            (one.pathway, one.indicator) for one in record.issued if not one.suggestion
        ).items():
            self._count("spine_cards_total", number, pathway=pathway, indicator=indicator)
        for unread in record.unread:
            reason = unread.partition(":")[2]
            self._count("spine_unread_total", reason=reason if reason in _REASONS else OTHER)
        self._journal.keep(record)


_REASONS = frozenset(map(str, UnreadReason))
