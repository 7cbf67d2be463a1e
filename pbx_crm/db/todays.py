"""The rows of somebody's day. Every statement counts all rows of its kind beside those it brings."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    RowMapping,
    Select,
    and_,
    case,
    false,
    func,
    or_,
    select,
    true,
)
from sqlalchemy.sql.selectable import ScalarSelect

from pbx_crm.db import wrap_up_outcomes, wrap_ups
from pbx_crm.db.advices import advice_from, shown
from pbx_crm.db.callbacks import CAUSE
from pbx_crm.db.scoped import deals_in, tasks_in
from pbx_crm.db.tables import (
    advices,
    call_people,
    calls,
    companies,
    contact_numbers,
    contacts,
    deals,
    people,
    stages,
    tasks,
)
from pbx_crm.db.tasks import task_from
from pbx_crm.domain.advice import Advice, Hint
from pbx_crm.domain.call import Direction
from pbx_crm.domain.deal import Priority
from pbx_crm.domain.person import Scope
from pbx_crm.domain.task import Task
from pbx_crm.domain.today import Day, Section, Stepless, Subject, TaskRow, Unfinished, Waiting
from pbx_crm.domain.wrap_up import WAITS, WrapUpOutcome

MOST = 100
TASK, ADVICE = "task_", "advice_"
OPEN = tasks.c.done_at.is_(None)
IS_CALLBACK = tasks.c.cause.startswith(CAUSE)
NO_CALLBACK = or_(tasks.c.cause.is_(None), ~IS_CALLBACK)


def missed(tx: Connection, scope: Scope, owner_id: int | None) -> Section[TaskRow]:
    """Clients who rang in vain and wait for a call back, the longest wait first. Two statements."""
    found = _tasks(tx, scope, owner_id, [OPEN, IS_CALLBACK], tasks.c.created_at)
    waiting = _waiting(tx, [row.task.id for row in found.rows])
    rows = (TaskRow(row.task, row.owner_name, row.subject, waiting.get(row.task.id)) for row in found.rows)
    return Section(tuple(rows), found.total)


def unfinished(tx: Connection, scope: Scope, owner_id: int | None, day: Day) -> Section[Unfinished]:
    """Talks of the last days that wait to be wrapped up, the latest first. Two statements."""
    own = (calls.c.id.label("call_id"), call_people.c.person_id, calls.c.ended_at, calls.c.talk_seconds)
    base = call_people.join(calls, calls.c.id == call_people.c.call_id).join(
        people, people.c.id == call_people.c.person_id
    )
    found = (
        select(*own, deals.c.funnel_id, *_of_subject(scope))
        .select_from(_around(base.join(deals, deals.c.id == calls.c.deal_id)))
        .where(call_people.c.started_at > day.now - WAITS, deals_in(scope), deals.c.closed_at.is_(None))
        .where(*wrap_ups.talked_last(call_people.c.person_id), wrap_ups.is_open())
        .order_by(calls.c.ended_at.desc(), calls.c.id.desc())
    )
    rows, total = _fetch(tx, found, call_people.c.person_id, owner_id)
    outcomes = wrap_up_outcomes.offered(tx) if rows else {}
    shown = ((_subject(row), row) for row in rows)
    talks = (_unfinished(row, deal, outcomes[row["funnel_id"]]) for deal, row in shown if deal)
    return Section(tuple(talks), total)


def _unfinished(row: RowMapping, subject: Subject, outcomes: Sequence[WrapUpOutcome]) -> Unfinished:
    names = ("call_id", "person_id", "owner_name", "ended_at", "talk_seconds")
    return Unfinished(**{name: row[name] for name in names}, subject=subject, outcomes=tuple(outcomes))


def overdue(tx: Connection, scope: Scope, owner_id: int | None, day: Day) -> Section[TaskRow]:
    """Other tasks that should be done by now, the longest overdue first. One statement."""
    return _tasks(tx, scope, owner_id, [OPEN, NO_CALLBACK, tasks.c.due_at < day.now], tasks.c.due_at)


def due(tx: Connection, scope: Scope, owner_id: int | None, day: Day) -> Section[TaskRow]:
    """Other tasks for the rest of the day, in the order of their times. One statement."""
    rest = [OPEN, NO_CALLBACK, tasks.c.due_at >= day.now, tasks.c.due_at < day.end]
    return _tasks(tx, scope, owner_id, rest, tasks.c.due_at)


def to_remind(tx: Connection, scope: Scope, owner_id: int, now: datetime) -> Section[TaskRow]:
    """Open tasks of this person whose time to be reminded has come, the earliest first. One statement."""
    return _tasks(tx, scope, owner_id, [OPEN, tasks.c.remind_at <= now], tasks.c.remind_at)


def done(tx: Connection, scope: Scope, owner_id: int | None, day: Day) -> Section[TaskRow]:
    """What was done today, the latest first. One statement."""
    today = [tasks.c.done_at >= day.start, tasks.c.done_at < day.end]
    return _tasks(tx, scope, owner_id, today, tasks.c.done_at.desc())


def stepless(tx: Connection, scope: Scope, owner_id: int | None) -> Section[Stepless]:
    """Open deals that have no task, the longest untouched first. One statement."""
    planned = select(tasks.c.id).where(tasks.c.deal_id == deals.c.id, OPEN).exists()
    found = (
        select(deals.c.active_at, *_of_subject(scope))
        .select_from(_around(deals.join(people, people.c.id == deals.c.owner_id)))
        .where(deals_in(scope), deals.c.closed_at.is_(None), ~planned)
        .order_by(deals.c.active_at, deals.c.id)
    )
    rows, total = _fetch(tx, found, deals.c.owner_id, owner_id)
    shown = ((_subject(row), row) for row in rows)
    return Section(
        tuple(Stepless(deal, row["owner_name"], row["active_at"]) for deal, row in shown if deal), total
    )


def hints(
    tx: Connection, scope: Scope, owner_id: int | None, now: datetime, *, heads_too: bool
) -> Section[Hint]:
    """Advice on open cards, the oldest first; what is for heads only where asked for. Two statements."""
    own = [advices.c[name].label(f"{ADVICE}{name}") for name in ("id", "deal_id", "for_head", "name")]
    more = [advices.c[name].label(f"{ADVICE}{name}") for name in ("text", "why", "at")]
    base = deals.join(advices, advices.c.deal_id == deals.c.id).join(people, people.c.id == deals.c.owner_id)
    whose = deals.c.owner_id == owner_id if owner_id is not None else true()
    which = or_(and_(~advices.c.for_head, whose), advices.c.for_head if heads_too else false())
    found = (
        select(*own, *more, *_of_subject(scope)).select_from(_around(base)).where(which, shown(scope, now))
    )
    rows, total = _fetch(tx, found.order_by(advices.c.at, advices.c.id), deals.c.owner_id, None)
    read = ((_advice(row), _subject(row), row["owner_name"]) for row in rows)
    return Section(tuple(Hint(advice, subject, owner) for advice, subject, owner in read if subject), total)


def _advice(row: RowMapping) -> Advice:
    own = {name.removeprefix(ADVICE): value for name, value in row.items() if name.startswith(ADVICE)}
    return advice_from(own)


def _tasks(
    tx: Connection, scope: Scope, owner_id: int | None, which: Sequence[ColumnElement[bool]], order: Any
) -> Section[TaskRow]:
    own = [column.label(f"{TASK}{column.name}") for column in tasks.c]
    base = tasks.join(people, people.c.id == tasks.c.owner_id).outerjoin(deals, deals.c.id == tasks.c.deal_id)
    found = select(*own, *_of_subject(scope)).select_from(_around(base)).where(tasks_in(scope), *which)
    rows, total = _fetch(tx, found.order_by(order, tasks.c.id), tasks.c.owner_id, owner_id)
    return Section(tuple(TaskRow(_task(row), row["owner_name"], _subject(row)) for row in rows), total)


def _around(base: FromClause) -> FromClause:
    """The rows with the deal's stage and client beside them."""
    return (
        base.outerjoin(stages, stages.c.id == deals.c.stage_id)
        .outerjoin(contacts, contacts.c.id == deals.c.contact_id)
        .outerjoin(companies, companies.c.id == func.coalesce(deals.c.company_id, contacts.c.company_id))
    )


