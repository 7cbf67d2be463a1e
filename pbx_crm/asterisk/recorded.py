"""The calls of a recording by one of its sources: what AMI sent, what CEL or CDR wrote, or all together.

A folder holds `ami.log`, `cel.csv` and `cdr.csv`, each of them possibly `.gz`; a single file is one source.
"""

from __future__ import annotations

import gzip
import zlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

from pbx_crm.asterisk.ami_events import AmiEventReader
from pbx_crm.asterisk.cdr_events import events_of_cdrs
from pbx_crm.asterisk.cdr_row import cdrs_of_csv
from pbx_crm.asterisk.cel_events import events_of_rows
from pbx_crm.asterisk.cel_row import rows_of_csv
from pbx_crm.asterisk.replay import calls_in, calls_of
from pbx_crm.asterisk.tape import Tape, read_tape
from pbx_crm.domain.call import Call
from pbx_crm.domain.call_fill import DeafTime, fill
from pbx_crm.domain.endpoint import PbxShape
from pbx_crm.domain.errors import BadTape


@dataclass(frozen=True, slots=True)
class Recorded:
    """A recording's calls, oldest first, and what of it could not be read."""

    name: str
    calls: list[Call]
    broken: Counter[tuple[str, str]] = field(default_factory=Counter)


def read_recording(path: Path, source: str, shape: PbxShape) -> Recorded:
    """The calls of this recording by `source` (ami, cel, cdr, all); `BadTape` says what is missing."""
    return _READERS[source](path, shape)


def _from_ami(path: Path, shape: PbxShape) -> Recorded:
    tape, reader = read_tape(path), AmiEventReader()
    return Recorded(tape.name, calls_of(tape, shape, reader), reader.broken)


def _from_cel(path: Path, shape: PbxShape) -> Recorded:
    return Recorded(_name(path), calls_in(events_of_rows(list(rows_of_csv(_csv(path, "cel")))), shape))


def _from_cdr(path: Path, shape: PbxShape) -> Recorded:
    return Recorded(_name(path), calls_in(events_of_cdrs(cdrs_of_csv(_csv(path, "cdr")), shape), shape))


def _from_all(path: Path, shape: PbxShape) -> Recorded:
    """As the running system does it: AMI, and CEL for what AMI could not tell."""
    tape, reader = read_tape(path), AmiEventReader()
    heard = calls_of(tape, shape, reader)
    logged = calls_in(events_of_rows(list(rows_of_csv(_csv(path, "cel")))), shape)
    return Recorded(tape.name, fill(heard, logged, _deaf_times(tape)), reader.broken)


def _deaf_times(tape: Tape) -> list[DeafTime]:
    """The stretches between the connections of a tape."""
    began = tape.started_at
    return [
        DeafTime(_moment(began + before.ends_at), _moment(began + after.begins_at))
        for before, after in zip(tape.segments, tape.segments[1:], strict=False)
    ]


def _moment(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)


def _name(path: Path) -> str:
    return path.resolve().name if path.is_dir() else path.name


def _csv(path: Path, kind: str) -> StringIO:
    """The CSV of this kind in the folder, or the file itself; bytes that are no UTF-8 become a mark."""
    file = path
    if path.is_dir():
        file = path / f"{kind}.csv" if (path / f"{kind}.csv").exists() else path / f"{kind}.csv.gz"
    try:
        raw = file.read_bytes()
        text = gzip.decompress(raw) if file.suffix == ".gz" else raw
    except FileNotFoundError as error:
        where = f"no {kind}.csv or {kind}.csv.gz in this folder" if path.is_dir() else "there is no such file"
        raise BadTape(f"{path}: {where}") from error
    except (OSError, EOFError, zlib.error) as error:
        raise BadTape(f"{file}: cannot be read: {error}") from error
    return StringIO(text.decode("utf-8", "replace"), newline="")


_READERS: dict[str, Callable[[Path, PbxShape], Recorded]] = {
    "ami": _from_ami,
    "cel": _from_cel,
    "cdr": _from_cdr,
    "all": _from_all,
}
