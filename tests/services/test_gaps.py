"""Stretches in which nothing was heard stand in the log once, also those in which the CRM was off."""

from __future__ import annotations

from datetime import timedelta

from pbx_crm.db.engine import Database
from pbx_crm.db.tables import gaps
from pbx_crm.services.gaps import Gaps
from pbx_crm.services.live_feed import LiveFeed
from tests.builders import NOW
from tests.turned_clock import TurnedClock


async def told(database: Database) -> list[tuple[str, object, object, str]]:
    """The gaps on record."""
    rows = await database.read(lambda tx: tx.execute(gaps.select().order_by(gaps.c.from_at)).all())
    return [(row.pbx, row.from_at, row.to_at, row.cause) for row in rows]


async def test_a_gap_of_the_link_told_twice_stands_once(database: Database) -> None:
    noted = Gaps(database, LiveFeed(), TurnedClock())
    for _ in range(2):
        await noted.note("office", NOW, NOW + timedelta(minutes=5), pbx_restarted=False)
    assert await told(database) == [("office", NOW, NOW + timedelta(minutes=5), "link_lost")]


async def test_the_first_start_ever_is_no_gap(database: Database) -> None:
    await Gaps(database, LiveFeed(), TurnedClock()).began_listening("office")
    assert await told(database) == []


async def test_while_the_crm_was_off_nothing_was_heard(database: Database) -> None:
    clock = TurnedClock()
    before = Gaps(database, LiveFeed(), clock)
    await before.began_listening("office")
    clock.go_on(timedelta(hours=2))
    await before.heard("office")
    clock.go_on(timedelta(minutes=30))
    await Gaps(database, LiveFeed(), clock).began_listening("office")
    stopped_at = NOW + timedelta(hours=2)
    assert await told(database) == [("office", stopped_at, stopped_at + timedelta(minutes=30), "crm_stopped")]
