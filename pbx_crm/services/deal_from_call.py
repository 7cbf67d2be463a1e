"""A card made by hand from a call that made none by itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pbx_crm.db import callers, calls, deals, funnels, lines
from pbx_crm.db.callers import NewCaller
from pbx_crm.db.engine import Transaction
from pbx_crm.domain.call import Direction
from pbx_crm.domain.deal import NewDeal, seller
from pbx_crm.domain.errors import Conflict, NotFound, Refused
from pbx_crm.domain.funnel import Funnel
from pbx_crm.domain.line import Line
from pbx_crm.domain.person import Person

LONGEST = 200


class CallHasCard(Conflict):
    """This call belongs to a colleague's card already."""


class NoCardOfThis(Refused):
    """A call between colleagues makes no card."""


@dataclass(frozen=True, slots=True)
class MadeDeal:
    """The card, and where it lies."""

    id: int
    stage_id: int


def make(
    tx: Transaction, viewer: Person, call_id: int, title: str, client_name: str, now: datetime
) -> MadeDeal:
    """The card of this call, in Unsorted and the viewer's; a second click finds the first one's card.

    NotFound for a call the viewer may not see, CallHasCard, NoCardOfThis.
    """
    row = calls.get(tx, call_id, viewer.scope)
    if row["direction"] == Direction.INTERNAL:
        raise NoCardOfThis(call_id=call_id)
    if row["deal_id"] is not None:
        return _made_before(tx, viewer, row)
    line, funnel = _line_and_funnel(tx, row)
    contact_id, previous_id = _client(tx, viewer, row, client_name, now)
    new = NewDeal(
        funnel.unsorted,
        viewer.id,
        funnel.currency,
        now,
        seller(viewer.id),
        contact_id=contact_id,
        line_id=line.id,
        previous_id=previous_id,
        born_of=f"{row['pbx']}/{row['linkedid']}",
        title=title.strip()[:LONGEST],
        source=line.source,
    )
    deal_id = deals.create(tx, new)
    if deal_id is None:
        raise CallHasCard(call_id=call_id)
    calls.link_deal(tx, call_id, deal_id, contact_id, {"id": "by_hand", "owner": viewer.id})
    return MadeDeal(deal_id, funnel.unsorted.id)


def _made_before(tx: Transaction, viewer: Person, row: calls.Row) -> MadeDeal:
    try:
        deal = deals.get(tx, row["deal_id"], viewer.scope)
    except NotFound as error:
        raise CallHasCard(call_id=row["id"]) from error
    return MadeDeal(deal.id, deal.stage_id)


def _line_and_funnel(tx: Transaction, row: calls.Row) -> tuple[Line, Funnel]:
    line = next((line for line in lines.load(tx) if line.id == row["line_id"]), Line(None, row["pbx"]))
    in_use = funnels.in_use(tx)
    if not in_use:
        raise NotFound("There is no funnel to put a card into.")
    return line, next((funnel for funnel in in_use if funnel.id == line.funnel_id), in_use[0])


def _client(
    tx: Transaction, viewer: Person, row: calls.Row, name: str, now: datetime
) -> tuple[int | None, int | None]:
    """The client's id, made if the number is nobody's, and their last closed deal's."""
    number: Any = row["e164"]
    if number is None:
        return None, None
    callers.hold(tx, [number])
    known = callers.by_numbers(tx, [number])
    if not known:
        name = (name.strip() or row["caller_name"] or "")[:LONGEST]
        return callers.make(tx, [NewCaller(number, name, viewer.id, now)])[number], None
    closed = [deal for deal in callers.deals_of(tx, [known[0].contact_id]) if deal.closed_at is not None]
    return known[0].contact_id, closed[-1].id if closed else None
