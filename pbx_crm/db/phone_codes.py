"""Phone codes as rows, and the call that a code dialled now is about."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, or_, select

from pbx_crm.db.tables import calls, phone_codes, talks
from pbx_crm.domain.phone_code import CodeAct, PhoneCode


@dataclass(frozen=True, slots=True)
class LastCall:
    """A seller's last call that has a card."""

    call_id: int
    deal_id: int
    contact_id: int | None


def of_funnel(tx: Connection, funnel_id: int) -> list[PhoneCode]:
    """The codes the head has set; none means the usual ones."""
    query = select(phone_codes).where(phone_codes.c.funnel_id == funnel_id)
    return [
        PhoneCode(row.digit, CodeAct(row.act), row.stage_id, row.loss_reason_id)
        for row in tx.execute(query.order_by(phone_codes.c.digit))
    ]


def put(tx: Connection, funnel_id: int, codes: Iterable[PhoneCode]) -> None:
    """These are the funnel's codes from now on."""
    tx.execute(delete(phone_codes).where(phone_codes.c.funnel_id == funnel_id))
    rows = [{"funnel_id": funnel_id, **asdict(code)} for code in codes]
    tx.execute(insert(phone_codes), rows)


def last_call(tx: Connection, person_id: int, since: datetime) -> LastCall | None:
    """The last call this person talked in or made, if it goes on or ended since then and has a card."""
    goes_on_or_ended = or_(calls.c.ended_at.is_(None), calls.c.ended_at >= since)
    has_card = calls.c.deal_id.is_not(None)
    columns = (calls.c.id, calls.c.deal_id, calls.c.contact_id, calls.c.started_at)
    talked = (
        select(*columns)
        .join_from(talks, calls, calls.c.id == talks.c.call_id)
        .where(talks.c.person_id == person_id, goes_on_or_ended, has_card)
        .order_by(talks.c.started_at.desc())
    )
    made = (
        select(*columns)
        .where(calls.c.seller_id == person_id, goes_on_or_ended, has_card)
        .order_by(calls.c.started_at.desc())
    )
    found = [row for query in (talked, made) if (row := tx.execute(query.limit(1)).first()) is not None]
    if not found:
        return None
    last = max(found, key=lambda row: row.started_at)
    return LastCall(last.id, last.deal_id, last.contact_id)
