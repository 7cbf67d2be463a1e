"""Rows of CDR as cdr_csv and FreePBX's table have them."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from pbx_crm.asterisk.cdr_events import events_of_cdrs
from pbx_crm.asterisk.cdr_row import BadCdr, CdrRow, cdr_of, cdrs_of_csv
from pbx_crm.asterisk.replay import calls_in
from pbx_crm.domain.call import Call, Outcome
from pbx_crm.domain.endpoint import PbxShape
from pbx_crm.domain.errors import BadTape

START = datetime(2026, 11, 21, 17, 0, 0, tzinfo=UTC).timestamp()
MASTER_LINE = (
    '"","79031112233","74951230007","from-trunk","""Anna"" <79031112233>","PJSIP/trunk-main-00000001",'
    '"PJSIP/101-00000002","Dial","PJSIP/101,30","2026-11-21 17:00:00","2026-11-21 17:00:03",'
    '"2026-11-21 17:00:10",10,7,"ANSWERED","DOCUMENTATION"'
)
FREEPBX = {
    "calldate": datetime(2026, 11, 21, 20, 0, 0),  # noqa: DTZ001 - as a database driver hands it over
    "clid": '"Anna" <79031112233>',
    "src": "79031112233",
    "dst": "600",
    "dcontext": "ext-queues",
    "channel": "PJSIP/trunk-main-00000001",
    "dstchannel": "PJSIP/101-00000002",
    "lastapp": "Dial",
    "lastdata": "PJSIP/101,30",
    "duration": 10,
    "billsec": 7,
    "disposition": "ANSWERED",
    "uniqueid": "1795280400.1",
    "linkedid": "1795280400.1",
    "did": "74951230007",
    "recordingfile": "in-600.wav",
}


def calls(*rows: CdrRow) -> list[Call]:
    return calls_in(events_of_cdrs(rows, PbxShape()), PbxShape())


def test_master_csv_with_its_uniqueid_is_a_call() -> None:
    (call,) = calls(*cdrs_of_csv([MASTER_LINE + ',"1795280400.1",""\n']))
    assert (call.external_number, call.caller_name, call.did) == ("79031112233", "Anna", "74951230007")
    assert (call.answered_by, call.talk_seconds, call.ring_seconds) == ("101", 7.0, 3.0)


def test_master_csv_without_uniqueids_is_refused_with_the_line_to_set() -> None:
    with pytest.raises(BadTape, match="loguniqueid=yes"):
        list(cdrs_of_csv([MASTER_LINE + "\n"]))


def test_a_row_of_freepbx_is_the_same_call_with_its_called_number_and_recording() -> None:
    row = cdr_of(FREEPBX, ZoneInfo("Europe/Moscow"))
    assert (row.start, row.answered_at, row.end) == (START, START + 3, START + 10)
    (call,) = calls(row)
    assert (call.did, call.recording_file, call.recorded) == ("74951230007", "in-600.wav", True)
    assert (call.answered_by, call.outcome) == ("101", Outcome.ANSWERED)


def test_a_talk_of_no_whole_second_is_a_talk() -> None:
    (call,) = calls(cdr_of({**FREEPBX, "duration": 3, "billsec": 0, "answer": "2026-11-21 20:00:03"}))
    assert call.answered_by == "101"
    assert 0 < call.talk_seconds < 1


def test_a_phone_that_was_busy_is_no_talk_and_did_not_ring() -> None:
    (call,) = calls(cdr_of({**FREEPBX, "billsec": 0, "duration": 0, "disposition": "BUSY"}))
    assert (call.outcome, call.rang) == (Outcome.MISSED, ())


@pytest.mark.parametrize(
    ("change", "words"),
    [({"uniqueid": ""}, "uniqueid is missing"), ({"calldate": "soon"}, "a time is 'soon'")],
)
def test_a_row_that_says_nothing_is_refused_by_name(change: dict[str, object], words: str) -> None:
    with pytest.raises(BadCdr, match=words):
        cdr_of({**FREEPBX, **change})
