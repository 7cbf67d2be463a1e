"""The CRM was deaf, or down: what the PBX wrote down meanwhile makes good for it."""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Row, select

from pbx_crm.asterisk.ami_events import AmiEventReader
from pbx_crm.asterisk.cel_calls import CelCalls
from pbx_crm.asterisk.cel_file import CelFile
from pbx_crm.asterisk.recorded import read_recording
from pbx_crm.asterisk.replay import events_of
from pbx_crm.db import gaps as gap_rows
from pbx_crm.db import record_places
from pbx_crm.db.engine import Database
from pbx_crm.db.tables import calls, deals, gaps, talks, tasks
from pbx_crm.domain.call import Call, CallEnded, Direction, Fact
from pbx_crm.domain.call_tracker import CallTracker
from pbx_crm.domain.endpoint import PbxShape
from pbx_crm.domain.phone import NumberPlan
from pbx_crm.services.call_intake import settle_open, take_in, take_in_written
from pbx_crm.services.reconcile import Reconcile, Reconciled
from tests.company import PBX, Company, fresh_company
from tests.parts.inventory import INVENTORY
from tests.truth import TAPES, tape, truth

PLAN = NumberPlan("RU")
AFTERWARDS = datetime(2026, 11, 21, 18, tzinfo=UTC)
"""When the CRM is there again: after the last recording."""
WHOLE, CUT, UNHEARD = (
    f"{name}__22-pjsip-A" for name in ("in_direct_answered", "brk_ami_cut_mid_talk", "brk_ami_cut_whole_call")
)
TWENTY = [
    "in_direct_answered__22-pjsip-A",
    "in_missed__16-sip-A",
    "in_direct_busy__22-pjsip-A",
    "in_queue_ringall__22-pjsip-A",
    "in_queue_local_members__16-pjsip-A",
    "in_queue_abandoned__16-sip-A",
    "in_noanswer_voicemail__22-pjsip-A",
    "in_ivr_queue__22-pjsip-A",
    "in_ringgroup__16-sip-A",
    "out_answered__22-pjsip-A",
    "out_busy__16-sip-A",
    "c2c_answered__22-pjsip-A",
    "c2c_local__16-sip-A",
    "fwd_302_internal__22-pjsip-A",
    "fwd_followme__22-pjsip-A",
    "internal_answered__22-pjsip-A",
    "multi_same_caller_in_a_row__22-pjsip-A",
    "multi_ten_concurrent__22-pjsip-A",
    "park_retrieve__22-pjsip-A",
    "pickup_group__16-sip-A",
    "xfer_att_dtmf__22-pjsip-A",
    "xfer_att_refer__22-pjsip-A",
    "xfer_blind_chain__22-pjsip-A",
    "xfer_queue_local_blind__16-sip-A",
]


@cache
def heard(name: str) -> tuple[Fact, ...]:
    """What AMI told of a recording while it ran."""
    tracker, facts, at = CallTracker(PbxShape()), list[Fact](), 0.0
    for event in events_of(tape(name), AmiEventReader()):
        at = event.at
        facts += tracker.feed(event)
    return (*facts, *tracker.finish(at))


@cache
def logged(name: str) -> tuple[Call, ...]:
    """The calls the PBX wrote down."""
    return tuple(read_recording(TAPES / name, "cel", PbxShape()).calls)


