"""Calls of a PBX without CEL, read from its call detail records while they grow."""

from __future__ import annotations

import csv
import gzip
import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

import pytest

from pbx_crm.asterisk.cdr_calls import CdrCalls
from pbx_crm.asterisk.cdr_file import CdrFile
from pbx_crm.asterisk.cdr_row import cdr_of
from pbx_crm.asterisk.cdr_table import CdrTable
from pbx_crm.asterisk.recorded import read_recording
from pbx_crm.domain.call import Call
from pbx_crm.domain.endpoint import PbxShape
from pbx_crm.domain.errors import RecordsUnreadable
from tests.truth import TAPES

LATER = datetime(2026, 11, 22, tzinfo=UTC)
CHAIN = "xfer_blind_chain__22-pjsip-A"
LOAD = "load-small"
Lines = Sequence[str]


class Records(Protocol):
    """Records that can be written to."""

    calls: CdrCalls

    def write(self, lines: Lines) -> None:
        """The PBX writes these lines of cdr.csv, header left out."""


class InFile:
    """`Master.csv`, with a header line as our recordings have it."""

    def __init__(self, folder: Path, largest: int) -> None:
        self.path = folder / "Master.csv"
        self.path.write_text(header())
        self.calls = CdrCalls(CdrFile(self.path, UTC), PbxShape(), largest)

    def write(self, lines: Lines) -> None:
        with self.path.open("a") as file:
            file.writelines(lines)


class InTable:
    """A table that counts nothing, as FreePBX's."""

    def __init__(self, folder: Path, largest: int) -> None:
        self._path = folder / "master.db"
        self._columns = header().strip().split(",")
        columns = ", ".join(f'"{"calldate" if name == "start" else name}"' for name in self._columns)
        self._run(f"CREATE TABLE cdr ({columns})")
        self.calls = CdrCalls(CdrTable(f"sqlite:///{self._path}", "cdr", UTC), PbxShape(), largest)

    def write(self, lines: Lines) -> None:
        places = ", ".join("?" * len(self._columns))
        for values in csv.reader(lines):
            self._run(f"INSERT INTO cdr VALUES ({places})", values)  # noqa: S608 - question marks

    def _run(self, statement: str, values: Sequence[str] = ()) -> None:
        with sqlite3.connect(self._path) as connection:
            connection.execute(statement, values)
        connection.close()


def text_of(name: str) -> list[str]:
    raw = gzip.decompress((TAPES / name / "cdr.csv.gz").read_bytes())
    return raw.decode("utf-8", "replace").splitlines(keepends=True)


def header() -> str:
    return text_of(CHAIN)[0]


def lines_of(name: str) -> list[str]:
    return text_of(name)[1:]


def by_their_end(lines: Lines) -> list[str]:
    return sorted(lines, key=lambda line: next(csv.reader([line]))[11])


def whole(name: str) -> set[str]:
    calls = read_recording(TAPES / name, "cdr", PbxShape()).calls
    return {call.linkedid for call in calls if not call.is_open}


def take(records: CdrCalls, place: object = None) -> dict[str, Call]:
    """Every call from there on, as it was told last."""
    found: dict[str, Call] = {}
    at = place if isinstance(place, dict) else {}
    while True:
        written = records.read(at, LATER)
        found |= {call.linkedid: call for call in written.calls}
        if written.whole:
            return found
        at = dict(written.following)


@pytest.fixture(params=[InFile, InTable])
def records(request: pytest.FixtureRequest, tmp_path: Path) -> Records:
    found: Records = request.param(tmp_path, 10_000)
    return found


@pytest.mark.parametrize("kind", [InFile, InTable])
@pytest.mark.parametrize("largest", [7, 50, 10_000])
def test_small_stretches_tell_the_same_calls(
    tmp_path: Path, kind: type[InFile] | type[InTable], largest: int
) -> None:
    records = kind(tmp_path, largest)
    records.write(by_their_end(lines_of(LOAD)))
    expected = read_recording(TAPES / LOAD, "cdr", PbxShape()).calls
    found = take(records.calls)
    assert {(c.linkedid, c.outcome, c.answered_by) for c in found.values()} == {
        (c.linkedid, c.outcome, c.answered_by) for c in expected if not c.is_open
    }


