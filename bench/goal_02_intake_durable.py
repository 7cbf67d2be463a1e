"""Goal 2: bytes → facts → durable rows of calls, clients, deals and sums, against stock panoramisk."""

from __future__ import annotations

import asyncio
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

from panoramisk.manager import Manager
from panoramisk.message import Message
from sqlalchemy import Connection, func, insert, select

from bench.goal_01_intake_memory import ARRIVED, RECORDING, feed, stock
from bench.result import ROUNDS, Result, cpu_seconds
from pbx_crm.asterisk.ami_events import AmiEventReader, is_needed
from pbx_crm.asterisk.ami_link import OneConnection
from pbx_crm.asterisk.ami_protocol import AmiProtocol, LinkCounters
from pbx_crm.asterisk.ami_wire import headers_of
from pbx_crm.asterisk.call_stream import LARGEST_BATCH
from pbx_crm.asterisk.tape import read_tape
from pbx_crm.db import call_days, extensions, funnels, migrate
from pbx_crm.db.engine import Database
from pbx_crm.db.tables import calls, people
from pbx_crm.domain.call import Fact
from pbx_crm.domain.call_tracker import CallTracker
from pbx_crm.domain.funnel import PRESETS
from pbx_crm.domain.phone import NumberPlan
from pbx_crm.services.call_intake import CallIntake, take_in
from pbx_crm.services.interpreter import prepare_interpreter
from pbx_crm.services.live_feed import LiveFeed

WANTED = 2.0
PBX = "bench"
PLAN = NumberPlan("RU")
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
SELLERS = ("101", "102", "103", "104", "105", "106")


def measure() -> Result:
    """The ratio of CPU for the recording of 300 calls, every write of them committed; the remark leaves the
    sums of reports out.
    """
    raw = b"".join(segment.raw for segment in read_tape(RECORDING).segments)
    rounds = [(_round(raw, turn), _round(raw, turn, with_sums=False)) for turn in range(ROUNDS)]
    ratio, without_sums = (median(ratios) for ratios in zip(*rounds, strict=True))
    return Result(
        "intake with durable rows, against stock panoramisk doing nothing",
        f"{ratio:.2f} x",
        f">= {WANTED:.0f} x",
        ratio >= WANTED,
        f"without the sums {without_sums:.2f} x",
    )


def _round(raw: bytes, turn: int, *, with_sums: bool = True) -> float:
    """One paired comparison on a database of its own, ours first every other time."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database.open(f"sqlite:///{folder}/crm.db")
        migrate.upgrade(database.engine)
        with database.engine.connect().execution_options(writes=True) as tx, tx.begin():
            _found_company(tx, with_sums=with_sums)
            _warm_up(tx)
        prepare_interpreter()  # as the server does when it has started; the reference gains by it too
        if turn % 2:
            mine, reference = _ours(database, raw), cpu_seconds(lambda: asyncio.run(_stock(raw)))
        else:
            reference, mine = cpu_seconds(lambda: asyncio.run(_stock(raw))), _ours(database, raw)
        database.close()
    return reference / mine


async def _stock(raw: bytes) -> None:
    stock(raw)


def _ours(database: Database, raw: bytes) -> float:
    seconds = cpu_seconds(lambda: asyncio.run(_take_in(database, raw)))
    with database.engine.connect() as tx:
        stored = tx.execute(select(func.count()).where(calls.c.ended_at.is_not(None))).scalar_one()
    assert stored > 250, "the calls are not on record"
    return seconds


async def _take_in(database: Database, raw: bytes) -> None:
    """The recording as the call stream takes it: so many messages a batch, one batch after another."""
    intake = CallIntake(database, LiveFeed(), lambda: ARRIVED, {PBX: PLAN})
    reader, tracker = AmiEventReader(), CallTracker()
    batches: list[list[Fact]] = [[]]
    messages = 0

    def hear(_: Manager, message: Message) -> None:
        nonlocal messages
        event = reader.read(message, ARRIVED.timestamp())
        if event is not None:
            batches[-1] += tracker.feed(event)
        messages += 1
        if messages % LARGEST_BATCH == 0:
            batches.append([])

    feed(OneConnection, AmiProtocol(is_needed, LinkCounters(), lambda: ARRIVED), raw, hear)
    batches[-1] += tracker.finish((ARRIVED + timedelta(hours=1)).timestamp())
    for facts in batches:
        await intake.take(PBX, facts)


def _found_company(tx: Connection, *, with_sums: bool) -> None:
    funnels.create(tx, PRESETS[0], "EUR")
    if with_sums:
        call_days.choose_zone(tx, "Europe/Berlin")
    for number in SELLERS:
        row = {"login": number, "name": number, "role": "seller", "is_admin": False, "is_active": True}
        values = row | {"theme": "system", "settings": {}, "created_at": LONG_AGO}
        person_id = tx.execute(insert(people).values(**values).returning(people.c.id)).scalar_one()
        extensions.link(tx, PBX, number, person_id, LONG_AGO)


def _warm_up(tx: Connection) -> None:
    """A few calls first: SQLAlchemy puts every statement together once in the life of a server."""
    for name in ("in_queue_ringall__22-pjsip-A", "xfer_att_refer__22-pjsip-A", "in_missed__22-pjsip-A"):
        tape = read_tape(Path(RECORDING).parent / name)
        reader, tracker = AmiEventReader(), CallTracker()
        began = ARRIVED.timestamp()
        for segment in tape.segments:
            for second, raw in segment.messages():
                event = reader.read(headers_of(raw), began + second) if is_needed(raw) else None
                if event is not None and (facts := tracker.feed(event)):
                    take_in(tx, PBX, facts, PLAN)
        take_in(tx, PBX, list(tracker.finish(began + 1e5)), PLAN)
