"""Tables in files: CSV in whatever encoding and with whatever separator, and Excel workbooks.

Nothing of a file is trusted. A quotation mark that is never closed would swallow all that follows it:
such a line is given back alone, and reading goes on with the next one. A workbook is a zip archive:
what it would unpack to is looked at before it is, and it is read in a process of its own (`workbook.py`).
"""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import zipfile
from collections import deque
from collections.abc import Iterator
from pathlib import Path

from pbx_crm.domain.contact_import import BadTable, SheetRow, cleaned
from pbx_crm.domain.sentence import N_

SAMPLE_BYTES = 256 * 1024
SEPARATORS = (";", ",", "\t", "|")
MOST_COLUMNS = 100
MOST_UNPACKED = 1_000_000_000
# A cell may hold line breaks within quotes; no address has more of them.
MOST_LINES_A_ROW = 20
LONGEST_LINE = 100_000
NOT_READABLE = N_("This file cannot be read as a table.")
TOO_LARGE = N_("This workbook is too large.")
READER = (sys.executable, "-P", "-m", "pbx_crm.outside.workbook")
NO_TABLE = 3
"""The reader's exit code for a file that is no workbook; any other but 0 means that its limits ended it."""


def rows_of(path: Path, name: str) -> Iterator[SheetRow]:
    """Every row that is not empty, the header first; BadTable if this is no table at all."""
    rows = _workbook(path) if name.lower().endswith((".xlsx", ".xls", ".ods")) else _text(path)
    for row in rows:
        if row.broken or any(row.cells):
            yield row


def _workbook(path: Path) -> Iterator[SheetRow]:
    if _unpacked_bytes(path) > MOST_UNPACKED:
        raise BadTable(TOO_LARGE)
    # No shell, and the path begins with a slash: it is no option.
    with subprocess.Popen(  # noqa: S603
        [*READER, str(path.absolute())], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as reader:
        try:
            for line in reader.stdout or ():
                number, cells = json.loads(line)
                yield SheetRow(number, tuple(cells))
            code = reader.wait()
        finally:
            reader.kill()  # whoever wanted the first rows only has let go of the others
    if code != 0:
        raise BadTable(NOT_READABLE if code == NO_TABLE else TOO_LARGE)


def _unpacked_bytes(path: Path) -> int:
    """What a zip archive says that it would unpack to; 0 for what is none."""
    try:
        with zipfile.ZipFile(path) as packed:
            return sum(entry.file_size for entry in packed.infolist())
    except zipfile.BadZipFile:
        return 0


def _text(path: Path) -> Iterator[SheetRow]:
    with path.open("rb") as source:
        sample = source.read(SAMPLE_BYTES)
    if not sample.strip(b"\0 \r\n\t"):
        raise BadTable(N_("This file is empty."))
    if b"\0" in sample and not sample.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise BadTable(NOT_READABLE)
    encoding = _encoding(path, sample)
    with path.open(encoding=encoding, errors="replace", newline="") as lines:
        yield from _parsed(_Lines(lines), _separator(sample.decode(encoding, errors="replace")))


def _encoding(path: Path, sample: bytes) -> str:
    if sample.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    try:
        with path.open(encoding="utf-8-sig") as whole:
            while whole.read(SAMPLE_BYTES):
                pass
    except UnicodeDecodeError:
        # Excel saves CSV in the code page of its Windows; a Cyrillic text has letters there in every word.
        cyrillic = sum(byte >= 0xC0 for byte in sample)
        return "cp1251" if cyrillic * 20 > len(sample) else "cp1252"
    return "utf-8-sig"


def _separator(sample: str) -> str:
    first = next((line for line in sample.splitlines() if line.strip()), "")
    return max(SEPARATORS, key=first.count)


class _Lines:
    """Physical lines with their numbers, and a way to put some back."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._numbered = enumerate(lines, start=1)
        self._returned: deque[tuple[int, str]] = deque()

    def take(self) -> tuple[int, str] | None:
        """The next line and its number; None at the end."""
        return self._returned.popleft() if self._returned else next(self._numbered, None)

    def put_back(self, lines: list[tuple[int, str]]) -> None:
        """These lines come next, in this order."""
        self._returned.extendleft(reversed(lines))


def _parsed(lines: _Lines, separator: str) -> Iterator[SheetRow]:
    while (first := lines.take()) is not None:
        taken = [first]
        while sum(line.count('"') for _, line in taken) % 2 and len(taken) < MOST_LINES_A_ROW:
            following = lines.take()
            if following is None:
                break
            taken.append(following)
        if sum(line.count('"') for _, line in taken) % 2:
            lines.put_back(taken[1:])
            yield _broken(first, separator, N_("A quotation mark in this row is not closed."))
        elif sum(len(line) for _, line in taken) > LONGEST_LINE:
            yield _broken(first, separator, N_("This row is too long."))
        else:
            yield _row(first[0], "".join(line for _, line in taken), separator)


def _broken(line: tuple[int, str], separator: str, reason: str) -> SheetRow:
    cells = line[1][:LONGEST_LINE].split(separator)[:MOST_COLUMNS]
    return SheetRow(line[0], tuple(map(cleaned, cells)), reason)


def _row(number: int, text: str, separator: str) -> SheetRow:
    try:
        [cells] = csv.reader([text], delimiter=separator) or [[]]
    except (csv.Error, ValueError):
        # A lone carriage return within a line, say.
        return _broken((number, text), separator, N_("This row cannot be read."))
    return SheetRow(number, tuple(map(cleaned, cells[:MOST_COLUMNS])))
