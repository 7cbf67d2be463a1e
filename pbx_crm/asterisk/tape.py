"""Recordings of AMI: a folder with the bytes exactly as received and when each piece of them came.

    ami.log         bytes after the login response; ami.2.log is the next connection after a cut
    timing.tsv      offset of the start of each read, TAB, seconds since the first byte of the tape
    …​.gz            either of them may be compressed

A single file is a tape of one connection; its timing is looked for beside it.
"""

from __future__ import annotations

import gzip
import re
import zlib
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from pbx_crm.asterisk.ami_wire import BLANK_LINE
from pbx_crm.domain.errors import BadTape

_LOG_NAME = re.compile(r"ami(\.\d+)?\.log(\.gz)?")
_CLOCK = re.compile(rb"\r\nEventTV: (\S{23,35})\r\n")
_EPOCH = re.compile(rb"\r\nUniqueid: (?:[^\r\n]*-)?(\d{9,11})\.\d+\r\n")


@dataclass(frozen=True, slots=True)
class Segment:
    """One connection of a tape."""

    raw: bytes
    offsets: tuple[int, ...]
    """Where each read began."""
    seconds: tuple[float, ...]
    """When it came, since the first byte of the tape."""

    def messages(self) -> Iterator[tuple[float, bytes]]:
        """(seconds since the tape's first byte, message): a message came when its last byte came."""
        start = 0
        while (end := self.raw.find(BLANK_LINE, start)) >= 0:
            # An event whose last value ends a line itself (TestEvent of MixMonitor) leaves a line end over.
            message = self.raw[start:end].lstrip(b"\r\n")
            if message:
                yield self.second_at(end + len(BLANK_LINE) - 1), message
            start = end + len(BLANK_LINE)

    def second_at(self, offset: int) -> float:
        """When the byte at this offset came; 0 where no timing was kept."""
        read = bisect_right(self.offsets, offset) - 1
        return self.seconds[read] if read >= 0 else 0.0

    @property
    def ends_at(self) -> float:
        """When the last bytes came."""
        return self.seconds[-1] if self.seconds else 0.0

    @property
    def begins_at(self) -> float:
        """When the first bytes came."""
        return self.seconds[0] if self.seconds else 0.0


@dataclass(frozen=True, slots=True)
class Tape:
    """A recording: its connections in order."""

    name: str
    segments: tuple[Segment, ...]

    @property
    def started_at(self) -> float:
        """Epoch seconds of the first byte by Asterisk's clock, as closely as it can be told, else 0.

        Security events (our own log-in is one) carry a clock. A Uniqueid holds the whole second in which
        its channel was made, so the latest of these bounds is the closest one.
        """
        for second, message in self.segments[0].messages() if self.segments else ():
            clock = _CLOCK.search(message)
            if clock is not None and (moment := _epoch_of(clock[1].decode("ascii", "replace"))):
                return moment - second
        bounds = [
            float(found[1]) - second
            for segment in self.segments
            for second, message in segment.messages()
            if message.startswith(b"Event: Newchannel\r\n") and (found := _EPOCH.search(message))
        ]
        return max(bounds, default=0.0)


def _epoch_of(text: str) -> float | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.timestamp() if moment.tzinfo is not None else None


def read_tape(path: Path) -> Tape:
    """The tape in this folder or file; `BadTape` says what is missing or wrong."""
    if not path.exists():
        raise BadTape(f"{path}: there is no such recording")
    try:
        logs = _logs_in(path) if path.is_dir() else [path]
        if not logs:
            raise BadTape(f"{path}: no ami.log or ami.log.gz in this folder")
        name = path.resolve().name if path.is_dir() else path.name
        tape = Tape(name, tuple(_segment(log) for log in logs))
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise BadTape(f"{path}: cannot be read: {error}") from error
    if not any(b"Event: " in segment.raw for segment in tape.segments):
        raise BadTape(f"{path}: holds no events of AMI")
    return tape


def _logs_in(folder: Path) -> list[Path]:
    found: dict[int, Path] = {}
    for file in sorted(folder.iterdir()):
        match = _LOG_NAME.fullmatch(file.name)
        if match:
            found.setdefault(int(match[1][1:]) if match[1] else 1, file)
    return [found[number] for number in sorted(found)]


def _segment(log: Path) -> Segment:
    raw = _bytes_of(log)
    timing = _timing_beside(log)
    rows = [line.split("\t") for line in _bytes_of(timing).decode().splitlines() if line] if timing else []
    return Segment(raw, tuple(int(row[0]) for row in rows), tuple(float(row[1]) for row in rows))


def _timing_beside(log: Path) -> Path | None:
    match = _LOG_NAME.fullmatch(log.name)
    if match is None:
        return None
    name = f"timing{match[1] or ''}.tsv"
    return next((file for file in (log.with_name(name), log.with_name(name + ".gz")) if file.exists()), None)


def _bytes_of(file: Path) -> bytes:
    return gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()


class TapeWriter:
    """Writes a tape folder while the bytes come; every connection is a segment of its own."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._connections = 0
        self._offset = 0
        self._first_at: float | None = None
        self._log: BinaryIO | None = None
        self._timing: BinaryIO | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def connected(self) -> None:
        """The bytes that follow belong to a new connection (after its login response)."""
        self.close()
        self._connections += 1
        part = "" if self._connections == 1 else f".{self._connections}"
        self._offset = 0
        self._log = (self._folder / f"ami{part}.log").open("xb")
        self._timing = (self._folder / f"timing{part}.tsv").open("xb")

    def write(self, data: bytes, at: float) -> None:
        """Keep these bytes, read at `at` (any clock in seconds that does not step)."""
        if self._log is None or self._timing is None:
            self.connected()
        assert self._log is not None  # noqa: S101 - connected() opened both
        assert self._timing is not None  # noqa: S101
        if self._first_at is None:
            self._first_at = at
        self._timing.write(f"{self._offset}\t{at - self._first_at:.6f}\n".encode())
        self._log.write(data)
        self._offset += len(data)

    def close(self) -> None:
        """Flush and close what is open; writing again starts a new connection."""
        for file in (self._log, self._timing):
            if file is not None:
                file.close()
        self._log = self._timing = None
