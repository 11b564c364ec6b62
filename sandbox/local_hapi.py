"""Starts the HAPI server of this folder, for ``make hapi`` and for the tests in ``tests/hapi``.

Run as a program it also loads the invented patients, says how to call the service with them, and stays until Ctrl-C.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).resolve().parent
SERVER = HERE / "hapi"
CHARTS = (HERE / "patients", HERE.parent / "tests" / "clinical" / "cases")
PORT = 18080
JAVA = 17
EXAMPLE = "spine-demo-resectable"


class StartError(Exception):
    """The server did not start; the message says why and what to do."""


def missing() -> list[str]:
    """What has to be installed before the server can be built and started; empty if nothing."""
    found = []
    java = shutil.which("java")
    version = _java_version(java) if java else 0
    if version < JAVA:
        have = f" (found: Java {version})" if version else ""
        found.append(f"Java {JAVA} or newer{have}. Debian and Ubuntu: apt install openjdk-17-jdk-headless")
    if shutil.which("mvn") is None:
        found.append("Maven 3.8 or newer. Debian and Ubuntu: apt install maven")
    if shutil.which("curl") is None:
        found.append("curl. Debian and Ubuntu: apt install curl")
    return found


def _java_version(java: str) -> int:
    try:
        said = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return 0
    numbers = re.search(r'version "(?:1\.)?(\d+)', said.stderr + said.stdout)
    return int(numbers.group(1)) if numbers else 0


def free_port(preferred: int = PORT) -> int:
    """The preferred port if nobody listens there, else one that the system gives."""
    for port in (preferred, 0):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise StartError("No port is free on 127.0.0.1.")


@contextmanager
def running(port: int, settings: Mapping[str, str] | None = None, server: Path = SERVER) -> Iterator[str]:
    """The server on this port, by its base address; stopped when the block is left.

    ``settings`` are the HAPI_* variables of ``start.sh``, which stands in the folder of the server.

    Raises:
        StartError: it did not answer in time, or ended; its log is named.

    """
    log = server / "target" / f"hapi-{port}.log"
    environ = {**os.environ, "HAPI_LOG": str(log), **(settings or {})}
    # A session of its own: the server is a grandchild, and is ended with its whole group.
    starter = subprocess.Popen(
        [str(server / "start.sh"), str(port)], stdout=subprocess.PIPE, text=True, env=environ, start_new_session=True
    )
    try:
        out, _ = starter.communicate()
        if starter.returncode != 0 or not out.strip():
            raise StartError(f"HAPI did not start on port {port}; see {log.relative_to(server.parents[1])}.")
        yield out.split()[0]
    finally:
        _end(starter)


def _end(starter: subprocess.Popen[str]) -> None:
    """Ends the starter and all that it started: politely, then not."""
    for number, patience in ((signal.SIGTERM, 20.0), (signal.SIGKILL, 2.0)):
        until = time.monotonic() + patience
        try:
            os.killpg(starter.pid, number)
            while time.monotonic() < until:
                starter.poll()  # or it stays in the group as a zombie
                os.killpg(starter.pid, 0)
                time.sleep(0.1)
        except ProcessLookupError:
            break
    if starter.stdout is not None:
        starter.stdout.close()


def _load(base: str) -> bool:
    command = str(Path(sys.executable).with_name("fhirpath-spine"))
    for charts in CHARTS:
        if charts.is_dir():
            words = [command, "sandbox", "load", "--fhir", base, str(charts)]
            environ = {**os.environ, "SPINE_SANDBOX_TOKEN": os.environ.get("HAPI_TOKEN", "")}
            if subprocess.run(words, stdout=subprocess.DEVNULL, env=environ, check=False).returncode != 0:
                return False
    return True


def _instructions(base: str) -> str:
    token = ' --token "$HAPI_TOKEN"' if os.environ.get("HAPI_TOKEN") else ""
    command = os.path.relpath(Path(sys.executable).with_name("fhirpath-spine"))
    return (
        f"\nA real FHIR server, with invented patients: {base}\n\n"
        "In another terminal, call the service as an EHR does when a chart is opened:\n"
        f"  {command} call patient-view --patient {EXAMPLE} --fhir {base}{token}\n\n"
        "Everything is in memory. Ctrl-C ends the server."
    )


def _leave(number: int, frame: object) -> None:
    """Ends the program once; a second Ctrl-C must not leave the server behind that the first is ending."""
    del number, frame
    for later in (signal.SIGTERM, signal.SIGINT):
        signal.signal(later, signal.SIG_IGN)
    raise KeyboardInterrupt


def main() -> int:
    """Serves until Ctrl-C or SIGTERM. Exit: 0 ended so, 1 something is missing, or the server failed."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--port", type=int, default=PORT, help=f"default {PORT}, or another one if that is taken")
    port = words.parse_args().port
    if absent := missing():
        print("make hapi needs, beside Python:", *(f"  - {line}" for line in absent), sep="\n", file=sys.stderr)
        print("With Docker instead: docker compose -f sandbox/compose.yaml up", file=sys.stderr)
        return 1
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _leave)
    try:
        if not (SERVER / "target" / "cp.txt").is_file():
            print("The first start builds the server: Maven downloads about 400 MB, once.", file=sys.stderr)
        print("HAPI takes half a minute to start.", file=sys.stderr)
        with running(free_port(port)) as base:
            if not _load(base):
                return 1
            print(_instructions(base), flush=True)
            while _answers(base):
                time.sleep(2)
            print("HAPI has ended by itself; its log is in sandbox/hapi/target.", file=sys.stderr)
            return 1
    except StartError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0


def _answers(base: str) -> bool:
    host, port = base.split("/")[2].split(":")
    try:
        socket.create_connection((host, int(port)), timeout=10).close()
    except OSError:
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
