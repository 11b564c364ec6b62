"""What a caller may take: who sends half of something, or too much at once, costs nobody else anything."""

from __future__ import annotations

import asyncio

import pytest
from fastapi import Request

from fhirpath_spine.entrypoints.http import HEADER_SECONDS, BoundedProtocol, Places, read_bytes
from fhirpath_spine.errors import TooMany, TooSlow
from tests.adapters.virtual_time import ahead, put_forward, waited
from tests.entrypoints.test_serve import PATIENCE


def test_a_body_that_does_not_end_is_given_up() -> None:
    async def receive() -> dict[str, object]:
        await asyncio.sleep(0.02)
        return {"type": "http.request", "body": b" ", "more_body": True}

    scope = {"type": "http", "method": "POST", "headers": [(b"content-type", b"application/json")]}
    with pytest.raises(TooSlow):
        waited(lambda: read_bytes(Request(scope, receive), 1000, seconds=0.1))


def test_a_client_that_takes_all_its_places_leaves_those_of_others() -> None:
    places = Places(each=2, everyone=3)
    leave = [places.enter("a"), places.enter("a")]
    with pytest.raises(TooMany):
        places.enter("a")
    places.enter("b")
    with pytest.raises(TooMany):
        places.enter("c")
    leave[0].leave()
    places.enter("a")


def test_bytes_under_way_are_counted_and_given_back() -> None:
    places = Places(bytes_each=10, bytes_everyone=15)
    first, second, other = places.enter("a"), places.enter("a"), places.enter("b")
    first.take(6)
    with pytest.raises(TooMany):
        second.take(5)
    second.take(4)
    with pytest.raises(TooMany):
        other.take(6)
    first.leave()
    other.take(6)


class Telling(BoundedProtocol):
    """Says when something was received."""

    heard: asyncio.Event

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self.heard.set()


def test_half_a_header_ends_by_itself() -> None:
    async def story() -> bytes:
        import uvicorn

        async def app(scope: object, receive: object, send: object) -> None:
            raise AssertionError("half a request was answered")

        config = uvicorn.Config(app, http=Telling, lifespan="off", log_config=None)
        config.load()
        server = uvicorn.Server(config)
        loop = asyncio.get_running_loop()
        heard = asyncio.Event()

        def protocol() -> Telling:
            found = Telling(config=config, server_state=server.server_state, app_state={})
            found.heard = heard
            return found

        listening = await loop.create_server(protocol, "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*listening.sockets[0].getsockname())
        writer.write(b"GET /livez HTTP/1.1\r\nHost: a\r\n")
        try:
            await heard.wait()
            put_forward(HEADER_SECONDS)
            return await asyncio.wait_for(reader.read(), PATIENCE)
        finally:
            writer.close()
            listening.close()

    assert ahead(story) == b""