def _of_subject(scope: Scope) -> list[ColumnElement[Any]]:
    name = func.coalesce(func.nullif(contacts.c.name, ""), companies.c.name, "")
    return [
        deals.c.id.label("deal_id"),
        # A review task may lie on a card that its owner no longer sees: then its client is not shown.
        deals_in(scope).label("is_seen"),
        name.label("client"),
        _number().label("number"),
        deals.c.title,
        deals.c.priority,
        stages.c.name.label("stage"),
        stages.c.hue,
        stages.c.what_to_do,
        people.c.name.label("owner_name"),
        func.count().over().label("total"),
    ]


def _number() -> ScalarSelect[Any]:
    query = select(contact_numbers.c.number).where(contact_numbers.c.contact_id == deals.c.contact_id)
    return query.order_by(contact_numbers.c.id).limit(1).scalar_subquery()


def _fetch(
    tx: Connection, query: Select[Any], owner: ColumnElement[int], owner_id: int | None
) -> tuple[Sequence[RowMapping], int]:
    if owner_id is not None:
        query = query.where(owner == owner_id)
    rows = tx.execute(query.limit(MOST)).mappings().all()
    return rows, rows[0]["total"] if rows else 0


def _task(row: RowMapping) -> Task:
    return task_from({name.removeprefix(TASK): value for name, value in row.items() if name.startswith(TASK)})


def _subject(row: RowMapping) -> Subject | None:
    if row["deal_id"] is None or not row["is_seen"]:
        return None
    return Subject(
        deal_id=row["deal_id"],
        client=row["client"],
        number=row["number"],
        title=row["title"],
        priority=Priority(row["priority"]),
        stage=row["stage"],
        hue=row["hue"],
        what_to_do=row["what_to_do"],
    )


def _waiting(tx: Connection, task_ids: Collection[int]) -> dict[int, Waiting]:
    """What became of each wish to call back since the call that made it."""
    first, since = calls.alias("first"), calls.alias("since")
    incoming = func.sum(case((since.c.direction == Direction.IN, 1), else_=0))
    outgoing = func.sum(case((since.c.direction == Direction.OUT, 1), else_=0))
    query = (
        select(tasks.c.id, first.c.ended_at, incoming, outgoing)
        .join_from(tasks, first, first.c.id == tasks.c.call_id)
        .join(since, and_(since.c.deal_id == tasks.c.deal_id, since.c.started_at >= first.c.started_at))
        .where(tasks.c.id.in_(task_ids), since.c.answered_at.is_(None), since.c.ended_at.is_not(None))
        .group_by(tasks.c.id, first.c.ended_at)
    )
    return {task_id: Waiting(ended, rang, tries) for task_id, ended, rang, tries in tx.execute(query)}
