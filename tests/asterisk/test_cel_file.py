"""Reading a CSV of CEL that Asterisk goes on writing and logrotate takes away."""

from __future__ import annotations

import gzip
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pbx_crm.asterisk.cel_file import CelFile
from pbx_crm.asterisk.record_place import CelRead, Place
from pbx_crm.domain.errors import RecordsUnreadable

MANY = 1000


def line(number: int, name: str = "") -> str:
    second, channel = 1795280000 + number, f"PJSIP/101-{number:08x}"
    return (
        f'"CHAN_START","{second}.5","{name}","101","","","","s","from-internal","{channel}","","","3","",'
        f'"{second}.{number}","{second}.{number}","","","",""\n'
    )


def numbers(read: CelRead) -> list[int]:
    return [int(row.uniqueid.partition(".")[2]) for row, _ in read.rows]


@pytest.fixture
def master(tmp_path: Path) -> Path:
    path = tmp_path / "Master.csv"
    path.write_text(line(1) + line(2))
    return path


def reader(path: Path) -> CelFile:
    return CelFile(path, UTC)


def appended(path: Path, text: str) -> None:
    with path.open("a") as file:
        file.write(text)


def at_end(path: Path) -> Place:
    return reader(path).end()


def test_only_what_was_added_is_read(master: Path) -> None:
    place = at_end(master)
    assert numbers(reader(master).read(place, MANY)) == []
    appended(master, line(3))
    read = reader(master).read(place, MANY)
    assert numbers(read) == [3]
    assert numbers(reader(master).read(read.following, MANY)) == []


def test_from_an_empty_place_the_whole_file_is_read(master: Path) -> None:
    assert numbers(reader(master).read({}, MANY)) == [1, 2]


def test_a_half_written_last_line_waits(master: Path) -> None:
    place = at_end(master)
    appended(master, line(3)[:40])
    half = reader(master).read(place, MANY)
    assert (numbers(half), half.broken) == ([], {})
    appended(master, line(3)[40:])
    assert numbers(reader(master).read(half.following, MANY)) == [3]


def test_the_end_is_before_a_half_written_line(master: Path) -> None:
    appended(master, line(3)[:40])
    place = at_end(master)
    appended(master, line(3)[40:])
    assert numbers(reader(master).read(place, MANY)) == [3]


def test_every_row_knows_the_place_to_begin_with_it(master: Path) -> None:
    appended(master, line(3))
    for row, place in reader(master).read({}, MANY).rows:
        again = reader(master).read(place, 1)
        assert again.rows[0][0] == row


@pytest.mark.parametrize("rotated", ["Master.csv.1", "Master.csv-20261121", "Master.csv.1.gz"])
def test_over_a_rotation_the_rest_of_the_old_file_comes_first(master: Path, rotated: str) -> None:
    place = at_end(master)
    old = master.read_bytes() + line(3).encode()
    master.unlink()
    (master.parent / rotated).write_bytes(gzip.compress(old) if rotated.endswith(".gz") else old)
    master.write_text(line(4))
    read = reader(master).read(place, MANY)
    assert numbers(read) == [3, 4]
    appended(master, line(5))
    assert numbers(reader(master).read(read.following, MANY)) == [5]


def test_over_several_rotations_every_file_is_read_in_order(master: Path) -> None:
    place = at_end(master)
    for number, name in ((3, "Master.csv.3"), (4, "Master.csv.2"), (5, "Master.csv.1")):
        old = master.with_name(name)
        old.write_text((line(1) + line(2) if number == 3 else "") + line(number))
        os.utime(old, (number, number))
    master.write_text(line(6))
    assert numbers(reader(master).read(place, MANY)) == [3, 4, 5, 6]


def test_what_happened_since_a_moment_may_lie_in_a_rotated_file(master: Path) -> None:
    old = master.with_name("Master.csv.1")
    master.rename(old)
    os.utime(old, (1795280002, 1795280002))
    master.write_text(line(3))
    of_old = datetime.fromtimestamp(1795280001, UTC)
    assert numbers(reader(master).read(reader(master).since(of_old), MANY)) == [1, 2, 3]
    later = datetime.fromtimestamp(1795280003, UTC)
    os.utime(master, (1795280004, 1795280004))
    assert numbers(reader(master).read(reader(master).since(later), MANY)) == [3]


def test_a_rotation_is_read_in_small_stretches_too(master: Path) -> None:
    place: Place = at_end(master)
    (master.parent / "Master.csv.1").write_text(master.read_text() + line(3) + line(4))
    master.write_text(line(5) + line(6))
    found: list[int] = []
    for _ in range(6):
        read = reader(master).read(place, 1)
        found += numbers(read)
        place = read.following
    assert found == [3, 4, 5, 6]


def test_between_rotation_and_the_next_call_there_is_no_file(master: Path) -> None:
    place = at_end(master)
    master.rename(master.with_name("Master.csv.1"))
    appended(master.with_name("Master.csv.1"), line(3))
    read = reader(master).read(place, MANY)
    assert numbers(read) == [3]
    master.write_text(line(4))
    assert numbers(reader(master).read(read.following, MANY)) == [4]


def test_a_truncated_file_is_read_from_its_start(master: Path) -> None:
    place = at_end(master)
    master.write_text(line(7))
    assert numbers(reader(master).read(place, MANY)) == [7]


def test_a_new_file_that_is_longer_already_is_not_taken_for_the_old_one(master: Path) -> None:
    place = at_end(master)
    master.write_text(line(7) + line(8) + line(9))
    assert numbers(reader(master).read(place, MANY)) == [7, 8, 9]


def test_a_name_with_a_line_end_in_it_is_one_row(master: Path) -> None:
    place = at_end(master)
    appended(master, line(3, name="two\nlines") + line(4))
    read = reader(master).read(place, MANY)
    assert numbers(read) == [3, 4]
    assert read.rows[0][0].caller_name == "two\nlines"


def test_a_row_that_a_crash_cut_off_swallows_none_after_it(master: Path) -> None:
    place = at_end(master)
    appended(master, line(3)[:37] + line(4) + line(5) + line(6))
    read = reader(master).read(place, MANY)
    assert numbers(read) == [5, 6]
    assert sum(read.broken.values()) == 1


def test_a_broken_row_is_counted_and_the_next_one_is_read(master: Path) -> None:
    place = at_end(master)
    appended(master, "what is this\n" + line(3).replace("1795280003.5", "soon") + line(4))
    read = reader(master).read(place, MANY)
    assert numbers(read) == [4]
    assert sum(read.broken.values()) == 2
    assert "eventtime is 'soon'" in read.broken


def test_a_header_holds_for_rows_read_later_too(tmp_path: Path) -> None:
    path = tmp_path / "cel.csv"
    path.write_text("uniqueid,linkedid,channame,eventtime,eventtype\n")
    place = at_end(path)
    appended(path, "1795280003.3,1795280003.3,SIP/101-00000001,1795280003,HANGUP\n")
    assert [row.kind for row, _ in reader(path).read(place, MANY).rows] == ["HANGUP"]


def test_a_folder_in_its_place_is_said(tmp_path: Path) -> None:
    with pytest.raises(RecordsUnreadable):
        reader(tmp_path).end()
