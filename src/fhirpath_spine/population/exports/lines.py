"""The lines of a file, or of a stretch of it, each bounded in length, whatever the file holds."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from typing import IO

from fhirpath_spine.population.exports.export import ExportUnusable, Source
from fhirpath_spine.population.rows.owners import LINE_BYTES

BLOCK = 1024 * 1024
_BOM = b"\xef\xbb\xbf"


def read_lines(source: Source, start: int = 0, end: int | None = None) -> Iterator[tuple[int, bytes]]:
    """The lines that begin in ``[start, end)``, each with its place in the file and without its end.

    A line longer than ``LINE_BYTES`` comes cut one byte after that, so that it is known to be too long.

    Raises:
        ExportUnusable: the file cannot be read to its end.

    """
    try:
        with source.path.open("rb", buffering=BLOCK) as raw:
            # gzip reads in small pieces; the buffer before it finds the line ends in C.
            file = io.BufferedReader(gzip.GzipFile(fileobj=raw), BLOCK) if source.zipped else raw
            yield from _lines(file, start, end)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ExportUnusable(
            f"{source.path.name} ends before its end ({type(error).__name__}), so it holds only a part of its patients.",
            hint="Download it again.",
        ) from None


def _lines(file: IO[bytes], start: int, end: int | None) -> Iterator[tuple[int, bytes]]:
    at = start
    if start > 0:
        # The byte before decides whether a line begins here; a line that began earlier is another stretch's.
        file.seek(start - 1)
        at = start - 1 + _skip(file)
    while end is None or at < end:
        line = file.readline(LINE_BYTES + 1)
        if not line:
            return
        length = len(line)
        if line[-1:] == b"\n":
            line = line[:-1]
        elif length > LINE_BYTES:
            length += _skip(file)
        yield at, line.removeprefix(_BOM) if at == 0 else line
        at += length


def _skip(file: IO[bytes]) -> int:
    """Reads to the end of the line, and says how many bytes that was."""
    skipped = 0
    while piece := file.readline(BLOCK):
        skipped += len(piece)
        if piece[-1:] == b"\n":
            break
    return skipped
