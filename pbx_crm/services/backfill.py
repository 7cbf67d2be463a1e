"""Day-one history: a year of the PBX's own records becomes calls, clients and, by choice, deals.

What is long over asks nobody for anything: no task, no trigger, no popup, no alert. Calls that are on record
stay as they are, and what is taken in here is known by its Linkedid when it is told again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from pbx_crm.db import callers, calls, record_places
from pbx_crm.db.callers import NewCaller
from pbx_crm.db.engine import Database, Transaction
from pbx_crm.domain.call import Call, CallEnded, Direction
from pbx_crm.domain.phone import NumberPlan
from pbx_crm.services.clock import Clock
from pbx_crm.services.intake_counting import leave_sums
from pbx_crm.services.intake_desk import Desk
from pbx_crm.services.intake_filing import file_away
from pbx_crm.services.intake_work import hear, name_of
from pbx_crm.services.reconcile import RIPE_AFTER, Place, Written
from pbx_crm.services.rollups import Rollups

TAKEN_AT_ONCE = 500
"""Calls a transaction: long enough to be quick, short enough for a call that rings meanwhile."""


class History(Protocol):
    """What one PBX has written down. Its methods block and may raise RecordsUnreadable."""

    def since(self, moment: datetime) -> Place:
        """A place before every call that began at that moment or later."""

    def read(self, place: Place, before: datetime) -> Written:
        """The calls from there on, by rows older than `before`."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be taken in; a run that was broken off goes on only with the same wish."""

    since: datetime
    source: str
    """Whose place it is: `cel` or `cdr`."""
    with_deals: bool

    def as_json(self) -> dict[str, Any]:
        """To be kept and compared."""
        return {"since": self.since.isoformat(), "source": self.source, "deals": self.with_deals}


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run has come."""

    rows: int = 0
    """Read by this run."""
    calls: int = 0
    """Taken in, the runs before this one included."""
    until: datetime | None = None
    """The newest call that was read."""


class Backfill:
    """Takes the past in, a stretch at a time; its place is kept with what was stored."""

    def __init__(self, database: Database, clock: Clock, plans: Mapping[str, NumberPlan]) -> None:
        self._database = database
        self._clock = clock
        self._plans = plans
        self._rollups = Rollups(database, clock)

    async def run(self, pbx: str, history: History, wish: Wish, tell: Callable[[Progress], None]) -> Progress:
        """Everything since the wish's day, up to now; what a run broken off had reached is not read again."""
        kept = await self._database.read(record_places.past, pbx) or {}
        goes_on = kept.get("wish") == wish.as_json() and not kept.get("done")
        place = kept["place"] if goes_on else await asyncio.to_thread(history.since, wish.since)
        progress = Progress(calls=kept["calls"] if goes_on else 0)
        whole = False
        while not whole:
            written = await asyncio.to_thread(history.read, place, self._clock() - RIPE_AFTER)
            whole = written.whole or written.following == place
            place = written.following
            progress = await self._take(pbx, wish, written, progress)
            state = {"wish": wish.as_json(), "place": dict(place), "calls": progress.calls, "done": whole}
            await self._database.write(record_places.keep_past, pbx, state)
            tell(progress)
        await self._rollups.catch_up()
        return progress

    async def goes_live(self, pbx: str, wish: Wish) -> None:
        """The program, when it listens, reads on where the history ended, if it never read before."""
        kept = await self._database.read(record_places.past, pbx) or {}
        if kept.get("wish") == wish.as_json() and kept.get("done"):
            await self._database.write(_read_on, pbx, kept["place"], self._clock())

    async def _take(self, pbx: str, wish: Wish, written: Written, before: Progress) -> Progress:
        wanted = [call for call in written.calls if call.started_at >= wish.since]
        taken = before.calls
        for begin in range(0, len(wanted), TAKEN_AT_ONCE):
            some = wanted[begin : begin + TAKEN_AT_ONCE]
            plan = self._plans[pbx]
            taken += await self._database.write(take_in_history, pbx, some, plan, wish.with_deals)
        until = max((call.started_at for call in wanted), default=before.until)
        return Progress(before.rows + written.rows, taken, until)


def take_in_history(
    tx: Transaction, pbx: str, history: Sequence[Call], plan: NumberPlan, with_deals: bool
) -> int:
    """Stores those of these calls that are not on record, within a transaction; how many."""
    names = {linkedid for call in history for linkedid in (call.linkedid, *call.aliases)}
    stored = calls.stored(tx, pbx, sorted(names))
    new = [call for call in history if stored.keys().isdisjoint((call.linkedid, *call.aliases))]
    if not new:
        return 0
    facts = [CallEnded(call, call.ended_at or call.started_at) for call in new]
    desk = Desk(tx, pbx, facts, plan)
    desk.makes_cards = with_deals
    for news in desk.news:
        hear(desk, news)
    _let_rest(desk)
    # A day is summed up once, when all of its calls are there.
    leave_sums(tx, desk)
    file_away(tx, desk)
    if not with_deals:
        callers.make(tx, _strangers(desk))
    calls.mark_late(tx, pbx, [call.linkedid for call in new])
    return len(new)


def _let_rest(desk: Desk) -> None:
    """Nobody is asked to do anything about calls of the past, and none of them answers for today's."""
    desk.wishes.clear()
    desk.talks.clear()
    desk.turned.clear()
    desk.unlinked.clear()


def _strangers(desk: Desk) -> list[NewCaller]:
    """Clients to be made: outside parties that nobody knows, each by their first call."""
    found: dict[str, NewCaller] = {}
    for file in desk.heard:
        call, number = file.call, file.number
        if call is None or number is None or file.skipped_by or call.direction is Direction.INTERNAL:
            continue
        if number in desk.clients:
            continue
        first = found.setdefault(number, NewCaller(number, name_of(call), None, call.started_at))
        if not first.name and (name := name_of(call)):
            found[number] = replace(first, name=name)
    return list(found.values())


def _read_on(tx: Transaction, pbx: str, place: Place, now: datetime) -> None:
    if record_places.get(tx, pbx) is None:
        record_places.keep(tx, pbx, place, now)
