"""What deals are called where there is room for a name only."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, func, select

from pbx_crm.db.scoped import deals_in
from pbx_crm.db.tables import contact_numbers, contacts, deals
from pbx_crm.domain.person import Scope


def called(tx: Connection, deal_ids: Collection[int], scope: Scope) -> dict[int, str]:
    """By id what each deal is called: its client, what it is about, or the client's number.

    Only those the viewer sees; empty where nothing is known.
    """
    number = (
        select(func.min(contact_numbers.c.number))
        .where(contact_numbers.c.contact_id == deals.c.contact_id)
        .correlate(deals)
        .scalar_subquery()
    )
    name = func.coalesce(func.nullif(contacts.c.name, ""), func.nullif(deals.c.title, ""), number, "")
    query = select(deals.c.id, name).outerjoin(contacts, contacts.c.id == deals.c.contact_id)
    rows = tx.execute(query.where(deals.c.id.in_(deal_ids), deals_in(scope)))
    return {deal_id: called for deal_id, called in rows}
