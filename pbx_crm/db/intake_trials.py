"""What a dry run of the intake reads: the calls of the last days, and what was known and done meanwhile."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection, Row, Select, func, select

from pbx_crm.db.tables import (
    calls,
    contact_numbers,
    contacts,
    deal_events,
    deals,
    legs,
    stage_moves,
    stages,
    talks,
    tasks,
)
from pbx_crm.domain.call import Call, Direction, EndedBy, Leg, LegKind, Outcome, Talk
from pbx_crm.domain.deal import ActorKind
from pbx_crm.domain.funnel import StageKind
from pbx_crm.domain.intake_trial import (
    MOST_CALLS,
    CalledBack,
    Given,
    Laid,
    PastCall,
    PastClient,
    PastDays,
    PastDeal,
)
from pbx_crm.domain.task import CALL_BACK_CAUSE

CLOSED = (StageKind.WON, StageKind.LOST)
Values = Mapping[str, Any]
OF_PEOPLE = (ActorKind.SELLER, ActorKind.PHONE_CODE)


def days(tx: Connection, since: datetime) -> PastDays:
    """The calls that began since then and are over, with all around them. Twelve statements."""
    begin = _first_of_the_latest(tx, since)
    wanted = _wanted(begin)
    numbers = select(wanted.subquery().c.e164)
    known = select(contact_numbers.c.contact_id).where(contact_numbers.c.number.in_(numbers))
    cards = select(deals.c.id).where(deals.c.contact_id.in_(known))
    acts: list[Laid | Given | CalledBack] = [*_laid(tx, cards, begin), *_given(tx, cards, begin)]
    acts = sorted([*acts, *_called_back(tx, cards, begin)], key=attrgetter("at"))
    return PastDays(begin, _calls(tx, wanted), _clients(tx, known, begin), _deals(tx, cards, begin), acts)


def _wanted(since: datetime) -> Select[Any]:
    return select(calls).where(
        calls.c.started_at >= since,
        calls.c.ended_at.is_not(None),
        calls.c.direction != Direction.INTERNAL,
    )


def _first_of_the_latest(tx: Connection, since: datetime) -> datetime:
    """From when on the calls are heard again: since then, or since as many as can be."""
    moments = select(calls.c.started_at).where(calls.c.started_at >= since)
    latest = moments.order_by(calls.c.started_at.desc()).offset(MOST_CALLS - 1).limit(1)
    return tx.execute(latest).scalar_one_or_none() or since


def _calls(tx: Connection, wanted: Select[Any]) -> list[PastCall]:
    ids = select(wanted.subquery().c.id)
    rung: defaultdict[int, list[Leg]] = defaultdict(list)
    for row in tx.execute(_phones(ids)):
        rung[row.call_id].append(_leg(row))
    talked: defaultdict[int, list[Talk]] = defaultdict(list)
    spoken = select(talks.c.call_id, talks.c.extension, talks.c.started_at, talks.c.ended_at)
    for call_id, *values in tx.execute(spoken.where(talks.c.call_id.in_(ids)).order_by(talks.c.started_at)):
        talked[call_id].append(Talk(*values))
    rows = tx.execute(wanted.order_by(calls.c.started_at, calls.c.id))
    return [PastCall(row.id, row.pbx, _call(row, rung[row.id], talked[row.id]), row.deal_id) for row in rows]


def _phones(ids: Select[Any]) -> Select[Any]:
    table = legs.c
    columns = (table.call_id, table.uniqueid, table.endpoint, table.extension, table.started_at)
    query = select(*columns, table.rang_at, table.answered_at).where(table.call_id.in_(ids))
    return query.where(table.extension.is_not(None), table.rang_at.is_not(None)).order_by(table.id)


def _leg(row: Row[Any]) -> Leg:
    return Leg(
        row.uniqueid,
        row.endpoint,
        LegKind.SELLER,
        row.extension,
        None,
        row.started_at,
        rang_at=row.rang_at,
        answered_at=row.answered_at,
    )


def _call(row: Row[Any], rung: Sequence[Leg], talked: Sequence[Talk]) -> Call:
    return Call(
        row.linkedid,
        Direction(row.direction),
        row.started_at,
        external_number=row.external_number,
        caller_name=row.caller_name,
        did=row.did,
        queue=row.queue,
        trunk=row.trunk,
        seller=row.seller_extension,
        rang=tuple(dict.fromkeys(leg.extension for leg in rung if leg.extension)),
        answered_by=row.answered_extension,
        final_agent=row.final_extension,
        outcome=Outcome(row.outcome) if row.outcome else None,
        answered_at=row.answered_at,
        ended_at=row.ended_at,
        ended_by=EndedBy(row.ended_by) if row.ended_by else None,
        legs=tuple(rung),
        talks=tuple(talked),
    )


def _clients(tx: Connection, known: Select[Any], since: datetime) -> list[PastClient]:
    numbers: defaultdict[int, list[str]] = defaultdict(list)
    pairs = select(contact_numbers.c.contact_id, contact_numbers.c.number)
    for contact_id, number in tx.execute(pairs.where(contact_numbers.c.contact_id.in_(known))):
        numbers[contact_id].append(number)
    born = select(deals.c.id).where(
        deals.c.contact_id == contacts.c.id,
        deals.c.created_at == contacts.c.created_at,
        deals.c.born_of.is_not(None),
    )
    table = contacts.c
    columns = (table.id, table.name, table.responsible_id, table.created_at)
    query = select(*columns, born.exists().label("by_call")).where(table.id.in_(known))
    return [
        PastClient(
            row.id,
            tuple(sorted(numbers[row.id])),
            row.name,
            row.responsible_id,
            row.created_at,
            by_call=row.by_call and row.created_at >= since,
        )
        for row in tx.execute(query.order_by(table.created_at, table.id))
    ]


def _deals(tx: Connection, cards: Select[Any], since: datetime) -> list[PastDeal]:
    began = _lay_before(tx, cards, since)
    owners = _owners_before(tx, cards, since)
    heard = select(calls.c.deal_id, func.max(calls.c.ended_at, type_=calls.c.ended_at.type))
    heard = heard.where(calls.c.deal_id.in_(cards), calls.c.ended_at < since).group_by(calls.c.deal_id)
    last_heard = {deal_id: at for deal_id, at in tx.execute(heard)}
    waited = {deal_id for (deal_id,) in tx.execute(_waiting(cards, since))}
    made = select(stage_moves.c.id).where(
        stage_moves.c.deal_id == deals.c.id,
        stage_moves.c.from_stage_id.is_(None),
        stage_moves.c.actor_kind == ActorKind.INTAKE,
    )
    query = select(deals, made.exists().label("by_intake")).where(deals.c.id.in_(cards))
    found = []
    for row in tx.execute(query.order_by(deals.c.created_at, deals.c.id)):
        stage_id, funnel_id, is_open = began[row.id]
        active_at = row.active_at if row.active_at < since else last_heard.get(row.id, row.created_at)
        owner_id = owners.get(row.id, row.owner_id)
        place = (row.contact_id, funnel_id, stage_id, owner_id, row.created_at, active_at)
        born_of = row.born_of if row.by_intake else None
        found.append(PastDeal(row.id, *place, born_of, is_open=is_open, waits=row.id in waited))
    return found


def _lay_before(tx: Connection, cards: Select[Any], since: datetime) -> dict[int, tuple[int, int, bool]]:
    """By card its last stage before then, or its first, with the funnel, and whether it is an open one."""
    table = stage_moves.c
    first, last = func.min(table.id), func.max(table.id).filter(table.at < since)
    ends = select(func.coalesce(last, first)).where(table.deal_id.in_(cards)).group_by(table.deal_id)
    query = select(table.deal_id, stages.c.id, stages.c.funnel_id, stages.c.kind).join_from(
        stage_moves, stages, stages.c.id == table.to_stage_id
    )
    rows = tx.execute(query.where(table.id.in_(ends)))
    return {deal_id: (stage_id, funnel_id, kind not in CLOSED) for deal_id, stage_id, funnel_id, kind in rows}


def _owners_before(tx: Connection, cards: Select[Any], since: datetime) -> dict[int, int]:
    """By card whose it was before it was first given to another in these days."""
    return {deal_id: details["from"] for deal_id, _, details in reversed(_hand_overs(tx, cards, since))}


def _hand_overs(tx: Connection, cards: Select[Any], since: datetime) -> list[tuple[int, datetime, Values]]:
    table = deal_events.c
    query = select(table.deal_id, table.at, table.details)
    mine = query.where(table.deal_id.in_(cards), table.kind == "owner", table.at >= since)
    return [(deal_id, at, details) for deal_id, at, details in tx.execute(mine.order_by(table.id))]


def _waiting(cards: Select[Any], since: datetime) -> Select[Any]:
    table = tasks.c
    done_later = table.done_at.is_(None) | (table.done_at >= since)
    mine = (table.deal_id.in_(cards), table.cause.startswith(CALL_BACK_CAUSE), table.created_at < since)
    return select(table.deal_id).where(*mine, done_later)


def _laid(tx: Connection, cards: Select[Any], since: datetime) -> list[Laid]:
    table = stage_moves.c
    query = (
        select(table.at, table.deal_id, stages.c.id, stages.c.funnel_id, stages.c.kind)
        .join_from(stage_moves, stages, stages.c.id == table.to_stage_id)
        .where(table.deal_id.in_(cards), table.at >= since, table.from_stage_id.is_not(None))
        .order_by(table.id)
    )
    return [
        Laid(at, deal_id, stage_id, funnel_id, kind not in CLOSED)
        for at, deal_id, stage_id, funnel_id, kind in tx.execute(query)
    ]


def _given(tx: Connection, cards: Select[Any], since: datetime) -> list[Given]:
    """Every hand-over but those of the intake, which the trial makes itself."""
    return [
        Given(at, deal_id, details["to"], details.get("actor") in OF_PEOPLE)
        for deal_id, at, details in _hand_overs(tx, cards, since)
        if details.get("actor") != ActorKind.INTAKE
    ]


def _called_back(tx: Connection, cards: Select[Any], since: datetime) -> list[CalledBack]:
    table = tasks.c
    query = select(table.done_at, table.deal_id).where(table.deal_id.in_(cards), table.done_at >= since)
    rows = tx.execute(query.where(table.cause.startswith(CALL_BACK_CAUSE)).order_by(table.done_at))
    return [CalledBack(at, deal_id) for at, deal_id in rows]
