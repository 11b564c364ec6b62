"""Starts the service of an installed wheel where there is no network, no Node and no checkout, and reads its pages.

python serves_alone.py FOLDER-OF-THE-ENVIRONMENT         in an empty network: `unshare --net`, or with `--user --map-root-user`
python serves_alone.py FOLDER-OF-THE-ENVIRONMENT guard   where a machine gives none: whoever asks for another machine is stopped
"""

from __future__ import annotations

import fcntl
import socket
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

PORT = 8000
PAGES = ("/", "/patient?name=09-schwannoma-safely-resectable", "/caller", "/pathways", "/pathways/PW-NEURO", "/docs")
ASSETS = ("/assets/spine.css", "/openapi.json", "/cds-services")
SIOCSIFFLAGS, IFF_UP = 0x8914, 1


GUARD = """
import sys
def guard(event, given):
    if event == "socket.getaddrinfo" and given[0] not in (None, "", "localhost", "127.0.0.1", b"127.0.0.1"):
        raise PermissionError(f"asked for {given[0]}")
    if event == "socket.connect" and isinstance(given[1], tuple) and given[1][0] not in ("127.0.0.1", "::1"):
        raise PermissionError(f"called {given[1][0]}")
sys.addaudithook(guard)
"""
"""What stands in for an empty network: it is loaded by each interpreter of the environment before anything else."""
ELSEWHERE = "import socket; socket.create_connection(('192.0.2.1', 443), 1)"


def loopback() -> None:
    """Sets up this machine's own address in an empty network."""
    with socket.socket() as found:
        fcntl.ioctl(found, SIOCSIFFLAGS, struct.pack("16sh", b"lo", IFF_UP))


def nothing_else(python: Path, clean: dict[str, str]) -> None:
    """Makes sure that no other machine can be reached: else this would show nothing."""
    tried = subprocess.run([python, "-c", ELSEWHERE], env=clean, capture_output=True, text=True, check=False)
    last = (tried.stderr.strip().splitlines() or ["another machine answered"])[-1]
    if tried.returncode == 0 or not last.startswith(("OSError: [Errno 101]", "PermissionError: ")):
        sys.exit(f"there is a network here: {last}")
    print(f"no network: {last}")


def read(address: str) -> tuple[int, str]:
    """Status and text of an address of this machine."""
    with build_opener(ProxyHandler({})).open(address, timeout=60) as answer:
        return answer.status, answer.read().decode("utf-8")


def main(environment: Path, *, guarded: bool) -> None:
    """Reads each page once; the exit status is 1 where one is not there."""
    programs = environment / "bin"
    with tempfile.TemporaryDirectory() as empty:
        clean = {"PATH": str(programs), "HOME": empty, "SPINE_MODE": "dev"}
        if guarded:
            (Path(empty) / "sitecustomize.py").write_text(GUARD, encoding="utf-8")
            clean["PYTHONPATH"] = empty
        else:
            loopback()
        nothing_else(programs / "python", clean)
        if (programs / "node").exists():
            sys.exit("there is a Node in the environment")
        service = subprocess.Popen([programs / "fhirpath-spine", "serve", "--port", str(PORT)], cwd=empty, env=clean)
        try:
            wait(service)
            for path in (*PAGES, *ASSETS):
                status, text = read(f"http://127.0.0.1:{PORT}{path}")
                print(f"HTTP {status}, {len(text)} characters: {path}")
                if path in PAGES and ("<h1" not in text or "</html>" not in text):
                    sys.exit(f"{path} is no page")
        finally:
            service.terminate()
            service.wait(30)


def wait(service: subprocess.Popen[bytes]) -> None:
    """Waits until the service answers."""
    end = time.monotonic() + 120
    while True:
        try:
            read(f"http://127.0.0.1:{PORT}/cds-services")
        except (URLError, OSError):
            if service.poll() is not None or time.monotonic() > end:
                sys.exit("the service did not start")
            time.sleep(0.2)
        else:
            return


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), guarded="guard" in sys.argv[2:])
