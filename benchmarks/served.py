"""The same calls over HTTP on loopback: our service as it is started by its command line, beside an empty one."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.stacks import AT
from benchmarks.timing import Times, measure

PATH = "/cds-services/spine-patient-view"
START = 120.0
"""Seconds that a server may take to answer its first call."""


@dataclass(slots=True)
class Served:
    """A server process on this machine and one connection to it."""

    process: subprocess.Popen[bytes]
    connection: http.client.HTTPConnection

    def call(self, body: bytes, token: str = "", path: str = PATH) -> bytes:
        """One call of a service, signed where a token is given; anything but 200 is an error."""
        signed = {"Authorization": f"Bearer {token}"} if token else {}
        headers = {"Content-Type": "application/json", **signed}
        try:
            self.connection.request("POST", path, body, headers)
            answer = self.connection.getresponse()
        except ConnectionError:  # closed by the server while the others had their turn
            self.connection.close()
            self.connection.request("POST", path, body, headers)
            answer = self.connection.getresponse()
        text = answer.read()
        if answer.status != 200:
            raise AssertionError(f"{answer.status}: {text[:500]!r}")
        return text

    def times(self, body: bytes, seconds: float) -> Times:
        """Times of the call, one after another on one connection."""
        return measure(lambda: self.call(body), seconds=seconds, warm=5, wall=True)

    def peak_megabytes(self) -> float:
        """The most memory that the process has held, or 0 where the system does not tell."""
        status = Path(f"/proc/{self.process.pid}/status")
        lines = status.read_text(encoding="ascii").splitlines() if status.exists() else []
        return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:")), 0.0)


@contextmanager
def ours(settings: Mapping[str, str] | None = None) -> Iterator[Served]:
    """``fhirpath-spine serve`` with the profiles of this checkout; in development with a fixed clock, if nothing else is set."""
    with _server([str(Path(sys.executable).with_name("fhirpath-spine")), "serve", "--port"], settings) as served:
        yield served


@contextmanager
def empty() -> Iterator[Served]:
    """:mod:`benchmarks.empty` under the same web server."""
    with _server([sys.executable, "-m", "uvicorn", "benchmarks.empty:app", "--no-access-log", "--port"]) as served:
        yield served


@contextmanager
def _server(command: Sequence[str], settings: Mapping[str, str] | None = None) -> Iterator[Served]:
    port = free_port()
    environment = {k: v for k, v in os.environ.items() if not k.startswith("SPINE_")}
    environment |= settings or {"SPINE_MODE": "dev", "SPINE_CLOCK": AT.isoformat()}
    process = subprocess.Popen(
        [*command, str(port)],
        cwd=Path(__file__).parents[1],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _await(port, process)
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        yield Served(process, connection)
        connection.close()
    finally:
        process.terminate()
        process.wait(20)


def _await(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + START
    while time.monotonic() < end and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"The server did not start; it ended with {process.poll()}.")


def free_port() -> int:
    """A port of this machine at which nobody listens."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
