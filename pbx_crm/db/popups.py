"""What the call popup reads: the calls around one person, and what to know before saying hello."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, delete, exists, func, literal, select, true

from pbx_crm.db.scoped import calls_in, deals_in
from pbx_crm.db.tables import (
    call_people,
    calls,
    deal_notes,
    deals,
    legs,
    lines,
    people,
    popups_closed,
    stages,
    talks,
    tasks,
    wrap_ups,
)
from pbx_crm.db.upsert import insert_missing
from pbx_crm.domain.call import Direction, LegKind, Outcome
from pbx_crm.domain.errors import NotFound
from pbx_crm.domain.person import Scope
from pbx_crm.domain.popup import WRAP_UP_LASTS, LastCall, NearCall, OpenDeal, Standing
from pbx_crm.domain.task import TaskKind

LONGEST_CALL = timedelta(hours=12)
MOST_CALLS = 20
LONGEST_EXCERPT = 160


def around(tx: Connection, person_id: int, now: datetime) -> list[NearCall]:
    """The person's open and just-ended calls whose popup they have not closed; at most three statements."""
    rows = tx.execute(_near(person_id, now)).all()
    if not rows:
        return []
    ids = [row.id for row in rows]
    rung = _legs(tx, ids)
    talked = _talks(tx, ids, person_id)
    return [_near_call(row, person_id, rung[row.id], talked[row.id]) for row in rows]


def _near(person_id: int, now: datetime) -> Any:
    answered = people.alias("answered")
    said = exists().where(wrap_ups.c.call_id == calls.c.id, wrap_ups.c.person_id == person_id)
    closed = exists().where(popups_closed.c.call_id == calls.c.id, popups_closed.c.person_id == person_id)
    return (
        select(
            calls,
            call_people.c.rang,
            lines.c.name.label("line_name"),
            lines.c.create_at,
            said.label("is_wrapped_up"),
            func.coalesce(answered.c.name, calls.c.answered_extension).label("answered_by"),
        )
        .join(call_people, call_people.c.call_id == calls.c.id)
        .outerjoin(lines, lines.c.id == calls.c.line_id)
        .outerjoin(answered, answered.c.id == calls.c.answered_id)
        .where(
            call_people.c.person_id == person_id,
            call_people.c.started_at > now - LONGEST_CALL,
            calls.c.ended_at.is_(None) | (calls.c.ended_at > now - WRAP_UP_LASTS),
            ~closed,
        )
        .order_by(call_people.c.started_at.desc())
        .limit(MOST_CALLS)
    )


def _legs(tx: Connection, call_ids: Sequence[int]) -> dict[int, list[int | None]]:
    """Whose phones ring at this moment, by call; None for a phone linked to nobody."""
    statement = select(legs.c.call_id, legs.c.person_id).where(
        legs.c.call_id.in_(call_ids),
        legs.c.kind == LegKind.SELLER,
        legs.c.rang_at.is_not(None),
        legs.c.answered_at.is_(None),
        legs.c.ended_at.is_(None),
    )
    found: dict[int, list[int | None]] = defaultdict(list)
    for row in tx.execute(statement):
        found[row.call_id].append(row.person_id)
    return found


def _talks(
    tx: Connection, call_ids: Sequence[int], person_id: int
) -> dict[int, list[tuple[datetime, datetime | None]]]:
    """When the person talked, from and to, by call."""
    statement = (
        select(talks.c.call_id, talks.c.started_at, talks.c.ended_at)
        .where(talks.c.call_id.in_(call_ids), talks.c.person_id == person_id)
        .order_by(talks.c.started_at)
    )
    found: dict[int, list[tuple[datetime, datetime | None]]] = defaultdict(list)
    for call_id, started_at, ended_at in tx.execute(statement):
        found[call_id].append((started_at, ended_at))
    return found


