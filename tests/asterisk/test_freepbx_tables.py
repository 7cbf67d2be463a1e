"""A FreePBX keeps its records in MariaDB: read there, they tell the same calls."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from pbx_crm.asterisk.cdr_calls import CdrCalls
from pbx_crm.asterisk.cdr_table import CdrTable
from pbx_crm.asterisk.cel_calls import CelCalls
from pbx_crm.asterisk.cel_reader import CelTable
from pbx_crm.asterisk.recorded import read_recording
from pbx_crm.asterisk.replay import call_as_json
from pbx_crm.domain.call import Call
from pbx_crm.domain.endpoint import PbxShape
from pbx_crm.domain.errors import RecordsUnreadable
from tests.asterisk.freepbx import CDR, CEL, write_cdr, write_cel
from tests.asterisk.test_cel_tapes import UNKNOWN_TO_CEL, whole_truth
from tests.parts.mariadb import PASSWORD, MariaDbServer
from tests.truth import SINGLE_NAMES, TAPES, faults

pytestmark = [pytest.mark.mariadb, pytest.mark.timeout(240)]

LATER = datetime(2026, 11, 22, tzinfo=UTC)
"""After the last recording."""
MOSCOW = ZoneInfo("Europe/Moscow")
ON_22 = [name for name in SINGLE_NAMES if name.endswith("__22-pjsip-A")]
TOO_COARSE = {"xfer_queue_local_blind"}
"""Start and length are each cut to seconds: who of two talked first within one is not to be told."""
TWO_IN_A_ROW = "multi_same_caller_in_a_row__22-pjsip-A"
CHAIN = "xfer_blind_chain__22-pjsip-A"


def told(call: Call) -> tuple[object, ...]:
    """What two readers of the same rows must agree in."""
    rang = tuple(sorted(call.rang))
    return (call.linkedid, call.direction, call.external_number, call.outcome, call.answered_by, rang)


def test_freepbx_s_channel_events_tell_what_the_phones_saw(
    mariadb: MariaDbServer, asteriskcdrdb: str
) -> None:
    mariadb.run(CEL, database=asteriskcdrdb)
    records = CelCalls(CelTable(mariadb.url(asteriskcdrdb), "cel", MOSCOW), PbxShape())
    for name in ON_22:
        place = records.end()
        write_cel(mariadb, asteriskcdrdb, TAPES / name, MOSCOW)
        calls = [call_as_json(call) for call in records.read(place, LATER).calls]
        # Whole seconds: what lasted no second may come out as nothing.
        unknown = {"recording", "ring_s", "talk_s", *UNKNOWN_TO_CEL.get(name.partition("__")[0], ())}
        wrong = [f for f in faults(whole_truth(name), calls) if f.partition(":")[0] not in unknown]
        assert (name, wrong) == (name, [])


def test_freepbx_s_call_detail_records_tell_the_calls_of_cdr_csv(
    mariadb: MariaDbServer, asteriskcdrdb: str
) -> None:
    mariadb.run(CDR, database=asteriskcdrdb)
    records = CdrCalls(CdrTable(mariadb.url(asteriskcdrdb, "mariadb"), "cdr", MOSCOW), PbxShape())
    for name in ON_22:
        mariadb.run("DELETE FROM cdr", database=asteriskcdrdb)
        write_cdr(mariadb, asteriskcdrdb, TAPES / name, MOSCOW)
        found = {told(call) for call in records.read({}, LATER).calls}
        as_csv = {told(c) for c in read_recording(TAPES / name, "cdr", PbxShape()).calls if not c.is_open}
        if name.partition("__")[0] in TOO_COARSE:
            assert {call[:4] for call in found} == {call[:4] for call in as_csv}
        else:
            assert (name, found) == (name, as_csv)


def test_only_what_was_added_is_read_from_the_cdr_table(mariadb: MariaDbServer, asteriskcdrdb: str) -> None:
    mariadb.run(CDR, database=asteriskcdrdb)
    records = CdrCalls(CdrTable(mariadb.url(asteriskcdrdb), "cdr", UTC), PbxShape())
    write_cdr(mariadb, asteriskcdrdb, TAPES / TWO_IN_A_ROW)
    place = records.end()
    assert records.read(place, LATER).calls == ()
    mariadb.run("UPDATE cdr SET calldate = calldate - INTERVAL 1 DAY", database=asteriskcdrdb)
    write_cdr(mariadb, asteriskcdrdb, TAPES / CHAIN)
    (call,) = records.read({"ended": place["ended"] - 3600}, LATER).calls
    assert [t.target for t in call.transfers]


def test_a_day_of_the_cdr_table_is_accounted_for(mariadb: MariaDbServer, asteriskcdrdb: str) -> None:
    mariadb.run(CDR, database=asteriskcdrdb)
    records = CdrCalls(CdrTable(mariadb.url(asteriskcdrdb), "cdr", MOSCOW), PbxShape(), largest=2)
    for name in (TWO_IN_A_ROW, CHAIN):
        write_cdr(mariadb, asteriskcdrdb, TAPES / name, MOSCOW)
    day = datetime(2026, 11, 21, tzinfo=UTC)
    written = records.between(day, day + timedelta(days=1))
    assert len(written) == 3
    assert all(one.call is not None for one in written)
    assert records.between(day - timedelta(days=1), day) == []


def test_a_refused_log_in_is_said_without_the_password(mariadb: MariaDbServer, asteriskcdrdb: str) -> None:
    url = mariadb.url(asteriskcdrdb).replace("pbx_crm:", "somebody:")
    with pytest.raises(RecordsUnreadable, match="Access denied") as refused:
        CelTable(url, "cel", UTC).end()
    assert PASSWORD not in str(refused.value)
