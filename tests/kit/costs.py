"""What a piece of work costs, said so that the speed of the machine decides nothing."""

from __future__ import annotations

import gc
import math
import sys
import time
from collections.abc import Callable
from types import FrameType
from typing import Any


def calls_of(work: Callable[[], Any]) -> int:
    """How many calls of functions, of Python and of C, some work takes in this thread."""
    count = 0

    def counted(frame: FrameType, event: str, arg: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(counted)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


def in_proportion(work: Callable[[int], Any], small: int, large: int, times: float) -> bool:
    """Whether ``work(large)`` takes at most so many times the processor time of ``work(small)``. What runs beside this process
    can only delay a yes: the least of each counts, and of a work that grows faster no number of turns makes one that does not.
    """
    least = {small: math.inf, large: math.inf}
    collecting = gc.isenabled()
    gc.disable()  # a collection looks at all that other tests left
    try:
        for turn in range(100):
            for size in least:
                started = time.process_time()
                work(size)
                least[size] = min(least[size], time.process_time() - started)
            if turn >= 4 and least[large] <= times * least[small]:
                return True
    finally:
        if collecting:
            gc.enable()
    return False