class Log:
    """The PBX's CEL as a file that grows."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.write_text("")
        self.records = CelCalls(CelFile(path, UTC), PbxShape())

    def write(self, name: str, some: slice = slice(None)) -> None:
        """The PBX writes down what happened in this recording, or some rows of it."""
        text = gzip.decompress((TAPES / name / "cel.csv.gz").read_bytes()).decode()
        header, *rows = text.splitlines(keepends=True)
        with self._path.open("a") as file:
            file.writelines(rows[some] if self._path.stat().st_size else [header, *rows[some]])


@pytest.fixture
def company(database: Database) -> Company:
    return Company(database)


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return Log(tmp_path / "Master.csv")


async def reconciled(company: Company, log: Log, at: datetime = AFTERWARDS) -> Reconciled:
    reconcile = Reconcile(company.database, company.intake, company.live, lambda: at)
    return await reconcile.run(PBX, log.records)


async def test_the_first_run_leaves_history_alone(company: Company, log: Log) -> None:
    log.write(WHOLE)
    assert await reconciled(company, log) == Reconciled()
    assert await company.rows(calls) == []
    log.write(UNHEARD)
    assert (await reconciled(company, log)).found == 1


async def test_a_call_nobody_heard_has_its_card_minutes_later(company: Company, log: Log) -> None:
    await reconciled(company, log)
    log.write(UNHEARD)
    assert (await reconciled(company, log)).found == 1
    call, deal = await company.one(calls), await company.one(deals)
    was = truth(UNHEARD)["calls"][0]
    assert (call["outcome"], call["answered_extension"], call["late"]) == (
        "answered",
        was["answered_by"],
        True,
    )
    assert (call["deal_id"], deal["owner_id"]) == (deal["id"], company.anna.id)
    assert deal["created_at"] == call["ended_at"]


async def test_a_missed_call_nobody_heard_is_called_back(company: Company, log: Log) -> None:
    await reconciled(company, log)
    log.write("in_missed__22-pjsip-A")
    await reconciled(company, log)
    task = await company.one(tasks)
    assert (task["kind"], task["owner_id"]) == ("call", company.anna.id)


async def test_an_end_that_was_lost_gets_its_moment_and_talk_is_not_counted_twice(
    company: Company, log: Log
) -> None:
    await reconciled(company, log)
    await company.tell(heard(CUT))
    before = {row["linkedid"]: row for row in await company.rows(calls)}
    assert "gap" in {row["ended_by"] for row in before.values()}
    log.write(CUT)
    assert (await reconciled(company, log)).found == 1
    was = truth(CUT)["calls"][0]
    mended = min(await company.rows(calls), key=lambda row: row["started_at"])
    assert (mended["ended_by"], mended["late"]) == ("hangup", True)
    assert mended["ended_at"].timestamp() == pytest.approx(was["ended_at"], abs=0.5)
    assert len(await company.rows(talks, call_id=mended["id"])) == 1
    assert len(await company.rows(deals)) == len({row["contact_id"] for row in before.values()})


async def test_a_call_that_goes_on_for_the_program_ends_where_the_records_end_it(
    company: Company, log: Log
) -> None:
    await reconciled(company, log)
    await company.tell([fact for fact in heard(WHOLE) if not isinstance(fact, CallEnded)])
    assert (await company.one(calls))["ended_at"] is None
    log.write(WHOLE)
    assert (await reconciled(company, log)).found == 1
    assert (await company.one(calls))["ended_at"] is not None


async def test_what_was_heard_whole_stays_as_it_was_heard(company: Company, log: Log) -> None:
    await reconciled(company, log)
    await company.tell(heard(WHOLE))
    before = await company.everything()
    log.write(WHOLE)
    assert (await reconciled(company, log)).found == 0
    assert await company.everything() == before


async def test_what_ami_tells_after_the_records_changes_nothing(company: Company, log: Log) -> None:
    await reconciled(company, log)
    log.write(WHOLE)
    await reconciled(company, log)
    before = await company.everything()
    await company.tell(heard(WHOLE))
    assert await company.everything() == before


async def test_reading_the_same_records_again_changes_nothing(company: Company, log: Log) -> None:
    await reconciled(company, log)
    place = await company.database.read(record_places.get, PBX) or {}
    for name in (CUT, UNHEARD, "in_missed__22-pjsip-A"):
        log.write(name)
    await reconciled(company, log)
    before = await company.everything()
    # The program died after storing the calls and before it moved on.
    await company.database.write(_go_back, place)
    assert (await reconciled(company, log)).found == 0
    assert await company.everything() == before


async def test_a_gap_is_closed_once_everything_in_it_was_read(company: Company, log: Log) -> None:
    await reconciled(company, log)
    log.write(UNHEARD)
    (call,) = logged(UNHEARD)
    assert call.ended_at is not None
    ends = call.ended_at + timedelta(seconds=5)
    await company.database.write(gap_rows.note, PBX, call.started_at, ends, "link_lost")
    assert (await reconciled(company, log, at=ends)).filled == 0  # the last rows may still be on their way
    assert (await company.one(gaps))["filled_at"] is None
    assert (await reconciled(company, log)).filled == 1
    assert (await company.one(gaps))["filled_at"] == AFTERWARDS


async def test_a_gap_stays_as_long_as_a_call_that_began_in_it_goes_on(company: Company, log: Log) -> None:
    await reconciled(company, log)
    began = logged(UNHEARD)[0].started_at
    await company.database.write(gap_rows.note, PBX, began, began + timedelta(seconds=1), "link_lost")
    log.write(UNHEARD, slice(6))
    assert (await reconciled(company, log)).filled == 0
    log.write(UNHEARD, slice(6, None))
    assert await reconciled(company, log) == Reconciled(found=1, filled=1)


async def test_open_logs_look_again_for_found_calls_and_closed_gaps_only(company: Company, log: Log) -> None:
    await reconciled(company, log)
    clara = company.listen(company.clara)
    await reconciled(company, log)
    assert clara == []
    log.write(UNHEARD)
    await reconciled(company, log)
    assert clara == [{"calls"}]
    await company.database.write(gap_rows.note, PBX, AFTERWARDS - timedelta(hours=2), AFTERWARDS, "link_lost")
    assert await reconciled(company, log, AFTERWARDS + timedelta(hours=1)) == Reconciled(filled=1)
    assert clara == [{"calls"}] * 2


@pytest.fixture(scope="module")
def office(migrated_file: Path) -> Iterator[Company]:
    """A company on a SQLite; what a test does with it is taken back."""
    with fresh_company(migrated_file) as company:
        yield company


@pytest.mark.thorough
@pytest.mark.parametrize("name", TWENTY)
def test_wherever_the_program_was_killed_no_call_is_lost_and_no_card_doubled(
    office: Company, name: str
) -> None:
    with office.database.engine.connect().execution_options(writes=True) as tx, tx.begin() as everything:
        for killed_after in range(len(heard(name)) + 1):
            with tx.begin_nested() as life:
                _killed_and_started_again(tx, name, killed_after)
                _nothing_is_lost(tx, name)
                assert take_in_written(tx, PBX, logged(name), PLAN)[1] == 0
                life.rollback()
        everything.rollback()
    lines = INVENTORY.tables.setdefault("killed after every fact, started again, CEL read", [])
    lines.append(f"{name}: {len(heard(name)) + 1} kills, lost 0, doubled deals 0")


def _killed_and_started_again(tx: Connection, name: str, killed_after: int) -> None:
    for fact in heard(name)[:killed_after]:
        take_in(tx, PBX, [fact], PLAN)
    settle_open(tx, PBX, frozenset(), AFTERWARDS)
    take_in_written(tx, PBX, logged(name), PLAN)


def _nothing_is_lost(tx: Connection, name: str) -> None:
    stored: list[Row[Any]] = list(tx.execute(select(calls).where(calls.c.pbx == PBX)))
    assert {(c.linkedid, c.outcome, c.answered_extension) for c in stored} == {
        (c.linkedid, c.outcome, c.answered_by) for c in logged(name)
    }
    born = [row.born_of for row in tx.execute(select(deals).where(deals.c.born_of.like(f"{PBX}/%")))]
    assert len(born) == len(set(born))
    assert len(born) == len({c.e164 or c.id for c in stored if c.direction == Direction.IN})
    talked = tx.execute(select(talks.c.call_id, talks.c.extension, talks.c.started_at)).all()
    assert len({row.call_id for row in talked}) == len([c for c in logged(name) if c.talks])


def _go_back(tx: Connection, place: Mapping[str, Any]) -> None:
    record_places.keep(tx, PBX, place, AFTERWARDS)
