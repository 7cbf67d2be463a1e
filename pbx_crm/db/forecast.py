"""The deals a forecast learns from, and those it is asked about."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import BigInteger, Connection, cast, func, select

from pbx_crm.db import deal_ways, packed
from pbx_crm.db.deal_ways import own_amount
from pbx_crm.db.report_slices import deals_sliced
from pbx_crm.db.scoped import deals_in
from pbx_crm.db.tables import deals
from pbx_crm.domain.deal_stays import History
from pbx_crm.domain.funnel import Funnel
from pbx_crm.domain.person import Scope
from pbx_crm.domain.report_filter import ReportFilter

REACH = timedelta(days=730)
"""A year that tells before each of the months looked back on, and somewhat more; older deals only if open."""


def history(tx: Connection, wanted: ReportFilter, funnel: Funnel, scope: Scope, now: datetime) -> History:
    """The deals with the ways they went, whatever time the filter names. Two statements, and one more for
    each twenty thousand deals.
    """
    close = cast(func.replace(func.coalesce(deals.c.expected_close, "0"), "-", ""), BigInteger)
    query = select(deals.c.id, own_amount(funnel), close).where(
        deals_in(scope),
        deals.c.funnel_id == funnel.id,
        (deals.c.created_at >= now - REACH) | deals.c.closed_at.is_(None),
        *deals_sliced(wanted),
    )
    ids, amounts, days = packed.ascending(packed.columns(tx, query))
    return History(ids, amounts, days, deal_ways.of_deals(tx, ids))
