"""Which cards are due for a robot, and what robots have done. A stretch of a card is acted upon once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, case, func, literal, or_, select

from pbx_crm.db.tables import deals, people, robot_runs, tasks
from pbx_crm.db.upsert import insert_new
from pbx_crm.domain.person import Role
from pbx_crm.domain.robot import CAUSE, DueCard, Occasion, Watch
from pbx_crm.domain.task import TaskKind

OPEN_TASK = select(tasks.c.id).where(tasks.c.deal_id == deals.c.id, tasks.c.done_at.is_(None)).exists()
LAST_DONE = (
    select(func.max(tasks.c.done_at, type_=tasks.c.done_at.type))
    .where(tasks.c.deal_id == deals.c.id)
    .correlate(deals)
    .scalar_subquery()
)
# A card is without a step since its last one was done, or since something last happened with it.
STEPLESS_SINCE = case((deals.c.active_at < LAST_DONE, LAST_DONE), else_=deals.c.active_at)
SINCE: dict[Occasion, ColumnElement[datetime]] = {
    Occasion.ENTERED: deals.c.stage_since,
    Occasion.IDLE: deals.c.active_at,
    Occasion.STEPLESS: STEPLESS_SINCE,
    Occasion.OVERDUE: tasks.c.due_at,
    Occasion.CLOSE_DATE: deals.c.created_at,
    Occasion.MEETING: tasks.c.due_at,
}


def due(tx: Connection, watch: Watch, most: int, deal_id: int | None = None) -> list[DueCard]:
    """At most so many cards for which this robot's time has come, the longest due first. One statement."""
    occasion = watch.robot.occasion
    since = SINCE[occasion]
    key: ColumnElement[Any] = deals.c.expected_close if occasion is Occasion.CLOSE_DATE else literal("")
    done = select(robot_runs.c.id).where(
        robot_runs.c.robot_id == watch.robot.id,
        robot_runs.c.deal_id == deals.c.id,
        robot_runs.c.since == since,
        robot_runs.c.key == key,
    )
    query = select(deals.c.id, since.label("since"), key.label("key")).where(*_which(watch), ~done.exists())
    if occasion in (Occasion.OVERDUE, Occasion.MEETING):
        query = query.join(tasks, tasks.c.deal_id == deals.c.id)
    if deal_id is not None:
        query = query.where(deals.c.id == deal_id)
    rows = tx.execute(query.order_by(since, deals.c.id).limit(most))
    return [DueCard(found, begun, key or "") for found, begun, key in rows]


def _which(watch: Watch) -> list[ColumnElement[bool]]:
    occasion, since = watch.robot.occasion, SINCE[watch.robot.occasion]
    which: list[ColumnElement[bool]] = [deals.c.stage_id.in_(watch.stage_ids)]
    if watch.is_of_lines:
        which.append(deals.c.line_id.in_(watch.line_ids))
    elif watch.line_ids:
        which.append(or_(deals.c.line_id.is_(None), deals.c.line_id.not_in(watch.line_ids)))
    if occasion is not Occasion.ENTERED:
        which.append(deals.c.closed_at.is_(None))
    if occasion is Occasion.CLOSE_DATE:
        days = (watch.first_day.isoformat(), watch.last_day.isoformat())
        return [*which, deals.c.expected_close.between(*days)]
    which += [since > watch.after, since <= watch.until]
    if occasion is Occasion.STEPLESS:
        which.append(~OPEN_TASK)
    if occasion is Occasion.MEETING:
        which += [tasks.c.done_at.is_(None), tasks.c.kind == TaskKind.MEETING]
    if occasion is Occasion.OVERDUE:
        # A robot is not set off by what robots have set: that would go on for ever.
        by_robot = tasks.c.cause.startswith(CAUSE)
        which += [tasks.c.done_at.is_(None), or_(tasks.c.cause.is_(None), ~by_robot)]
    return which


def add(tx: Connection, watch: Watch, card: DueCard, owner_id: int, at: datetime) -> int | None:
    """The id of what the robot now does; None if it has been done."""
    row = {"robot_id": watch.robot.id, "deal_id": card.deal_id, "since": card.since, "key": card.key}
    return insert_new(tx, robot_runs, {**row, "owner_id": owner_id, "at": at})


def brought_since(tx: Connection, moment: datetime) -> dict[int, int]:
    """How many cards robots have brought to each person since then."""
    table = robot_runs.c
    query = select(table.owner_id, func.count()).where(table.at > moment).group_by(table.owner_id)
    return {owner_id: count for owner_id, count in tx.execute(query)}


def open_deals_by_seller(tx: Connection) -> dict[int, int]:
    """How many open deals every active seller has."""
    counted = func.count(deals.c.id)
    query = (
        select(people.c.id, counted)
        .join_from(
            people, deals, (deals.c.owner_id == people.c.id) & deals.c.closed_at.is_(None), isouter=True
        )
        .where(people.c.is_active, people.c.role == Role.SELLER)
        .group_by(people.c.id)
    )
    return {person_id: count for person_id, count in tx.execute(query)}
