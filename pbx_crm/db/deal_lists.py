"""Pages of the deals behind a figure, found by the conditions that counted it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sqlalchemy import ColumnElement, Connection, func, select

from pbx_crm.db import packed
from pbx_crm.db.funnel_report import lines_of
from pbx_crm.db.scoped import deals_in
from pbx_crm.db.tables import deals
from pbx_crm.domain.deal_list import DealPage, Rows
from pbx_crm.domain.deal_ways import Ints
from pbx_crm.domain.person import Scope


def page(tx: Connection, conditions: Sequence[ColumnElement[bool]], scope: Scope, rows: Rows) -> DealPage:
    """These rows, the newest deals first, and how many there are. Two statements, and one per thousand."""
    query = select(deals.c.id).where(*conditions).order_by(deals.c.created_at.desc(), deals.c.id.desc())
    ids = tx.execute(query.offset(rows.first).limit(rows.most)).scalars().all()
    count = tx.execute(select(func.count()).select_from(deals).where(*conditions)).scalar_one()
    return DealPage(tuple(lines_of(tx, ids, scope)), count)


def page_of(tx: Connection, deal_ids: Ints, scope: Scope, rows: Rows) -> DealPage:
    """These rows of these deals, the newest first. One statement per twenty thousand, and one per thousand
    rows.
    """
    query = select(deals.c.id, deals.c.created_at).where(deals_in(scope))
    found, made = packed.columns_among(tx, query, deals.c.id, deal_ids)
    newest = found[np.lexsort((found, made))[::-1]]
    end = None if rows.most is None else rows.first + rows.most
    return DealPage(tuple(lines_of(tx, newest[rows.first : end].tolist(), scope)), len(found))
