"""The wallboard's figures, out of the calls as the tracker has stored them up to this moment."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, case, func, select

from pbx_crm.db import phone_states
from pbx_crm.db.call_figures import ANSWERED, INCOMING, NOBODY_ANSWERED, OUTGOING
from pbx_crm.db.seconds import seconds_between
from pbx_crm.db.tables import calls, deals, legs, people, stages, talks
from pbx_crm.domain.funnel import StageKind
from pbx_crm.domain.person import Reach, Role, Scope
from pbx_crm.domain.wallboard import Doing, SellerNow, Wall, WallRules, doing_now

LONGEST_CALL = timedelta(hours=12)
"""A call still open after this was lost sight of, whatever its row says."""
# A board has no viewer: its link shows who does what, and never with whom.
EVERYBODY = Scope(Reach.ALL, 0)
# What a skip rule takes out is no client, waiting or missed.
COUNTS = INCOMING & calls.c.skipped_by.is_(None)


def wall(tx: Connection, rules: WallRules, since: datetime, now: datetime) -> Wall:
    """The board now; `since` is when the company's day began. Eight statements."""
    waiting, waits_since = tx.execute(_waiting(now)).one()
    answered, in_time, missed = tx.execute(_today(rules, since)).one()
    won = tx.execute(_won(since)).scalar_one()
    return Wall(
        now=now,
        rules=rules,
        waiting=waiting,
        waits_since=waits_since,
        answered=int(answered or 0),
        answered_in_time=int(in_time or 0),
        missed=int(missed or 0),
        won=won,
        sellers=_sellers(tx, now),
    )


def _waiting(now: datetime) -> Any:
    waits = and_(COUNTS, calls.c.answered_at.is_(None), _open(now))
    return select(func.count(), func.min(calls.c.started_at)).select_from(calls).where(waits)


def _open(now: datetime) -> Any:
    return and_(calls.c.ended_at.is_(None), calls.c.started_at >= now - LONGEST_CALL)


def _today(rules: WallRules, since: datetime) -> Any:
    quick = seconds_between(calls.c.started_at, calls.c.answered_at) <= rules.answer_within
    counted = (ANSWERED, ANSWERED & quick, NOBODY_ANSWERED)
    sums = (func.sum(case((condition, 1), else_=0)) for condition in counted)
    return select(*sums).where(COUNTS, calls.c.started_at >= since)


def _won(since: datetime) -> Any:
    won = select(stages.c.id).where(stages.c.kind == StageKind.WON)
    query = select(func.count()).select_from(deals)
    return query.where(deals.c.stage_id.in_(won), deals.c.stage_since >= since)


def _sellers(tx: Connection, now: datetime) -> tuple[SellerNow, ...]:
    found: dict[int, tuple[Doing, datetime]] = {}
    # In this order: who talks in one call is not free because another rings.
    for doing, query in ((Doing.TALKING, TALKS), (Doing.DIALLING, DIALS), (Doing.RINGING, RINGS)):
        for person_id, at in tx.execute(query.where(_open(now))):
            if person_id is not None:
                found.setdefault(person_id, (doing, at))
    phones = {one.person_id: one for one in phone_states.of_people(tx, EVERYBODY, now)}
    return tuple(
        SellerNow(name, *doing_now(found.get(person_id), phones.get(person_id)))
        for person_id, name in tx.execute(LISTED)
    )


TALKS = (
    select(talks.c.person_id, talks.c.started_at)
    .join(calls, calls.c.id == talks.c.call_id)
    .where(talks.c.ended_at.is_(None))
    .order_by(talks.c.started_at)
)
DIALS = select(calls.c.seller_id, calls.c.started_at).where(OUTGOING, calls.c.answered_at.is_(None))
RINGS = (
    select(legs.c.person_id, legs.c.rang_at)
    .join(calls, calls.c.id == legs.c.call_id)
    .where(legs.c.rang_at.is_not(None), legs.c.answered_at.is_(None), legs.c.ended_at.is_(None))
    .order_by(legs.c.rang_at)
)

LISTED = (
    select(people.c.id, people.c.name)
    .where(people.c.role == Role.SELLER, people.c.is_active)
    .order_by(people.c.name, people.c.id)
)
