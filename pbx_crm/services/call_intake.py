"""From calls to cards: every fact the PBX tells becomes rows once, whatever comes twice or late."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from pbx_crm.db import calls, gaps
from pbx_crm.db.engine import Database, Transaction
from pbx_crm.domain.call import Call, CallEnded, Fact
from pbx_crm.domain.call_fill import DeafTime, goes_on, is_known_whole, with_heard
from pbx_crm.domain.person import Person
from pbx_crm.domain.phone import NumberPlan
from pbx_crm.services import deal_from_call
from pbx_crm.services.clock import Clock
from pbx_crm.services.intake_counting import enter_sums, leave_sums
from pbx_crm.services.intake_desk import Desk
from pbx_crm.services.intake_filing import file_away
from pbx_crm.services.intake_news import Signal, signals
from pbx_crm.services.intake_triggers import act_on_calls
from pbx_crm.services.intake_work import hear
from pbx_crm.services.live_feed import LiveFeed

WRITTEN_AT_ONCE = 100


class CallIntake:
    """Takes in what the trackers conclude; one transaction a batch, the news after its commit."""

    def __init__(
        self,
        database: Database,
        live: LiveFeed,
        clock: Clock,
        plans: Mapping[str, NumberPlan],
    ) -> None:
        """`plans` tells of every PBX by name how it writes numbers."""
        self._database = database
        self._live = live
        self._clock = clock
        self._plans = plans

    async def take(self, pbx: str, facts: Sequence[Fact]) -> None:
        """Stores calls, cards, owners and tasks; returns when they are durable.

        `facts` are one PBX's, in its order; as many as have queued up make one batch. Facts known
        already change nothing.
        """
        if facts:
            self._tell(await self._database.write(take_in, pbx, facts, self._plans[pbx], self._clock()))

    async def take_written(self, pbx: str, written: Sequence[Call], *, even_open: bool = True) -> int:
        """Stores calls that the PBX wrote down and that were not heard, or not to their end; how many.

        What was heard whole stays as it was heard; the same calls again change nothing. Without
        `even_open` a call that is on record as going on is left alone. Some calls to a transaction: an
        outage of a day must not keep what rings now from being stored.
        """
        taken = 0
        for begin in range(0, len(written), WRITTEN_AT_ONCE):
            some = written[begin : begin + WRITTEN_AT_ONCE]
            plan = self._plans[pbx]
            news, count = await self._database.write(take_in_written, pbx, some, plan, even_open)
            self._tell(news)
            taken += count
        return taken

    async def new_deal_from_call(
        self, viewer: Person, call_id: int, *, title: str = "", client_name: str = ""
    ) -> int:
        """The id of a card for a call that made none by itself, in Unsorted and the viewer's own.

        NotFound for a call the viewer may not see, CallHasCard, NoCardOfThis.
        """
        made = await self._database.write(
            deal_from_call.make, viewer, call_id, title, client_name, self._clock()
        )
        self._live.tell({f"deal-{made.id}", f"stage-{made.stage_id}", "call", "calls"}, {viewer.id})
        return made.id

    async def settle_unheard(self, pbx: str, living: Collection[str], at: datetime) -> int:
        """Ends the calls on record that the PBX no longer has; says how many.

        For the program's own restart: its tracker has forgotten calls that ended while it was away.
        """
        ended = await self._database.write(settle_open, pbx, frozenset(living), at)
        if ended:
            self._live.tell_everybody({"calls", "call"})
        return ended

    def _tell(self, news: Sequence[Signal]) -> None:
        for signal in news:
            self._live.tell(signal.topics, signal.people)


def take_in(
    tx: Transaction, pbx: str, facts: Sequence[Fact], plan: NumberPlan, now: datetime | None = None
) -> list[Signal]:
    """The whole intake of a batch within a transaction; what is to be told once it is committed.

    `now` is for what is heard live: the sums of days that are over are not looked at.
    """
    desk = Desk(tx, pbx, facts, plan)
    if not desk.news:
        return []
    for news in desk.news:
        hear(desk, news)
    changed = leave_sums(tx, desk, now)
    file_away(tx, desk)
    enter_sums(tx, desk, changed)
    act_on_calls(tx, desk)
    return signals(desk)


def take_in_written(
    tx: Transaction, pbx: str, written: Sequence[Call], plan: NumberPlan, even_open: bool = True
) -> tuple[list[Signal], int]:
    """Takes in what of these calls is not known whole, within a transaction; what to tell, and how many."""
    names = {linkedid for call in written for linkedid in (call.linkedid, *call.aliases)}
    stored = calls.stored(tx, pbx, sorted(names))
    deaf = _deaf_times(tx, pbx, written)
    wanted = [call for call in written if not is_known_whole(call, stored, deaf)]
    if not even_open:
        wanted = [call for call in wanted if not goes_on(call, stored)]
    if not wanted:
        return [], 0
    facts = [CallEnded(with_heard(call, stored), call.ended_at or call.started_at) for call in wanted]
    known = {
        row["id"] for call in wanted for name in (call.linkedid, *call.aliases) if (row := stored.get(name))
    }
    calls.make_room(tx, sorted(known))
    news = take_in(tx, pbx, facts, plan)
    calls.mark_late(tx, pbx, [call.linkedid for call in wanted])
    return news, len(wanted)


def _deaf_times(tx: Transaction, pbx: str, written: Sequence[Call]) -> list[DeafTime]:
    if not written:
        return []
    since = min(call.started_at for call in written)
    until = max(call.ended_at or call.started_at for call in written)
    return [DeafTime(*gap) for gap in gaps.between(tx, pbx, since, until)]


def settle_open(tx: Transaction, pbx: str, living: frozenset[str], at: datetime) -> int:
    """Ends, within a transaction, the calls on record that do not live any more; how many."""
    gone = [call_id for linkedid, call_id in calls.still_open(tx, pbx).items() if linkedid not in living]
    calls.end_unheard(tx, gone, at)
    return len(gone)