def test_a_call_that_went_on_after_its_transfer_is_told_again_with_all_its_rows(records: Records) -> None:
    first, *rest = lines_of(CHAIN)
    records.write([first])
    place = dict(records.calls.read({}, LATER).following)
    (early,) = take(records.calls).values()
    records.write(rest)
    (call,) = take(records.calls, place).values()
    assert call.linkedid == early.linkedid
    assert len(early.transfers) < len(call.transfers)
    assert early.ended_at is not None
    assert call.ended_at is not None
    assert early.ended_at < call.ended_at


def test_nothing_new_is_nothing_to_tell(records: Records) -> None:
    records.write(lines_of(CHAIN))
    place = records.calls.end()
    written = records.calls.read(place, LATER)
    assert (written.calls, written.whole, written.following) == ((), True, place)


def test_the_end_of_no_records_at_all_is_a_place(records: Records) -> None:
    place = dict(records.calls.end())
    records.write(lines_of(CHAIN))
    assert take(records.calls, place).keys() == whole(CHAIN)


def test_rows_that_are_not_ripe_yet_wait(records: Records) -> None:
    records.write(lines_of(CHAIN))
    ends = max(cdr_of(dict(zip(header().strip().split(","), next(csv.reader([line])), strict=True))).end
               for line in lines_of(CHAIN))  # fmt: skip
    early = records.calls.read({}, datetime.fromtimestamp(ends - 1, UTC))
    assert early.whole
    assert take(records.calls, dict(early.following)).keys() == whole(CHAIN)


def test_every_linkedid_of_a_day_is_written_down_once(records: Records) -> None:
    records.write(by_their_end([*lines_of(LOAD), *lines_of(CHAIN)]))
    day = datetime(2026, 11, 21, tzinfo=UTC)
    written = records.calls.between(day, day + timedelta(days=1))
    names = [one.linkedid for one in written]
    assert len(names) == len(set(names))
    assert whole(LOAD) | whole(CHAIN) <= set(names)
    assert [one.began for one in written] == sorted(one.began for one in written)
    assert records.calls.between(day + timedelta(days=1), day + timedelta(days=2)) == []


def test_rows_before_a_rotation_belong_to_the_call_that_ends_after_it(tmp_path: Path) -> None:
    records = InFile(tmp_path, 10_000)
    first, *rest = lines_of(CHAIN)
    records.write([first])
    place = dict(records.calls.read({}, LATER).following)
    records.path.rename(tmp_path / "Master.csv.1")
    records.path.write_text(header())
    after = dict(records.calls.read(place, LATER).following)
    records.write(rest)
    (call,) = take(records.calls, after).values()
    assert [call] == list(take(records.calls, place).values())
    assert len(call.transfers) == len(read_recording(TAPES / CHAIN, "cdr", PbxShape()).calls[0].transfers)


def test_a_file_without_uniqueids_says_the_line_to_set(tmp_path: Path) -> None:
    path = tmp_path / "Master.csv"
    path.write_text('"","101","102","default"\n')
    written = CdrCalls(CdrFile(path, UTC), PbxShape()).read({}, LATER)
    assert list(written.broken) == ["no uniqueid; set loguniqueid=yes in cdr.conf"]


def test_a_table_that_is_no_cdr_is_said(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "master.db") as connection:
        connection.execute("CREATE TABLE cdr (uniqueid)")
    connection.close()
    with pytest.raises(RecordsUnreadable, match="no column calldate or start"):
        CdrTable(f"sqlite:///{tmp_path / 'master.db'}", "cdr", UTC).end()


BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize("epoch", [1792888200, 1792891800])
def test_a_dial_in_the_hour_that_comes_twice_is_in_the_hour_of_its_uniqueid(epoch: int) -> None:
    row = cdr_of(
        {
            "calldate": "2026-10-25 02:30:00",
            "duration": "60",
            "uniqueid": f"{epoch}.7",
            "channel": "PJSIP/101-1",
            "disposition": "ANSWERED",
        },
        BERLIN,
    )
    assert (row.start, row.end) == (epoch, epoch + 60)
