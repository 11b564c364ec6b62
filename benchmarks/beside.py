"""``python -m benchmarks.beside``: how long ``/livez`` takes while the largest body that is taken is parsed and judged.

The service is the one of the command line; the body holds nearly 10,000 resources in as many bytes as a body may have. A second
caller asks ``/livez`` again and again until the call is answered. Printed are the slowest answers, and what the call took.
"""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Iterable

import orjson

from benchmarks import served

RESOURCES, PADDING = 9_900, 1_100
PROMISED = 0.1
"""Seconds within which /livez answers."""


def body(keys: Iterable[str]) -> bytes:
    """A call with as many resources as one may have, and texts that fill it up to the limit; the other keys found nothing."""
    entries = [
        {
            "resource": {
                "resourceType": "Observation",
                "id": f"o{number}",
                "status": "final",
                "subject": {"reference": "Patient/42"},
                "effectiveDateTime": "2026-06-09",
                "code": {"coding": [{"system": "http://loinc.org", "code": "72514-3"}]},
                "valueInteger": number % 11,
                "note": [{"text": "Words, and [more] words: " + "x" * PADDING}],
                "identifier": [{"system": f"urn:s{place}", "value": "v"} for place in range(8)],
            }
        }
        for number in range(RESOURCES)
    ]
    return orjson.dumps(
        {
            "hook": "patient-view",
            "hookInstance": "beside",
            "context": {"userId": "Practitioner/1", "patientId": "42"},
            "prefetch": {
                **dict.fromkeys(keys),
                "patient": {"resourceType": "Patient", "id": "42", "birthDate": "1980-03-02"},
                "observations-pain": {"resourceType": "Bundle", "type": "searchset", "entry": entries},
            },
        }
    )


def main() -> int:
    """Prints the times; 1 if an answer took longer than promised."""
    times, ended = list[float](), threading.Event()

    def watch(port: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        while not ended.is_set():
            began = time.perf_counter()
            connection.request("GET", "/livez")
            connection.getresponse().read()
            times.append(time.perf_counter() - began)
            time.sleep(0.002)

    with served.ours() as service:
        port = service.connection.port
        service.connection.request("GET", "/cds-services")
        described = orjson.loads(service.connection.getresponse().read())
        sent = body(described["services"][0]["prefetch"])
        watching = threading.Thread(target=watch, args=(port,))
        watching.start()
        took, statuses = [], []
        for _ in range(5):
            began = time.perf_counter()
            service.connection.request("POST", served.PATH, sent, {"Content-Type": "application/json"})
            answer = service.connection.getresponse()
            answer.read()
            statuses.append(answer.status)
            took.append(time.perf_counter() - began)
        ended.set()
        watching.join()
    worst = sorted(times)[-3:]
    print(
        f"{len(sent) / 1024 / 1024:.1f} MiB, {RESOURCES:,} resources: {statuses}, {sorted(took)[2]:.2f} s (median of 5)."
    )
    print(f"/livez meanwhile, {len(times)} times: slowest {', '.join(f'{t * 1000:.0f} ms' for t in worst)}.")
    return 1 if worst[-1] > PROMISED else 0


if __name__ == "__main__":
    raise SystemExit(main())
