"""Deals as they lie now: from the board's kept totals, or from the cards where slices ask for more."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, select

from pbx_crm.db.column_types import ExactMoney
from pbx_crm.db.report_slices import deals_sliced
from pbx_crm.db.scoped import deals_in, totals_in
from pbx_crm.db.tables import deals, people, stage_totals
from pbx_crm.domain.funnel import Funnel
from pbx_crm.domain.person import Scope
from pbx_crm.domain.report_filter import ReportFilter
from pbx_crm.domain.stage_report import OwnHeap, StageReport, stage_report


def report(tx: Connection, wanted: ReportFilter, funnel: Funnel, scope: Scope) -> StageReport:
    """What lies in the funnel's open stages. One statement."""
    slices = (wanted.line_id, wanted.source, wanted.band, wanted.region_id)
    is_kept = all(one is None for one in slices)
    query = _kept(wanted, funnel, scope) if is_kept else _counted(wanted, funnel, scope)
    return stage_report(funnel, [OwnHeap(*row) for row in tx.execute(query)])


def lying(
    wanted: ReportFilter, funnel: Funnel, scope: Scope, stage_id: int | None
) -> list[ColumnElement[bool]]:
    """Conditions on `deals`: they lie in this stage, or in any open one of the funnel."""
    ids = [one for one in _open_ids(funnel) if stage_id in (None, one)]
    return [deals_in(scope), deals.c.stage_id.in_(ids), *deals_sliced(wanted)]


def _open_ids(funnel: Funnel) -> list[int]:
    return [stage.id for stage in funnel.stages if not stage.kind.is_closed]


def _kept(wanted: ReportFilter, funnel: Funnel, scope: Scope) -> Select[Any]:
    table = stage_totals.c
    columns = (table.stage_id, table.owner_id, people.c.name, table.currency, table.deals, table.amount)
    query = select(*columns).join(people, people.c.id == table.owner_id)
    query = query.where(table.stage_id.in_(_open_ids(funnel)), totals_in(scope), table.deals > 0)
    return query if wanted.person_id is None else query.where(table.owner_id == wanted.person_id)


def _counted(wanted: ReportFilter, funnel: Funnel, scope: Scope) -> Select[Any]:
    columns = (deals.c.stage_id, deals.c.owner_id, people.c.name, deals.c.currency)
    amount = func.sum(deals.c.amount, type_=ExactMoney())
    query = select(*columns, func.count(), amount).join(people, people.c.id == deals.c.owner_id)
    return query.where(*lying(wanted, funnel, scope, None)).group_by(*columns)
