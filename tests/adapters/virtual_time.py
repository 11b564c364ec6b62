"""Event loops whose time a test holds: one whose time passes by waiting alone, and then at once, so that what a call waits for is
exact and costs nothing; and one whose clock a test puts forward when something has happened.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


class _Skipping(selectors.DefaultSelector):  # type: ignore[valid-type,misc]
    """Waits for nothing: instead of that, the time that it would have waited is over."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        found: list[tuple[selectors.SelectorKey, int]] = super().select(0)
        if not found:
            assert timeout is not None, "everything waits, and nothing will ever happen"
            self.now += timeout
        return found


class VirtualLoop(asyncio.SelectorEventLoop):
    """Starts at zero seconds."""

    def __init__(self) -> None:
        self._skipping = _Skipping()
        super().__init__(self._skipping)

    def time(self) -> float:
        return self._skipping.now


class AheadLoop(asyncio.SelectorEventLoop):
    """Real time, put forward by ``ahead`` seconds: for what needs sockets or threads, and a time that is over."""

    ahead = 0.0

    def time(self) -> float:
        return super().time() + self.ahead


def put_forward(seconds: float) -> None:
    """Lets so many seconds pass at once, in a loop that runs by :func:`ahead`."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, AheadLoop)
    loop.ahead += seconds


def ahead(work: Callable[[], Awaitable[T]]) -> T:
    """What comes of some work in a loop whose clock can be put forward."""

    async def run() -> T:
        return await work()

    with asyncio.Runner(loop_factory=AheadLoop) as runner:
        return runner.run(run())


def waited(work: Callable[[], Awaitable[T]]) -> tuple[T, float]:
    """What comes of some work, and how many seconds it waited for it in all."""

    async def run() -> T:
        return await work()

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        result = runner.run(run())
        return result, runner.get_loop().time()
