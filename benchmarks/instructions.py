"""How many instructions a piece of work takes, counted by callgrind: the same to half a percent on a machine however busy.

``counted`` starts this module again under valgrind. There each work is run inside a function of CPython's interface that nothing
else calls, so that callgrind counts from its entry to its return. Loading is not instrumented, or it would take minutes.
"""

from __future__ import annotations

import ctypes
import gc
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import __main__

_ENTERED = "PyRun_SimpleStringFlags"
_SECONDS = 240


def counted() -> dict[str, int]:
    """Instructions of each work of :func:`benchmarks.headline.works`; empty where valgrind is not installed or cannot be used."""
    if not (shutil.which("valgrind") and shutil.which("callgrind_control")):
        return {}
    with tempfile.TemporaryDirectory() as folder:
        command = [
            "valgrind",
            "--tool=callgrind",
            "--instr-atstart=no",
            f"--toggle-collect={_ENTERED}",
            f"--dump-after={_ENTERED}",
            f"--callgrind-out-file={folder}/counts",
            *(sys.executable, "-m", "benchmarks.instructions"),
        ]
        try:
            child = subprocess.run(
                command,
                cwd=Path(__file__).parents[1],
                env={**os.environ, "PYTHONHASHSEED": "0"},
                capture_output=True,
                text=True,
                timeout=_SECONDS,
            )
        except subprocess.TimeoutExpired:
            return {}
        names = child.stdout.splitlines()
        counts = [_summary(Path(folder) / f"counts.{number}") for number in range(1, len(names) + 1)]
    return {name: count for name, count in zip(names, counts, strict=True) if count}


def _summary(file: Path) -> int:
    found = re.search(r"^summary: (\d+)", file.read_text(encoding="utf-8"), re.MULTILINE) if file.exists() else None
    return int(found[1]) if found else 0


def _run(works: Mapping[str, Callable[[], object]]) -> None:
    """Runs each work once between the entry and the return that callgrind watches, and prints its name."""
    for work in works.values():
        work()
        work()
    gc.collect()
    gc.freeze()
    subprocess.run(["callgrind_control", "-i", "on", str(os.getpid())], check=True, capture_output=True, timeout=60)
    for name, work in works.items():
        gc.collect()
        __main__.work = work  # type: ignore[attr-defined]
        ctypes.pythonapi.PyRun_SimpleString(b"work()")
        print(name, flush=True)


if __name__ == "__main__":
    from benchmarks import headline

    _run(headline.works())
