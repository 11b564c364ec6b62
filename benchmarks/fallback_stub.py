"""A FHIR server that answers after a fixed time, as a process of its own, so that its work is not counted as ours.

``python -m benchmarks.fallback_stub`` reads a hook request with its prefetch from stdin, prints its port, and serves each key's
resources in pages under ``/<milliseconds>/fhir``, until its stdin is closed.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import orjson

PAGE = 20
"""Resources of a page: what HAPI gives where nobody configures it."""


class Pages:
    """Answers by target, encoded beforehand."""

    def __init__(self, request: dict[str, Any], templates: dict[str, str]) -> None:
        patient = request["context"]["patientId"]
        self._keys = {q.replace("{{context.patientId}}", patient): key for key, q in templates.items()}
        self._prefetch = request["prefetch"]

    def answer(self, target: str, origin: str) -> tuple[float, bytes]:
        """Seconds to wait, and the body."""
        url = urlsplit(target)
        latency, _, rest = url.path.removeprefix("/").partition("/")
        if "_getpages=" in url.query:
            query = parse_qs(url.query)
            key, offset = query["_getpages"][0], int(query["_getpagesoffset"][0])
        else:
            key, offset = self._keys[unquote(f"{rest.removeprefix('fhir/')}?{url.query}".rstrip("?"))], 0
        found = self._prefetch[key]
        if found["resourceType"] == "Bundle":
            entries = found["entry"]
            next_ = f"{origin}/{latency}/fhir?_getpages={key}&_getpagesoffset={offset + PAGE}"
            more = [{"relation": "next", "url": next_}] if offset + PAGE < len(entries) else []
            found = {**found, "link": more, "entry": entries[offset : offset + PAGE]}
        return float(latency) / 1000, orjson.dumps(found)


async def serve(pages: Pages) -> None:
    """Serves on a free port until stdin is closed."""
    origin = ""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                seconds, body = pages.answer(head.split(b" ", 2)[1].decode(), origin)
                await asyncio.sleep(seconds)
                fields = f"Content-Type: application/fhir+json\r\nContent-Length: {len(body)}"
                writer.write(f"HTTP/1.1 200 OK\r\n{fields}\r\n\r\n".encode() + body)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    origin = f"http://127.0.0.1:{port}"
    print(port, flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.buffer.read)


def main() -> None:
    """Takes the first line of stdin and serves it."""
    given = orjson.loads(sys.stdin.buffer.readline())
    asyncio.run(serve(Pages(given["request"], given["templates"])))


if __name__ == "__main__":
    main()
