"""Rows of a CSV file that Asterisk writes and logrotate takes away: its CEL or its CDR.

A place is an offset with a fingerprint of the file's beginning. If the file no longer begins so, or is
shorter than the offset, it was rotated or truncated: the rest is read from the rotated copy beside it
(`Master.csv.1`, `Master.csv-20261121.gz`), then the new file from its start. A last line that is only
half written waits for the next time.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import lru_cache
from os import SEEK_END
from pathlib import Path
from typing import Generic

from pbx_crm.asterisk.record_place import Place, RecordRead, Row
from pbx_crm.domain.errors import RecordsUnreadable

FINGERPRINT_BYTES = 512
"""Enough for a row or two: rows carry times and Uniqueids, so no two files begin alike."""

HEAD_BYTES = 4096
"""Read of every file: its fingerprint, and its header line if it has one."""

LARGEST_READ = 64 * 1024 * 1024
"""Bytes taken at once; the next reading goes on from there."""


@dataclass(frozen=True, slots=True)
class RowShape(Generic[Row]):
    """What rows of one kind look like."""

    is_header: Callable[[Sequence[str]], bool]
    """Whether these values are names of columns."""
    columns: Callable[[int], Sequence[str]]
    """The columns of a file without a header line, by how many there are; ValueError if unknown."""
    row: Callable[[Mapping[str, object], tzinfo], Row]
    """The row with these columns; ValueError says what is wrong with it."""
    begins: re.Pattern[bytes]
    """How a line begins that begins a row, even where the row before it was never ended."""


@dataclass(frozen=True, slots=True)
class RecordFile(Generic[Row]):
    """A `Master.csv` in whose times `zone` holds where they name none."""

    path: Path
    zone: tzinfo
    shape: RowShape[Row]

    def end(self) -> Place:
        """Behind the last whole line."""
        found = self._load(self.path, -FINGERPRINT_BYTES * 128)
        return found.place(found.begins + found.raw.rfind(b"\n") + 1)

    def since(self, moment: datetime) -> Place:
        """The beginning of the oldest file still written to at that moment: earlier rows may come too."""
        files = [file for file in self._files() if file.stat().st_mtime >= moment.timestamp()]
        return self._load(files[0], 0).beginning if files else self.end()

    def read(self, place: Place, most: int) -> RecordRead[Row]:
        """At most `most` rows from there, over as many rotations as there were."""
        offset = int(place.get("offset", 0))
        current = self._load(self.path, offset)
        if current.is_same(place):
            return self._rows(current, most)
        files = self._files()
        same = [number for number, file in enumerate(files) if self._load(file, offset).is_same(place)]
        found = max(same, default=None)
        if found is None:
            return self._rows(self._load(self.path, 0), most)
        read = self._rows(self._load(files[found], offset), most)
        for file in [*files[found + 1 :], *([] if self.path in files else [self.path])]:
            if len(read.rows) >= most:
                break
            more = self._rows(self._load(file, 0), most - len(read.rows))
            read = RecordRead([*read.rows, *more.rows], more.following, read.broken + more.broken)
        return read

    def _files(self) -> list[Path]:
        """The rotated copies beside the file and the file itself, oldest first."""
        beside = [file for file in self.path.parent.glob(f"{self.path.name}[.-]*") if file.is_file()]
        beside.sort(key=lambda file: file.stat().st_mtime)
        return [*beside, self.path] if self.path.exists() else beside

    def _load(self, file: Path, offset: int) -> FilePart:
        """The file's beginning, and what stands from the offset on; a negative one counts from the end."""
        try:
            with gzip.open(file) if file.suffix == ".gz" else file.open("rb") as stream:
                head = stream.read(HEAD_BYTES)
                size = stream.seek(0, SEEK_END) if file.suffix != ".gz" else len(head) + len(stream.read())
                begins = max(0, size + offset) if offset < 0 else min(offset, size)
                stream.seek(begins)
                return FilePart(head, size, begins, stream.read(LARGEST_READ))
        except FileNotFoundError:
            return FilePart(b"", 0, 0, b"")  # rotated away, and no call since
        except (OSError, EOFError, zlib.error) as error:
            raise RecordsUnreadable(f"{file}: {error}") from error

    def _rows(self, part: FilePart, most: int) -> RecordRead[Row]:
        columns = self._header(part.head)
        rows: list[tuple[Row, Place]] = []
        broken: Counter[str] = Counter()
        read_to = part.begins
        for line, begins in _lines(part, self.shape.begins):
            if len(rows) >= most:
                break
            values = next(csv.reader([line.decode("utf-8", "replace")]), [])
            read_to = begins + len(line)
            if not values or self.shape.is_header(values):
                continue
            try:
                names = columns or self.shape.columns(len(values))
                row = self.shape.row(dict(zip(names, values, strict=False)), self.zone)
            except ValueError as error:
                broken[str(error)] += 1
                continue
            rows.append((row, part.place(begins)))
        return RecordRead(rows, part.place(read_to), broken)

    def _header(self, head: bytes) -> Sequence[str] | None:
        first = next(csv.reader([head.partition(b"\n")[0].decode("utf-8", "replace")]), [])
        return first if self.shape.is_header(first) else None


@dataclass(frozen=True, slots=True)
class FilePart:
    """The beginning of a file, and a stretch of it."""

    head: bytes
    size: int
    begins: int
    raw: bytes

    def place(self, offset: int) -> Place:
        """This offset, and how the file begins that it is meant for."""
        length = min(FINGERPRINT_BYTES, offset)
        return {"offset": offset, "length": length, "begins": _digest(self.head[:length])}

    @property
    def beginning(self) -> Place:
        """The place before the first row."""
        length = min(FINGERPRINT_BYTES, self.size)
        return {"offset": 0, "length": length, "begins": _digest(self.head[:length])}

    def is_same(self, place: Place) -> bool:
        """Whether the place was taken from this file, however much was added since."""
        offset, length = int(place.get("offset", 0)), int(place.get("length", 0))
        return self.size >= offset and _digest(self.head[:length]) == place.get("begins", _digest(b""))


@lru_cache(maxsize=64)
def _digest(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


def _lines(part: FilePart, begins_row: re.Pattern[bytes]) -> Iterator[tuple[bytes, int]]:
    """Every whole row and its offset in the file; a line end inside quotes belongs to a value.

    A row that a crash of Asterisk cut off in mid-value must not swallow those after it.
    """
    begins = end = 0
    while (found := part.raw.find(b"\n", end)) >= 0:
        end = found + 1
        if part.raw.count(b'"', begins, end) % 2 == 0 or begins_row.match(part.raw, end):
            yield part.raw[begins:end], part.begins + begins
            begins = end
