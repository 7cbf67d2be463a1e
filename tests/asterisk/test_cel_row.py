"""Rows of CEL as the different back-ends write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from pbx_crm.asterisk.cel_row import BadRow, row_of, rows_of_csv
from pbx_crm.domain.errors import BadTape

AT = datetime(2026, 11, 21, 17, 0, 26, 500_000, tzinfo=UTC)
ROW = {
    "eventtype": "BRIDGE_ENTER",
    "eventtime": f"{AT.timestamp():.6f}",
    "channame": "PJSIP/101-00000002",
    "uniqueid": "1795280426.2",
    "linkedid": "1795280426.1",
}
SAMPLE_LINE = (
    '"CHAN_START","1795280426.500000","Anna ""Ann""","101","","","","79031112233","from-internal",'
    '"PJSIP/101-00000002","","","3","","1795280426.2","1795280426.2","","","",""\n'
)


def test_the_times_of_all_back_ends_are_one_moment() -> None:
    moscow = ZoneInfo("Europe/Moscow")
    for written in (
        "1795280426.500000",
        "2026-11-21 20:00:26.500000",
        "2026-11-21T17:00:26.5+00:00",
        datetime(2026, 11, 21, 20, 0, 26, 500_000),  # noqa: DTZ001 - as a database driver hands it over
        AT.astimezone(timezone(timedelta(hours=-5))),
    ):
        assert row_of({**ROW, "eventtime": written}, moscow).at == AT.timestamp()


def test_columns_may_have_the_names_of_sqlite_or_of_freepbx() -> None:
    sqlite = row_of({**ROW, "cidnum": "101", "cidname": "Anna", "eventextra": '{"bridge_id":"b"}'})
    freepbx = row_of({**ROW, "cid_num": "101", "cid_name": "Anna", "extra": '{"bridge_id":"b"}'})
    assert sqlite == freepbx
    assert (sqlite.caller_number, sqlite.caller_name, sqlite.told("bridge_id")) == ("101", "Anna", "b")


def test_a_csv_without_a_header_has_the_columns_of_the_sample() -> None:
    (row,) = rows_of_csv([SAMPLE_LINE])
    assert (row.kind, row.caller_name, row.exten) == ("CHAN_START", 'Anna "Ann"', "79031112233")
    assert (row.uniqueid, row.linkedid) == ("1795280426.2", "1795280426.2")


def test_the_sample_with_its_literal_left_in_reads_the_same() -> None:
    with_literal = SAMPLE_LINE.replace('"CHAN_START",', '"CHAN_START","My Literal",')
    assert list(rows_of_csv([with_literal])) == list(rows_of_csv([SAMPLE_LINE]))


def test_a_header_may_name_the_columns_in_any_order() -> None:
    lines = [
        "uniqueid,LinkedID,ChanName,EventTime,EventType\n",
        "1.2,1.1,SIP/101-00000001,1795280426,HANGUP\n",
    ]
    (row,) = rows_of_csv(lines)
    assert (row.kind, row.uniqueid, row.linkedid, row.at) == ("HANGUP", "1.2", "1.1", 1795280426.0)


@pytest.mark.parametrize("extra", ["", "free text of a user event", "{broken", '["a list"]', "null"])
def test_an_extra_part_that_is_no_object_tells_nothing(extra: str) -> None:
    assert row_of({**ROW, "eventextra": extra}).told("bridge_id") == ""


@pytest.mark.parametrize(
    ("change", "words"),
    [({"linkedid": None}, "linkedid is missing"), ({"eventtime": "yesterday"}, "eventtime is 'yesterday'")],
)
def test_a_row_that_says_nothing_is_refused_by_name(change: dict[str, object], words: str) -> None:
    with pytest.raises(BadRow, match=words):
        row_of({**ROW, **change})


def test_a_csv_of_unknown_width_is_refused_with_the_number_of_its_line() -> None:
    with pytest.raises(BadTape, match="row 2: 3 columns and no header line"):
        list(rows_of_csv(["\n", "a,b,c\n"]))
