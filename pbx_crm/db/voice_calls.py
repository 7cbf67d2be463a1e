"""Calls that play a message, as rows: planned once, turned into a dialled one once, over once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select, update

from pbx_crm.db.tables import calls, contact_numbers, contacts, deals, robot_runs, robots, tasks, voice_calls
from pbx_crm.db.upsert import insert_new
from pbx_crm.domain.call import Outcome
from pbx_crm.domain.task import TaskKind
from pbx_crm.domain.voice_call import (
    DAY,
    HOUR,
    OVER_AFTER,
    PLAN_LASTS,
    Lately,
    VoiceResult,
    VoiceState,
    Why,
)


@dataclass(frozen=True, slots=True)
class Meeting:
    """The appointment a client is called about."""

    task_id: int
    due_at: datetime
    created_at: datetime


@dataclass(frozen=True, slots=True)
class NewVoiceCall:
    """A call that a robot wants made."""

    run_id: int
    deal_id: int
    message_id: int
    message: str
    stage_id: int
    at: datetime
    meeting: Meeting | None = None


@dataclass(frozen=True, slots=True)
class VoiceCall:
    """A call as it is stored."""

    id: int
    run_id: int
    deal_id: int
    message_id: int
    message: str
    stage_id: int
    task_id: int | None
    meeting_at: datetime | None
    planned_at: datetime
    look_at: datetime
    expires_at: datetime
    state: VoiceState
    result: VoiceResult | None
    why_not: Why | None
    pbx: str | None
    number: str | None
    channel_id: str | None
    dialled_at: datetime | None
    over_at: datetime | None


@dataclass(frozen=True, slots=True)
class Ground:
    """What is asked of a planned call's card before it is made."""

    line_id: int | None
    stage_id: int
    contact_id: int | None
    do_not_call: bool
    number: str | None
    """The client's first."""
    robot_is_active: bool
    meeting_at: datetime | None
    """When the meeting is due now; None for one that is done, or none."""


def _call(values: Mapping[str, Any]) -> VoiceCall:
    closed = {
        "state": VoiceState(values["state"]),
        "result": VoiceResult(values["result"]) if values["result"] else None,
        "why_not": Why(values["why_not"]) if values["why_not"] else None,
    }
    return VoiceCall(**{**values, **closed})


def meeting_at(tx: Connection, deal_id: int, due_at: datetime) -> Meeting | None:
    """The deal's meeting that is due then and still to come; None if it was moved or held."""
    query = select(tasks.c.id, tasks.c.due_at, tasks.c.created_at).where(
        *(tasks.c.deal_id == deal_id, tasks.c.kind == TaskKind.MEETING),
        *(tasks.c.due_at == due_at, tasks.c.done_at.is_(None)),
    )
    row = tx.execute(query.order_by(tasks.c.id).limit(1)).one_or_none()
    return Meeting(*row) if row is not None else None


def plan(tx: Connection, new: NewVoiceCall) -> int | None:
    """The id of the planned call; None if this run of the robot has one."""
    meeting = new.meeting
    row = {
        **{name: getattr(new, name) for name in ("run_id", "deal_id", "message_id", "message", "stage_id")},
        "task_id": meeting.task_id if meeting else None,
        "meeting_at": meeting.due_at if meeting else None,
        "planned_at": new.at,
        "look_at": new.at,
        "expires_at": meeting.due_at if meeting else new.at + PLAN_LASTS,
        "state": VoiceState.PLANNED,
    }
    return insert_new(tx, voice_calls, row)


def waiting(tx: Connection, now: datetime, most: int) -> list[VoiceCall]:
    """Planned calls to think about now, the longest waiting first."""
    query = select(voice_calls).where(voice_calls.c.state == VoiceState.PLANNED, voice_calls.c.look_at <= now)
    ordered = query.order_by(voice_calls.c.look_at, voice_calls.c.id).limit(most)
    return [_call(dict(row)) for row in tx.execute(ordered).mappings()]


def ground_of(tx: Connection, call: VoiceCall) -> Ground:
    """What holds of the card now. Two statements."""
    query = (
        select(
            *(deals.c.line_id, deals.c.stage_id, deals.c.contact_id, contacts.c.do_not_call),
            *(robots.c.is_active, tasks.c.due_at.label("meeting_at")),
        )
        .select_from(deals)
        .join(contacts, contacts.c.id == deals.c.contact_id, isouter=True)
        .join(robot_runs, robot_runs.c.id == call.run_id)
        .join(robots, robots.c.id == robot_runs.c.robot_id)
        .join(tasks, (tasks.c.id == call.task_id) & tasks.c.done_at.is_(None), isouter=True)
        .where(deals.c.id == call.deal_id)
    )
    row = tx.execute(query).one()
    first = select(contact_numbers.c.number).where(contact_numbers.c.contact_id == row.contact_id)
    number = tx.execute(first.order_by(contact_numbers.c.id).limit(1)).scalar_one_or_none()
    return Ground(
        row.line_id,
        row.stage_id,
        row.contact_id,
        bool(row.do_not_call),
        number,
        row.is_active,
        row.meeting_at,
    )


