"""Tags of deals: short words of people's own choosing."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, delete, select

from pbx_crm.db.scoped import deals_in
from pbx_crm.db.tables import deal_tags, deals
from pbx_crm.db.upsert import insert_missing
from pbx_crm.domain.person import Scope


def of_deal(tx: Connection, deal_id: int) -> tuple[str, ...]:
    """The deal's tags by the alphabet."""
    query = select(deal_tags.c.tag).where(deal_tags.c.deal_id == deal_id).order_by(deal_tags.c.tag)
    return tuple(tx.execute(query).scalars())


def put(tx: Connection, deal_id: int, tags: Sequence[str]) -> None:
    """The deal has these tags and no others."""
    tx.execute(delete(deal_tags).where(deal_tags.c.deal_id == deal_id, deal_tags.c.tag.not_in(tags)))
    insert_missing(tx, deal_tags, [{"deal_id": deal_id, "tag": tag} for tag in tags])


def in_use(tx: Connection, scope: Scope, most: int = 100) -> list[str]:
    """Tags on deals the viewer sees, by the alphabet."""
    query = select(deal_tags.c.tag).join(deals, deals.c.id == deal_tags.c.deal_id).where(deals_in(scope))
    return list(tx.execute(query.distinct().order_by(deal_tags.c.tag).limit(most)).scalars())
