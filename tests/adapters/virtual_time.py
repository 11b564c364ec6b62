"""An event loop whose time passes by waiting alone, and then at once: what a call waits for is exact, and costs nothing."""

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


def waited(work: Callable[[], Awaitable[T]]) -> tuple[T, float]:
    """What comes of some work, and how many seconds it waited for it in all."""

    async def run() -> T:
        return await work()

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        result = runner.run(run())
        return result, runner.get_loop().time()
