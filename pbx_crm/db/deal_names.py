"""What deals are called where there is room for a name only."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, func, select

from pbx_crm.db.scoped import deals_in
from pbx_crm.db.tables import contacts, deals
from pbx_crm.domain.person import Scope


def called(tx: Connection, deal_ids: Collection[int], scope: Scope) -> dict[int, str]:
    """By id what each deal is called, its client or what it is about; only those the viewer sees."""
    name = func.coalesce(func.nullif(contacts.c.name, ""), func.nullif(deals.c.title, ""), "")
    query = select(deals.c.id, name).outerjoin(contacts, contacts.c.id == deals.c.contact_id)
    rows = tx.execute(query.where(deals.c.id.in_(deal_ids), deals_in(scope)))
    return {deal_id: called for deal_id, called in rows}
