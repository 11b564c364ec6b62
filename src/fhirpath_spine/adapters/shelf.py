"""A folder of the user's own in which bytes are kept between starts. It is a convenience and never a source: what is damaged,
cut short, or could have been written by somebody else is as good as not there, and what cannot be written is not kept.

Bytes that are kept may be code. So the folder and each file belong to the user of the process and to nobody else (0700, 0600),
links are not followed, and the digest of the bytes stands before them. Where a system names no owners, nothing is kept.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

MAGIC = b"spine-shelf-1\n"
ENTRIES = 8
"""Entries that are kept; the oldest go first. One entry is about 1 MB."""
LARGEST = 1 << 28
"""Bytes of the largest entry that is read."""
_HEAD = len(MAGIC) + hashlib.sha256().digest_size
_OPEN = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)


class Shelf:
    """The folder. It is made when something is kept for the first time. ``user`` is whose it has to be; default: ours."""

    def __init__(self, folder: Path, user: int | None = None) -> None:
        self.folder = folder
        self._user = os.geteuid() if user is None and hasattr(os, "geteuid") else user

    def get(self, name: str) -> bytes | None:
        """What is kept under a name, if it can be trusted."""
        try:
            with self._opened() as folder, open(name, "rb", opener=_beside(folder, os.O_RDONLY)) as file:
                info = os.fstat(file.fileno())
                if not (stat.S_ISREG(info.st_mode) and self._is_ours(info) and _HEAD <= info.st_size <= LARGEST):
                    return None
                whole = file.read()
        except OSError:
            return None
        data = whole[_HEAD:]
        return data if whole[:_HEAD] == MAGIC + hashlib.sha256(data).digest() else None

    def put(self, name: str, data: bytes) -> bool:
        """Keeps bytes under a name; whether that was possible. Another process sees the whole of them, or none."""
        passing = f".{name}.{secrets.token_hex(8)}"
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with self._opened() as folder:
                flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
                try:
                    with open(passing, "wb", opener=_beside(folder, flags)) as file:
                        file.write(MAGIC + hashlib.sha256(data).digest() + data)
                    os.replace(passing, name, src_dir_fd=folder, dst_dir_fd=folder)
                except OSError:
                    _remove(passing, folder)
                    raise
                _thin(folder)
        except OSError:
            return False
        return True

    @contextmanager
    def _opened(self) -> Iterator[int]:
        """The folder held open, so that it cannot be exchanged between the look at its owner and the use.

        Raises:
            OSError: there is none, or it is not ours alone.

        """
        if self._user is None:
            raise PermissionError("this system names no owners")
        folder = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY | _OPEN)
        try:
            if not self._is_ours(os.fstat(folder)):
                raise PermissionError("the folder is open to others")
            yield folder
        finally:
            os.close(folder)

    def _is_ours(self, info: os.stat_result) -> bool:
        return info.st_uid == self._user and not info.st_mode & 0o077


def _beside(folder: int, flags: int) -> Callable[[str, int], int]:
    return lambda name, _: os.open(name, flags | _OPEN, 0o600, dir_fd=folder)


def _remove(name: str, folder: int) -> None:
    try:
        os.unlink(name, dir_fd=folder)
    except OSError:
        return


def _thin(folder: int) -> None:
    """Removes the oldest entries, and what a process left behind that was ended while it wrote."""
    with os.scandir(folder) as entries:
        aged = sorted(((e.stat(follow_symlinks=False).st_mtime_ns, e.name) for e in entries), reverse=True)
    for _, name in aged[ENTRIES:]:
        _remove(name, folder)
