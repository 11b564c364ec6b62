"""Parsing and judging in threads of their own: whoever asks for something small is answered while something large is judged.

Threads, and not processes: a call fetches in the middle of its work, and what it holds would have to be copied back and forth
(the value of a large body takes as long to hand over as to parse). No step holds the interpreter for long, so a few threads that
take turns leave the event loop its own (measured in benchmarks/README.md).
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")
THREADS = 4
"""Calls that compute at once. More would each only take longer: one interpreter runs one of them at a time."""
TURN = 0.001
"""Seconds after which a thread that computes lets another go on, where one waits. Python's own 5 ms are felt by a small answer,
which needs several turns."""


class Threads:
    """What computes, and is waited for without holding anyone up."""

    def __init__(self, number: int = THREADS) -> None:
        self._pool = ThreadPoolExecutor(number, "judging")
        sys.setswitchinterval(TURN)

    async def __call__(self, compute: Callable[..., T], *given: Any) -> T:
        """What the function answers. Who is cancelled before its turn is never computed; what was begun ends by itself."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, compute, *given)

    async def aclose(self) -> None:
        """Takes nothing more; what is begun ends by itself."""
        self._pool.shutdown(wait=False, cancel_futures=True)
