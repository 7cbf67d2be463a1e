"""FreePBX's asteriskcdrdb: its two tables, and a recording written into them as FreePBX writes it."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from pathlib import Path

from tests.parts.mariadb import MariaDbServer

CEL = """CREATE TABLE cel (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, eventtype VARCHAR(30) NOT NULL,
  eventtime DATETIME NOT NULL, cid_name VARCHAR(80), cid_num VARCHAR(80), cid_ani VARCHAR(80),
  cid_rdnis VARCHAR(80), cid_dnid VARCHAR(80), exten VARCHAR(80), context VARCHAR(80), channame VARCHAR(80),
  appname VARCHAR(80), appdata VARCHAR(255), amaflags INT, accountcode VARCHAR(20), uniqueid VARCHAR(32),
  linkedid VARCHAR(32), peer VARCHAR(80), userdeftype VARCHAR(255), extra VARCHAR(512),
  KEY uniqueid_index (uniqueid), KEY linkedid_index (linkedid)) DEFAULT CHARSET=utf8mb4"""
CEL_COLUMNS = (
    *(
        "eventtype",
        "eventtime",
        "cid_name",
        "cid_num",
        "cid_ani",
        "cid_rdnis",
        "cid_dnid",
        "exten",
        "context",
    ),
    *("channame", "appname", "appdata", "uniqueid", "linkedid", "peer", "userdeftype", "extra"),
)
CDR = """CREATE TABLE cdr (calldate DATETIME NOT NULL DEFAULT '1970-01-02 00:00:00', clid VARCHAR(80) NOT NULL
  DEFAULT '', src VARCHAR(80) NOT NULL DEFAULT '', dst VARCHAR(80) NOT NULL DEFAULT '',
  dcontext VARCHAR(80) NOT NULL DEFAULT '', channel VARCHAR(80) NOT NULL DEFAULT '',
  dstchannel VARCHAR(80) NOT NULL DEFAULT '', lastapp VARCHAR(80) NOT NULL DEFAULT '',
  lastdata VARCHAR(80) NOT NULL DEFAULT '', duration INT NOT NULL DEFAULT 0, billsec INT NOT NULL DEFAULT 0,
  disposition VARCHAR(45) NOT NULL DEFAULT '', amaflags INT NOT NULL DEFAULT 0,
  accountcode VARCHAR(20) NOT NULL DEFAULT '', uniqueid VARCHAR(32) NOT NULL DEFAULT '',
  userfield VARCHAR(255) NOT NULL DEFAULT '', did VARCHAR(50) NOT NULL DEFAULT '',
  recordingfile VARCHAR(255) NOT NULL DEFAULT '', cnum VARCHAR(80) NOT NULL DEFAULT '',
  cnam VARCHAR(80) NOT NULL DEFAULT '', outbound_cnum VARCHAR(80) NOT NULL DEFAULT '',
  outbound_cnam VARCHAR(80) NOT NULL DEFAULT '', dst_cnam VARCHAR(80) NOT NULL DEFAULT '',
  linkedid VARCHAR(32) NOT NULL DEFAULT '', peeraccount VARCHAR(80) NOT NULL DEFAULT '',
  sequence INT NOT NULL DEFAULT 0, KEY calldate (calldate), KEY uniqueid (uniqueid))
  DEFAULT CHARSET=utf8mb4"""
CDR_COLUMNS = (
    *("calldate", "clid", "src", "dst", "dcontext", "channel", "dstchannel", "lastapp", "lastdata"),
    *("duration", "billsec", "disposition", "uniqueid", "linkedid", "sequence"),
)


def rows_of(folder: Path, kind: str) -> list[dict[str, str]]:
    """The rows of a recording's `cel.csv` or `cdr.csv` by their columns."""
    text = gzip.decompress((folder / f"{kind}.csv.gz").read_bytes()).decode("utf-8", "replace")
    return list(csv.DictReader(text.splitlines(keepends=True)))


def write_cel(server: MariaDbServer, database: str, folder: Path, zone: tzinfo = UTC) -> None:
    """The CEL rows of a recording, in whole seconds of the PBX's wall clock as FreePBX has them."""
    named = [
        {**row, "extra": row["eventextra"], "eventtime": wall(row["eventtime"], zone)}
        for row in rows_of(folder, "cel")
    ]
    _write(server, database, "cel", CEL_COLUMNS, named)


def write_cdr(server: MariaDbServer, database: str, folder: Path, zone: tzinfo = UTC) -> None:
    """The CDR rows of a recording, without the answer and end that FreePBX does not keep."""
    named = [{**row, "calldate": wall(row["start"], zone)} for row in rows_of(folder, "cdr")]
    _write(server, database, "cdr", CDR_COLUMNS, named)


def wall(utc: str, zone: tzinfo) -> str:
    """This moment by the PBX's wall clock."""
    moment = datetime.fromisoformat(utc).replace(tzinfo=UTC).astimezone(zone)
    return moment.strftime("%Y-%m-%d %H:%M:%S")


def _write(
    server: MariaDbServer, database: str, table: str, columns: Sequence[str], rows: list[dict[str, str]]
) -> None:
    if not rows:
        return
    places = ", ".join(["%s"] * len(columns))
    statement = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})"  # noqa: S608 - our own names
    server.run(statement, *(tuple(row[c] for c in columns) for row in rows), database=database)
