"""``serve`` as a process: who may start it, what it says, how it ends."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from typing import Any

import pytest


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def start(port: int, **settings: str) -> subprocess.Popen[str]:
    command = [
        sys.executable,
        "-c",
        "from fhirpath_spine.entrypoints.commands.main import main; main()",
        "serve",
        "--port",
        str(port),
    ]
    clean = {k: v for k, v in os.environ.items() if not k.startswith("SPINE_")}
    return subprocess.Popen(
        command, env={**clean, **settings}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_prod_refuses_to_start_with_2() -> None:
    process = start(free_port())
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (2, "")
    assert "refuses to start" in err


@pytest.mark.parametrize("command", ["serve", "demo"])
def test_a_port_that_is_taken_is_said_before_anything_is_shown(
    run: Any, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setenv("SPINE_MODE", "dev")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        found = run(command, "--port", str(taken.getsockname()[1]))
    assert (found.code, found.out) == (2, "")
    assert "--port" in found.err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_dev_serves_says_so_loudly_and_a_signal_ends_it_with_0(number: signal.Signals) -> None:
    port = free_port()
    process = start(port, SPINE_MODE="dev", SPINE_CLOCK="2026-06-15T23:59:59Z")
    try:
        assert discovered(port)["services"][0]["id"] == "spine-patient-view"
    finally:
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (0, "")
    assert "callers are NOT authenticated" in err
    assert "Traceback" not in err


WEBSOCKET = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: eA==\r\nSec-WebSocket-Version: 13\r\n"
LEFT = "Content-Type: application/json\r\nContent-Length: 100\r\n"


def test_neither_a_websocket_nor_a_caller_who_hangs_up_leaves_more_than_a_word_in_the_log() -> None:
    port = free_port()
    process = start(port, SPINE_MODE="dev")
    try:
        discovered(port)
        for line, headers in (("GET /x?token=canary4711", WEBSOCKET), ("POST /cds-services/spine-patient-view", LEFT)):
            with socket.create_connection(("127.0.0.1", port), timeout=10) as caller:
                caller.sendall(f"{line} HTTP/1.1\r\nHost: a\r\n{headers}\r\n{{".encode())
                if headers is WEBSOCKET:
                    assert b" 404 " in caller.recv(64)
        discovered(port)
    finally:
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=30)
    assert "caller left while sending" in err
    assert "internal error" not in err
    assert "canary4711" not in err


def discovered(port: int) -> Any:
    deadline = time.monotonic() + 30
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/cds-services", timeout=5) as answer:
                return json.load(answer)
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
