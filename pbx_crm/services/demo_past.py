"""Some weeks of work that the made-up company has behind it, so that its reports have something to tell.

Calls go through the intake and cards through the moves that real ones take, each at its own moment of the
past: what a visitor sees was made by the rules they try. The same seed makes the same weeks.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from pbx_crm.db import calls, deals, funnels, people, tasks
from pbx_crm.db.engine import Database, Transaction
from pbx_crm.domain.call import Call, CallEnded
from pbx_crm.domain.deal import Deal, MoveRequest
from pbx_crm.domain.funnel import Funnel, Stage, StageKind
from pbx_crm.domain.installation import Installation
from pbx_crm.domain.passage import GateClosed
from pbx_crm.domain.person import Reach, Scope
from pbx_crm.domain.phone import NumberPlan
from pbx_crm.domain.task import NewTask, TaskKind
from pbx_crm.services.call_intake import take_in
from pbx_crm.services.demo_aims import aim, meet
from pbx_crm.services.demo_calls import CallBook
from pbx_crm.services.moves import carry

DAYS = 45
NEW_CLIENTS = (1, 7, 8, 9, 8, 7, 1)
"""On a Sunday, a Monday … a Saturday."""
ANSWERED, CALLED_BACK, GOES_ON = 0.8, 0.7, 0.76
STILL_WAITING = timedelta(days=2)
"""Nobody missed earlier than this still waits for a call."""
HAS_NEXT_STEP = 0.7
EVERYTHING = Scope(Reach.ALL, 0)
AMOUNTS = range(8_000, 180_000, 500)


@dataclass(slots=True)
class _Way:
    """A card that is still open, and when its seller looks at it again."""

    deal_id: int
    again_on: date


@dataclass(slots=True)
class _Weeks:
    """What the days have in common."""

    pbx: str
    zone: ZoneInfo
    plan: NumberPlan
    chance: random.Random
    book: CallBook
    today: date
    meets: random.Random
    opened: list[_Way] = field(default_factory=list)


async def live_through(
    database: Database, pbx: str, region: str, zone: ZoneInfo, now: datetime, days: int = DAYS
) -> None:
    """The company's last weeks, up to yesterday; a transaction a day."""
    chance = random.Random(20)  # noqa: S311  # made-up numbers, nobody's secret
    today = now.astimezone(zone).date()
    meets = random.Random(22)  # noqa: S311  # apart, so that meetings change nothing else of the weeks
    weeks = _Weeks(pbx, zone, NumberPlan(region), chance, CallBook(chance, zone), today, meets)
    for back in range(days, 0, -1):
        await database.write(_day, weeks, today - timedelta(days=back))
    await database.write(_plan_ahead, weeks, now)
    open_deals = [way.deal_id for way in weeks.opened]
    await database.write(aim, open_deals, now, Installation(region, "en", str(zone), ""))


def _day(tx: Transaction, weeks: _Weeks, day: date) -> None:
    told = list(_calls_of(weeks, day))
    for call in told:
        take_in(tx, weeks.pbx, [CallEnded(call, call.ended_at or call.started_at)], weeks.plan)
    _walk(tx, weeks, day)
    stored = calls.stored(tx, weeks.pbx, [call.linkedid for call in told])
    known = {way.deal_id for way in weeks.opened}
    made = {row["deal_id"] for row in stored.values()} - known - {None}
    weeks.opened += [_Way(deal_id, _soon(weeks, day)) for deal_id in sorted(made)]


def _calls_of(weeks: _Weeks, day: date) -> Iterator[Call]:
    """New clients ring; whoever was missed is called back, most of them."""
    for _ in range(NEW_CLIENTS[day.isoweekday() % 7]):
        answered = weeks.chance.random() < ANSWERED
        call = weeks.book.incoming(day, answered=answered)
        yield call
        is_past = day < weeks.today - STILL_WAITING
        if not answered and (is_past or weeks.chance.random() < CALLED_BACK):
            yield weeks.book.call_back(call)


def _soon(weeks: _Weeks, day: date) -> date:
    return day + timedelta(days=weeks.chance.choice((1, 1, 2, 3, 5)))


def _walk(tx: Transaction, weeks: _Weeks, day: date) -> None:
    """Every card whose turn it is goes on, is won, or is lost."""
    due = [way for way in weeks.opened if way.again_on <= day]
    found = deals.get_all(tx, [way.deal_id for way in due], EVERYTHING)
    funnel = {deal.funnel_id: funnels.load(tx, deal.funnel_id) for deal in found.values()}
    staff = {person.id: person for person in people.everybody(tx)}
    for way in due:
        deal = found.get(way.deal_id)
        target = _target(weeks, funnel[deal.funnel_id], deal.stage_id) if deal else None
        if deal is None or target is None:
            weeks.opened.remove(way)
            continue
        wish = _wish(weeks, funnel[deal.funnel_id], target, deal)
        # A visitor may try gates while these weeks are still being written: such a card stays.
        with suppress(GateClosed):
            at = _moment(weeks, day)
            carry(tx, staff[deal.owner_id], deal.id, wish, at)
            if target.kind is not StageKind.LOST:
                meet(tx, weeks.meets, deal.owner_id, deal.id, at)
        way.again_on = _soon(weeks, day)


def _target(weeks: _Weeks, funnel: Funnel, stage_id: int) -> Stage | None:
    onward = funnel.stage_after(stage_id)
    if onward is None or weeks.chance.random() < GOES_ON:
        return onward
    return next(stage for stage in funnel.stages_in_use if stage.kind is StageKind.LOST)


def _wish(weeks: _Weeks, funnel: Funnel, target: Stage, deal: Deal) -> MoveRequest:
    wish = MoveRequest(target.id, deal.version, f"past-{deal.id}-{target.id}")
    if target.kind is StageKind.LOST:
        return replace(wish, loss_reason_id=weeks.chance.choice(funnel.loss_reasons).id)
    return replace(wish, amount=deal.amount or Decimal(weeks.chance.choice(AMOUNTS)))


def _moment(weeks: _Weeks, day: date) -> datetime:
    at = time(weeks.chance.randrange(10, 18), weeks.chance.randrange(60))
    return datetime.combine(day, at, weeks.zone).astimezone(UTC)


def _plan_ahead(tx: Transaction, weeks: _Weeks, now: datetime) -> None:
    """Most open cards have a next step, some of them since yesterday."""
    found = deals.get_all(tx, [way.deal_id for way in weeks.opened], EVERYTHING)
    for deal in found.values():
        if deal.closed_at is not None or weeks.chance.random() > HAS_NEXT_STEP:
            continue
        kind = weeks.chance.choice((TaskKind.CALL, TaskKind.CALL, TaskKind.MEETING))
        due = now + timedelta(hours=weeks.chance.randrange(-14, 90))
        tasks.add(tx, NewTask(kind, deal.owner_id, due, now, deal_id=deal.id, contact_id=deal.contact_id))
