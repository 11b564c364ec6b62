"""Stage one of the file shuffle: a stretch of the export, its pieces sorted into parts by a hash of their patient.

A stretch gives one file of data, in which the pieces of one part stand together, an index, and at last its counts: a stretch
whose counts are there is whole, whatever happened since. So the number of files does not grow with the number of parts.
"""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

import orjson

from fhirpath_spine.population.exports.export import Export, ExportUnusable, Source
from fhirpath_spine.population.exports.lines import read_lines
from fhirpath_spine.population.rows.owners import NOBODYS, Fate, pieces
from fhirpath_spine.population.tables.run import Lines

STRETCH = 64 * 1024 * 1024
"""Bytes of a file that one task reads; a compressed file is one stretch, since it can only be read from its beginning."""
SPILL = 12 * 1024 * 1024
"""Bytes of pieces that are held before they are written."""
PART = 12 * 1024 * 1024
"""Bytes of NDJSON in one part, about."""
MOST_PARTS = 8192
_NUMBER = 8


@dataclass(frozen=True, slots=True)
class Stretch:
    """One task of stage one."""

    number: int
    source: Source
    start: int
    end: int | None

    @property
    def size(self) -> int:
        """Bytes of the file that it reads."""
        return (self.source.size if self.end is None else self.end) - self.start


def stretches(export: Export) -> list[Stretch]:
    """The export in stretches, in a fixed order."""
    found: list[Stretch] = []
    for source in export.sources:
        step = max(source.size, 1) if source.zipped else STRETCH
        for start in range(0, max(source.size, 1), step):
            end = None if source.zipped or start + step >= source.size else start + step
            found.append(Stretch(len(found), source, start, end))
    return found


def number_of_parts(export: Export, workers: int) -> int:
    """How many parts: small enough to be held one at a time, and some for each worker."""
    return min(MOST_PARTS, max(export.weight // PART + 1, 4 * workers))


def part_of(owner: str, parts: int) -> int:
    """The part of a patient. Part number ``parts`` itself is that of the Medications."""
    return crc32(owner.encode()) % parts


class _Spiller:
    """Holds pieces by part, and writes them when they weigh enough."""

    def __init__(self, folder: Path, number: int, parts: int) -> None:
        self.data, self.index = _data(folder, number), _index(folder, number)
        self._parts = parts
        self._held: list[list[bytes]] = [[] for _ in range(parts + 1)]
        self._weight = 0
        self._offsets = array("Q")
        self._file = self.data.open("wb")
        self._at = 0

    def put(self, part: int, piece: bytes) -> None:
        self._held[part].append(piece)
        self._weight += len(piece)
        if self._weight >= SPILL:
            self._spill()

    def _spill(self) -> None:
        for held in self._held:
            self._offsets.append(self._at)
            if held:
                block = b"\n".join(held) + b"\n"
                self._file.write(block)
                self._at += len(block)
                held.clear()
        self._offsets.append(self._at)
        self._weight = 0

    def close(self) -> None:
        self._spill()
        self._file.close()
        self.index.write_bytes(self._offsets.tobytes())


def split(stretch: Stretch, parts: int, folder: Path) -> Iterator[int]:
    """Splits one stretch; yields how many bytes of the file are done, from time to time.

    Raises:
        ExportUnusable: the file cannot be read to its end.
        OSError: nothing can be written.

    """
    spiller, seen = _Spiller(folder, stretch.number, parts), Lines()
    name = stretch.source.path.name
    for number, (at, line) in enumerate(read_lines(stretch.source, stretch.start, stretch.end)):
        for piece in pieces(line):
            seen.count(piece, f"{name}:{at}" if piece.fate in NOBODYS else "")
            if piece.fate is Fate.OWNED:
                for owner in piece.owners:
                    spiller.put(part_of(owner, parts), b"%b\t%b" % (owner.encode(), piece.line))
            elif piece.fate is Fate.COMPANION:
                spiller.put(parts, piece.line)
        if number % 4096 == 0 and not stretch.source.zipped:
            yield at - stretch.start
    spiller.close()
    draft = _counts(folder, stretch.number).with_suffix(".tmp")
    draft.write_bytes(orjson.dumps(seen.pack()))
    os.replace(draft, _counts(folder, stretch.number))
    yield stretch.size


def is_split(folder: Path, number: int) -> bool:
    """Whether a stretch is done."""
    return _counts(folder, number).is_file()


def counts(folder: Path, numbers: Sequence[int]) -> Lines:
    """What became of the lines of all stretches."""
    total = Lines()
    for number in numbers:
        total.add(Lines.unpack(orjson.loads(_counts(folder, number).read_bytes())))
    return total


def check_promised(export: Export, seen: Lines) -> None:
    """Refuses files that hold less than their manifest says.

    Raises:
        ExportUnusable: they do.

    """
    if seen.total < export.promised:
        raise ExportUnusable(
            f"The manifest says {export.promised:,} resources, and the files hold {seen.total:,}.",
            hint="Download the files again: some are cut. Then judge into another --out, or remove the folder.",
        )


def pieces_of(part: int, parts: int, folder: Path, numbers: Sequence[int]) -> Iterator[bytes]:
    """The pieces of one part, as they were written: patient, a tab, the line. Of Medications only the line."""
    for number in numbers:
        with _index(folder, number).open("rb") as index, _data(folder, number).open("rb") as data:
            spills = os.fstat(index.fileno()).st_size // ((parts + 2) * _NUMBER)
            for spill in range(spills):
                index.seek((spill * (parts + 2) + part) * _NUMBER)
                start, end = array("Q", index.read(2 * _NUMBER))
                if end > start:
                    data.seek(start)
                    yield from data.read(end - start)[:-1].split(b"\n")


def _data(folder: Path, number: int) -> Path:
    return folder / f"{number:06d}.data"


def _index(folder: Path, number: int) -> Path:
    return folder / f"{number:06d}.index"


def _counts(folder: Path, number: int) -> Path:
    return folder / f"{number:06d}.json"
