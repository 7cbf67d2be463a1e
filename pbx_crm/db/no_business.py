"""Outside numbers whose calls were taken often and led to nothing."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, case, func, select, union

from pbx_crm.db.scoped import calls_in
from pbx_crm.db.tables import calls, contact_numbers, contacts, deal_contacts, deals, stage_moves, stages
from pbx_crm.domain.call import Direction
from pbx_crm.domain.funnel import StageKind
from pbx_crm.domain.no_business import ASKS_ROUND_SECONDS, LEAST_ANSWERED, Caller
from pbx_crm.domain.person import Scope

MOST = 200
"""As many as somebody looks through; those that called most come first."""


def callers(tx: Connection, since: datetime, scope: Scope) -> list[Caller]:
    """The numbers with many taken calls and short talks only since this moment. One statement."""
    is_taken = (calls.c.direction == Direction.IN) & (calls.c.talk_seconds > 0)
    answered = func.count(case((is_taken, calls.c.id)))
    longest = func.max(calls.c.talk_seconds)
    sellers = func.count(case((is_taken, calls.c.answered_id)).distinct())
    query = (
        select(calls.c.e164, answered, longest, sellers)
        .where(calls.c.e164.is_not(None), calls.c.started_at >= since, calls_in(scope))
        .group_by(calls.c.e164)
        .having(answered >= LEAST_ANSWERED, longest < ASKS_ROUND_SECONDS)
        .order_by(answered.desc(), calls.c.e164)
    )
    return [Caller(*row) for row in tx.execute(query.limit(MOST))]


def clients_among(tx: Connection, numbers: Collection[str]) -> set[str]:
    """Those of the numbers whose contact somebody has worked with, ever.

    That is: one of their deals was moved into a working stage or won, was made by hand, or they stand
    beside another client on a deal.
    """
    worked = stages.c.kind.in_((StageKind.OPEN, StageKind.WON))
    moved = (
        select(deals.c.contact_id)
        .join(stage_moves, stage_moves.c.deal_id == deals.c.id)
        .join(stages, stages.c.id == stage_moves.c.to_stage_id)
        .where(worked)
    )
    by_hand = select(deals.c.contact_id).where(deals.c.born_of.is_(None))
    of_numbers = select(contact_numbers.c.contact_id).where(contact_numbers.c.number.in_(numbers))
    known = union(
        moved.where(deals.c.contact_id.in_(of_numbers)),
        by_hand.where(deals.c.contact_id.in_(of_numbers)),
        select(deal_contacts.c.contact_id).where(deal_contacts.c.contact_id.in_(of_numbers)),
    )
    query = select(contact_numbers.c.number).where(
        contact_numbers.c.contact_id.in_(known), contact_numbers.c.number.in_(numbers)
    )
    return set(tx.execute(query).scalars())


def names_of(tx: Connection, numbers: Collection[str]) -> dict[str, str]:
    """What the contacts with these numbers are called."""
    query = (
        select(contact_numbers.c.number, contacts.c.name)
        .join(contacts, contacts.c.id == contact_numbers.c.contact_id)
        .where(contact_numbers.c.number.in_(numbers))
    )
    return {number: name for number, name in tx.execute(query)}


def cards_of(tx: Connection, numbers: Collection[str], since: datetime) -> dict[str, int]:
    """How many cards calls of these numbers have made since then."""
    query = (
        select(calls.c.e164, func.count())
        .join(deals, deals.c.id == calls.c.deal_id)
        .where(
            calls.c.e164.in_(numbers),
            calls.c.started_at >= since,
            deals.c.born_of == calls.c.pbx + "/" + calls.c.linkedid,
        )
        .group_by(calls.c.e164)
    )
    return {number: cards for number, cards in tx.execute(query)}