def lately(tx: Connection, pbx: str, number: str | None, now: datetime) -> Lately:
    """What was called before on this PBX, and this number on any. One statement."""
    table = voice_calls.c
    here = table.pbx == pbx
    going_on = (table.state == VoiceState.DIALLING) & (table.dialled_at > now - OVER_AFTER)
    query = select(
        func.count().filter(here, going_on),
        func.count().filter(here, table.dialled_at > now - HOUR),
        func.count().filter(table.number == number),
    ).where(table.dialled_at > now - DAY)
    return Lately(*tx.execute(query).one())


def begin(tx: Connection, call: VoiceCall, pbx: str, number: str, channel_id: str, now: datetime) -> bool:
    """Whether the call is ours to dial: it was planned, and nobody else has turned it into a dialled one."""
    values = {"state": VoiceState.DIALLING, "pbx": pbx, "number": number, "channel_id": channel_id}
    return _turn(tx, call.id, VoiceState.PLANNED, {**values, "dialled_at": now})


def put_off(tx: Connection, call: VoiceCall, until: datetime) -> None:
    """Nobody thinks about it again before then."""
    tx.execute(update(voice_calls).where(voice_calls.c.id == call.id).values(look_at=until))


def leave(tx: Connection, call_id: int, why: Why, now: datetime) -> bool:
    """Whether it was still planned, and is now over without a call."""
    values = {"state": VoiceState.OVER, "result": VoiceResult.NOT_CALLED, "why_not": why, "over_at": now}
    return _turn(tx, call_id, VoiceState.PLANNED, values)


def call_off(tx: Connection, run_id: int, now: datetime) -> bool:
    """Whether the call of this robot's run was still planned; somebody took it back."""
    found = tx.execute(select(voice_calls.c.id).where(voice_calls.c.run_id == run_id)).scalar_one_or_none()
    return found is not None and leave(tx, found, Why.TAKEN_BACK, now)


def end(tx: Connection, call: VoiceCall, result: VoiceResult, now: datetime) -> bool:
    """Whether this is what became of it; a result that is known stays."""
    values = {"state": VoiceState.OVER, "result": result, "over_at": now}
    if call.result is VoiceResult.UNKNOWN:
        unknown = (voice_calls.c.id == call.id, voice_calls.c.result == VoiceResult.UNKNOWN)
        return tx.execute(update(voice_calls).where(*unknown).values(**values)).rowcount == 1
    return _turn(tx, call.id, VoiceState.DIALLING, values)


def _turn(tx: Connection, call_id: int, was: VoiceState, values: Mapping[str, Any]) -> bool:
    which = (voice_calls.c.id == call_id, voice_calls.c.state == was)
    return tx.execute(update(voice_calls).where(*which).values(**values)).rowcount == 1


def get(tx: Connection, call_id: int) -> VoiceCall:
    """The call with this id."""
    row = tx.execute(select(voice_calls).where(voice_calls.c.id == call_id)).mappings().one()
    return _call(dict(row))


def by_channel(tx: Connection, pbx: str, channel_id: str) -> VoiceCall | None:
    """The call of this PBX with this id; None for a stranger's."""
    query = select(voice_calls).where(voice_calls.c.channel_id == channel_id, voice_calls.c.pbx == pbx)
    row = tx.execute(query).mappings().one_or_none()
    return _call(dict(row)) if row is not None else None


def unheard(tx: Connection, now: datetime) -> list[tuple[VoiceCall, Outcome | None, bool | None]]:
    """Dialled calls that must be over and were not reported, with outcome and openness by the call log.

    None and None for a call that the log does not have. One statement.
    """
    is_it = (calls.c.pbx == voice_calls.c.pbx) & (calls.c.linkedid == voice_calls.c.channel_id)
    query = (
        select(voice_calls, calls.c.outcome.label("call_outcome"), calls.c.id.label("call_id"))
        .add_columns(calls.c.ended_at.is_(None).label("is_open"))
        .join(calls, is_it, isouter=True)
        .where(voice_calls.c.state == VoiceState.DIALLING, voice_calls.c.dialled_at <= now - OVER_AFTER)
        .limit(100)
    )
    found = []
    for row in tx.execute(query).mappings():
        told = dict(row)
        outcome, call_id, is_open = (told.pop(name) for name in ("call_outcome", "call_id", "is_open"))
        known = Outcome(outcome) if outcome else None
        found.append((_call(told), known, bool(is_open) if call_id is not None else None))
    return found


def latest(tx: Connection, most: int) -> list[tuple[VoiceCall, str]]:
    """The calls made and left last, each with its card's title, the latest first. One statement."""
    table = voice_calls.c
    moment = func.coalesce(table.over_at, table.dialled_at, table.planned_at)
    query = select(voice_calls, deals.c.title).join(deals, deals.c.id == table.deal_id)
    rows = tx.execute(query.order_by(moment.desc(), table.id.desc()).limit(most)).mappings()
    told = [dict(row) for row in rows]
    return [(_call({name: row[name] for name in row if name != "title"}), row["title"]) for row in told]


def uses(tx: Connection, message_id: int) -> bool:
    """Whether a robot calls with this message."""
    query = select(robots.c.id).where(robots.c.voice_id == message_id).limit(1)
    return tx.execute(query).first() is not None