def _near_call(
    row: Row[Any],
    person_id: int,
    ringing: list[int | None],
    talked: list[tuple[datetime, datetime | None]],
) -> NearCall:
    running = [started_at for started_at, talked_until in talked if talked_until is None]
    is_open = row.ended_at is None
    return NearCall(
        call_id=row.id,
        direction=Direction(row.direction),
        started_at=row.started_at,
        dialled_here=row.seller_id == person_id,
        rang_here=row.rang,
        ringing_here=is_open and person_id in ringing,
        ringing_phones=len(ringing),
        talking_since=min(running) if running and is_open else None,
        talked_here=bool(talked),
        answered_at=row.answered_at,
        answered_by=row.answered_by,
        ended_at=row.ended_at,
        outcome=Outcome(row.outcome) if row.outcome else None,
        number=row.e164 or row.external_number,
        caller_name=row.caller_name,
        line_name=row.line_name,
        queue=row.queue,
        contact_id=row.contact_id,
        deal_id=row.deal_id,
        skipped=row.skipped_by is not None,
        cards_by_hand=row.create_at == "never",
        to_wrap_up=row.final_id == person_id and row.ended_at is not None and not row.is_wrapped_up,
    )


def open_deal(tx: Connection, call: NearCall, scope: Scope) -> OpenDeal | None:
    """The deal the call belongs to, else the viewer's open deal with this contact worked on last."""
    is_it = deals.c.id == call.deal_id
    of_contact = (deals.c.contact_id == call.contact_id) & deals.c.closed_at.is_(None)
    row = tx.execute(
        select(
            *(deals.c.id, deals.c.title, stages.c.name.label("stage_name"), deals.c.amount, deals.c.currency),
            *(deals.c.funnel_id, deals.c.stage_id, deals.c.version),
        )
        .join(stages, stages.c.id == deals.c.stage_id)
        .where(is_it if call.deal_id is not None else of_contact, deals_in(scope))
        .order_by(deals.c.active_at.desc(), deals.c.id.desc())
        .limit(1)
    ).one_or_none()
    return OpenDeal(**row._mapping) if row else None


def standing(tx: Connection, deal_id: int) -> Standing:
    """The deal's next step and its last note; one statement."""
    step = select(tasks.c.kind, tasks.c.due_at).where(tasks.c.deal_id == deal_id, tasks.c.done_at.is_(None))
    note = select(deal_notes.c.text).where(deal_notes.c.deal_id == deal_id).order_by(deal_notes.c.id.desc())
    first = step.order_by(tasks.c.due_at, tasks.c.id).limit(1).subquery()
    last = note.limit(1).scalar_subquery()
    kind, due_at, text = tx.execute(
        select(first.c.kind, first.c.due_at, func.coalesce(last, "")).select_from(
            select(literal(1)).subquery().outerjoin(first, true())
        )
    ).one()
    return Standing(TaskKind(kind) if kind else None, due_at, text[:LONGEST_EXCERPT])


def last_call(tx: Connection, call: NearCall, scope: Scope) -> LastCall | None:
    """The contact's call before this one, if the viewer may see it."""
    row = tx.execute(
        select(
            calls.c.started_at,
            calls.c.direction,
            calls.c.outcome,
            calls.c.talk_seconds,
            func.coalesce(people.c.name, calls.c.answered_extension).label("seller_name"),
        )
        .outerjoin(people, people.c.id == func.coalesce(calls.c.answered_id, calls.c.seller_id))
        .where(
            calls.c.contact_id == call.contact_id,
            calls.c.started_at < call.started_at,
            calls.c.id != call.call_id,
            calls_in(scope),
        )
        .order_by(calls.c.started_at.desc(), calls.c.id.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        return None
    outcome = Outcome(row.outcome) if row.outcome else None
    return LastCall(row.started_at, Direction(row.direction), outcome, row.talk_seconds, row.seller_name)


def concerns(tx: Connection, call_id: int, person_id: int) -> bool:
    """Whether the call rang at this person, or they talked or dialled."""
    concerned = exists().where(call_people.c.call_id == call_id, call_people.c.person_id == person_id)
    return bool(tx.execute(select(concerned)).scalar_one())


def close(tx: Connection, call_id: int, person_id: int, at: datetime) -> None:
    """Keeps the call's popup closed for this person; NotFound if the call never concerned them."""
    if not concerns(tx, call_id, person_id):
        raise NotFound(call_id=call_id)
    insert_missing(tx, popups_closed, [{"call_id": call_id, "person_id": person_id, "at": at}])


def open_again(tx: Connection, call_id: int, person_id: int) -> None:
    """The call's popup shows again, as long as the call concerns this person."""
    mine = (popups_closed.c.call_id == call_id, popups_closed.c.person_id == person_id)
    tx.execute(delete(popups_closed).where(*mine))
