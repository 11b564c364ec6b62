"""The face of a room: the names that others may use, each imported from its file when it is first asked for.

Until then a face costs nothing. A start that needs one file of a room does not wait for the others, and the files of the
package go on naming each other directly.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any


def face(room: str, **files: str) -> tuple[list[str], Callable[[str], Any]]:
    """``__all__`` and ``__getattr__`` of a room, from its files and the names that each of them gives, with a blank between.

    A name may not be that of a file of the room: who asks for it would get the module once that is imported.
    """
    places = {name: file for file, names in files.items() for name in names.split()}

    def named(name: str) -> Any:
        if name not in places:
            raise AttributeError(f"module {room!r} has no attribute {name!r}")
        return getattr(import_module(f"{room}.{places[name]}"), name)

    return sorted(places), named
