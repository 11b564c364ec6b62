"""A browser without a window, spoken to by its own protocol (CDP): no driver, no Node, one WebSocket.

Keys are pressed as a person presses them; what the page logs and what it asks the network for is kept.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from websockets.sync.client import ClientConnection, connect

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-port=0",
)
PATIENCE = 60.0
"""Seconds that a browser has to start, and a page to be there. Nobody is judged by them."""
KEYS = {
    "Tab": (9, ""),
    "Enter": (13, "\r"),
    "ArrowDown": (40, ""),
    "ArrowUp": (38, ""),
    " ": (32, " "),
    "Home": (36, ""),
}


def found() -> str | None:
    """The browser of this machine, if there is one."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


@dataclass
class Tab:
    """One page of the browser."""

    socket: ClientConnection
    number: int = 0
    logged: list[str] = field(default_factory=list)
    """What the console said that is an error or a warning."""
    asked: list[str] = field(default_factory=list)
    """Each address that the page asked for."""
    loads: int = 0

    def send(self, method: str, **given: Any) -> dict[str, Any]:
        """What the browser answers."""
        self.number += 1
        mine = self.number
        self.socket.send(json.dumps({"id": mine, "method": method, "params": given}))
        while True:
            message = json.loads(self.socket.recv(timeout=PATIENCE))
            if message.get("id") == mine:
                assert "error" not in message, f"{method}: {message['error']}"
                return dict(message["result"])
            self._hear(message)

    def _hear(self, message: dict[str, Any]) -> None:
        given = message.get("params", {})
        match message.get("method"):
            case "Runtime.exceptionThrown":
                self.logged.append(str(given["exceptionDetails"].get("text")))
            case "Runtime.consoleAPICalled" if given["type"] in ("error", "warning", "assert"):
                self.logged.append(str(given["args"]))
            case "Log.entryAdded" if given["entry"]["level"] in ("error", "warning"):
                self.logged.append(str(given["entry"]["text"]))
            case "Network.requestWillBeSent":
                self.asked.append(str(given["request"]["url"]))
            case "Page.loadEventFired":
                self.loads += 1

    def value(self, script: str) -> Any:
        """What a piece of script is worth; a promise is waited for. The page's own policy does not bind who looks at it."""
        got = self.send("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in got, got["exceptionDetails"]
        return got["result"].get("value")

    def open(self, address: str) -> None:
        """Goes there, and waits until it is there."""
        with self.loading():
            self.send("Page.navigate", url=address)

    @contextmanager
    def loading(self) -> Iterator[None]:
        """What is done here leads to another page; it is there afterwards."""
        before = self.loads
        yield
        self.until(lambda: self.loads > before)

    def until(self, holds: Callable[[], bool]) -> None:
        """Waits until something holds."""
        end = time.monotonic() + PATIENCE
        while not holds():
            assert time.monotonic() < end, "the browser did not come to it"
            self.send("Runtime.evaluate", expression="1")
            time.sleep(0.02)

    def press(self, key: str, times: int = 1) -> None:
        """Presses a key."""
        code, text = KEYS[key]
        given = {"key": key, "windowsVirtualKeyCode": code, **({"text": text} if text else {})}
        for _ in range(times):
            self.send("Input.dispatchKeyEvent", type="keyDown", **given)
            self.send("Input.dispatchKeyEvent", type="keyUp", key=key, windowsVirtualKeyCode=code)

    def write(self, text: str) -> None:
        """Writes where the focus is."""
        self.send("Input.insertText", text=text)

    def focused(self) -> str:
        """What has the focus: its id, else its text."""
        return str(self.value("(e => e.id || e.textContent.trim())(document.activeElement)"))

    def tab_to(self, wanted: str) -> None:
        """Presses the tab key until that id or text has the focus, which has to be seen there."""
        for _ in range(400):
            self.press("Tab")
            if self.focused() == wanted:
                seen = self.value("getComputedStyle(document.activeElement).outlineStyle")
                assert seen != "none", f"the focus on {wanted} is not seen"
                return
        raise AssertionError(f"the tab key does not reach {wanted}")

    def size(self, width: int, height: int = 900) -> None:
        """Makes the window that wide (CSS pixels)."""
        self.send("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def picture(self, path: Path, of: str = "") -> None:
        """Keeps what is seen, or the whole of one element, however long it is."""
        self.send("Emulation.setScrollbarsHidden", hidden=True)
        given: dict[str, Any] = {"captureBeyondViewport": bool(of)}
        if of:
            box = self.value(f"JSON.stringify(document.querySelector({json.dumps(of)}).getBoundingClientRect())")
            found = json.loads(box)
            given["clip"] = {**{k: found[k] for k in ("x", "y", "width", "height")}, "scale": 1}
        got = self.send("Page.captureScreenshot", format="png", **given)
        path.write_bytes(base64.b64decode(got["data"]))

    def printed(self) -> bytes:
        """The page as PDF."""
        return base64.b64decode(self.send("Page.printToPDF", printBackground=False)["data"])


@contextmanager
def browsing(program: str) -> Iterator[Tab]:
    """A new browser with an empty profile, and one page in it."""
    folder = Path(tempfile.mkdtemp(prefix="spine-browser-"))
    process = subprocess.Popen(
        [program, *FLAGS, f"--user-data-dir={folder}", "about:blank"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "HOME": str(folder)},
    )
    try:
        with connect(_page(folder, process), max_size=None, compression=None) as socket:
            tab = Tab(socket)
            for domain in ("Page", "Runtime", "Log", "Network"):
                tab.send(f"{domain}.enable")
            yield tab
    finally:
        process.terminate()
        process.wait(PATIENCE)
        shutil.rmtree(folder, ignore_errors=True)


def _page(folder: Path, process: subprocess.Popen[bytes]) -> str:
    """Where the first page of a browser that has just been started listens."""
    told, end = folder / "DevToolsActivePort", time.monotonic() + PATIENCE
    while not (told.is_file() and told.read_text().count("\n")):
        assert process.poll() is None, "the browser ended before it was there"
        assert time.monotonic() < end, "the browser did not start"
        time.sleep(0.05)
    port = told.read_text().split("\n")[0]
    with urlopen(f"http://127.0.0.1:{port}/json/list", timeout=PATIENCE) as answer:
        pages = json.load(answer)
    return next(str(page["webSocketDebuggerUrl"]) for page in pages if page["type"] == "page")
