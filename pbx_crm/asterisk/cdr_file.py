"""CDR from the CSV file of cdr_csv, which grows and is rotated."""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Iterator, Sequence
from datetime import tzinfo
from pathlib import Path

from pbx_crm.asterisk.cdr_row import CdrRow, cdr_of, columns_of_csv, is_cdr_header
from pbx_crm.asterisk.record_file import FilePart, RecordFile, RowShape
from pbx_crm.asterisk.record_place import Place

LOOK_BACK_BYTES = 8 * 1024 * 1024
"""Some 30 000 rows: how far before the place rows of a call that has just ended are looked for."""

CDR_SHAPE: RowShape[CdrRow] = RowShape(
    is_header=is_cdr_header,
    columns=columns_of_csv,
    row=cdr_of,
    # No value of cdr_csv holds a line end: every line is a row.
    begins=re.compile(b""),
)


class CdrFile(RecordFile[CdrRow]):
    """`Master.csv` of cdr_csv; a row is written when its channel is gone."""

    __slots__ = ()

    def __init__(self, path: Path, zone: tzinfo) -> None:
        super().__init__(path, zone, CDR_SHAPE)

    def earlier(self, place: Place, linkedids: Collection[str]) -> Sequence[CdrRow]:
        """Rows of these calls before the place, the rotated copy before its file included."""
        wanted = frozenset(linkedids)
        return [row for part, lines in self._before(place) for row in self._rows_of(part, lines, wanted)]

    def _before(self, place: Place) -> Iterator[tuple[FilePart, bytes]]:
        """What stands before the place, of the file before first."""
        files = self._files()
        offset = int(place.get("offset", 0))
        found = [n for n, file in enumerate(files) if self._load(file, offset).is_same(place)]
        at = max(found, default=-1)
        if at > 0 and offset < LOOK_BACK_BYTES:
            part = self._load(files[at - 1], -LOOK_BACK_BYTES)
            yield part, part.raw
        if at >= 0:
            begins = max(0, offset - LOOK_BACK_BYTES)
            part = self._load(files[at], begins)
            yield part, part.raw[: offset - begins]

    def _rows_of(self, part: FilePart, lines: bytes, linkedids: frozenset[str]) -> Iterator[CdrRow]:
        columns = self._header(part.head)
        if part.begins:
            lines = lines.partition(b"\n")[2]  # the first may be half a line
        for values in csv.reader(lines.decode("utf-8", "replace").splitlines()):
            # Nearly all rows before a place belong to other calls.
            if linkedids.isdisjoint(values) or is_cdr_header(values):
                continue
            try:
                names = columns or columns_of_csv(len(values))
                row = cdr_of(dict(zip(names, values, strict=False)), self.zone)
            except ValueError:
                continue  # told as broken when it was new
            if row.linkedid in linkedids:
                yield row
