"""Reading CEL from tables as Asterisk's back-ends fill them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, TextClause, create_engine, text

from pbx_crm.asterisk.cel_reader import CelTable
from pbx_crm.domain.errors import RecordsUnreadable

MANY = 1000
# What cel_sqlite3_custom makes of its sample's columns, with linkedid added.
SQLITE_SAMPLE = (
    "CREATE TABLE cel (AcctId INTEGER PRIMARY KEY, eventtype, eventtime, cidname, cidnum, cidani, cidrdnis, "
    "ciddnid, context, exten, channame, appname, appdata, amaflags, accountcode, uniqueid, userfield, peer, "
    "userdeftype, eventextra, linkedid)"
)
# What FreePBX has in asteriskcdrdb, as far as types go that both databases know.
FREEPBX = (
    "CREATE TABLE cel (id INTEGER PRIMARY KEY, eventtype VARCHAR(30), eventtime TIMESTAMP, "
    "cid_name VARCHAR(80), "
    "cid_num VARCHAR(80), exten VARCHAR(80), context VARCHAR(80), channame VARCHAR(80), appname VARCHAR(80), "
    "appdata VARCHAR(255), uniqueid VARCHAR(32), linkedid VARCHAR(32), peer VARCHAR(80), extra VARCHAR(512))"
)


def write(engine: Engine, *statements: str | TextClause) -> None:
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement) if isinstance(statement, str) else statement)


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Engine]:
    engine = create_engine(f"sqlite:///{tmp_path / 'master.db'}")
    yield engine
    engine.dispose()


def hangup(number: int) -> TextClause:
    insert = text(
        "INSERT INTO cel (eventtype, eventtime, channame, uniqueid, linkedid, cidnum, eventextra) "
        "VALUES ('HANGUP', '1795280000.25', 'PJSIP/101-00000001', :uniqueid, '1.1', '101', :extra)"
    )
    return insert.bindparams(uniqueid=f"1.{number}", extra='{"hangupcause":16}')


def test_rows_of_cel_sqlite3_custom_are_read_once_and_in_order(sqlite: Engine) -> None:
    write(sqlite, SQLITE_SAMPLE, hangup(1), hangup(2))
    table = CelTable(str(sqlite.url), "cel", UTC)
    assert table.end() == {"id": 2}
    first = table.read({}, 1)
    assert [row.uniqueid for row, _ in first.rows] == ["1.1"]
    assert (first.rows[0][0].caller_number, first.rows[0][0].told("hangupcause")) == ("101", "16")
    second = table.read(first.following, MANY)
    assert [row.uniqueid for row, _ in second.rows] == ["1.2"]
    write(sqlite, hangup(3))
    assert [row.uniqueid for row, _ in table.read(second.following, MANY).rows] == ["1.3"]


def test_every_row_knows_the_place_to_begin_with_it(sqlite: Engine) -> None:
    write(sqlite, SQLITE_SAMPLE, hangup(1), hangup(2), "DELETE FROM cel WHERE AcctId = 1", hangup(3))
    table = CelTable(str(sqlite.url), "cel", UTC)
    for row, place in table.read({}, MANY).rows:
        assert table.read(place, 1).rows[0][0] == row


def freepbx_row(table: CelTable) -> tuple[str, float, str]:
    row = table.read({}, MANY).rows[0][0]
    return row.kind, row.at, row.told("bridge_id")


FREEPBX_ROW = (
    "INSERT INTO cel VALUES (7, 'BRIDGE_ENTER', '2026-11-21 20:00:26.500000', 'Anna', '101', '600', 'q', "
    "'PJSIP/101-00000001', 'Queue', '600', '1.2', '1.1', '', '{\"bridge_id\"\\:\"b\"}')"
)
IN_MOSCOW = ("BRIDGE_ENTER", 1795280426.5, "b")


def test_times_of_a_table_without_a_zone_are_the_pbx_s(sqlite: Engine) -> None:
    write(sqlite, FREEPBX, FREEPBX_ROW)
    assert freepbx_row(CelTable(str(sqlite.url), "cel", ZoneInfo("Europe/Moscow"))) == IN_MOSCOW


def test_a_broken_row_is_counted_and_passed(sqlite: Engine) -> None:
    write(sqlite, SQLITE_SAMPLE, "INSERT INTO cel (eventtype) VALUES ('HANGUP')", hangup(2))
    read = CelTable(str(sqlite.url), "cel", UTC).read({}, MANY)
    assert [row.uniqueid for row, _ in read.rows] == ["1.2"]
    assert read.broken == {"eventtime is missing": 1}
    assert read.following == {"id": 2}


def test_the_first_row_of_a_moment_is_found(sqlite: Engine) -> None:
    write(
        sqlite, SQLITE_SAMPLE, *(hangup(number) for number in range(1, 9)), "DELETE FROM cel WHERE AcctId = 4"
    )
    write(sqlite, "UPDATE cel SET eventtime = 1795280000 + AcctId")
    table = CelTable(str(sqlite.url), "cel", UTC)
    for second, first in ((0, "1.1"), (3, "1.3"), (4, "1.5"), (8, "1.8")):
        place = table.since(datetime.fromtimestamp(1795280000 + second, UTC))
        assert table.read(place, 1).rows[0][0].uniqueid == first
    assert table.read(table.since(datetime(2027, 1, 1, tzinfo=UTC)), MANY).rows == []


def test_an_empty_table_ends_at_its_beginning(sqlite: Engine) -> None:
    write(sqlite, SQLITE_SAMPLE)
    table = CelTable(str(sqlite.url), "cel", UTC)
    assert table.end() == {"id": 0}
    assert table.read(table.end(), MANY).rows == []


def test_a_table_that_cannot_be_counted_or_is_not_there_is_said(sqlite: Engine) -> None:
    write(sqlite, "CREATE TABLE cel (eventtype)")
    with pytest.raises(RecordsUnreadable, match="no counting column"):
        CelTable(str(sqlite.url), "cel", UTC).end()
    with pytest.raises(RecordsUnreadable, match="NoSuchTableError"):
        CelTable(str(sqlite.url), "records", UTC).end()


def test_what_cannot_be_reached_is_said_without_the_password() -> None:
    with pytest.raises(RecordsUnreadable) as told:
        CelTable("sqlite:////nowhere/secret.db", "cel", UTC).end()
    assert "secret" not in str(told.value)
