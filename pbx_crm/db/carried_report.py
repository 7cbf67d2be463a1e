"""Where deals lay at a moment gone by, told out of their moves."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, case, func, or_, select

from pbx_crm.db.report_slices import deals_sliced
from pbx_crm.db.scoped import deals_in
from pbx_crm.db.tables import deals, stage_moves, stages
from pbx_crm.domain.carried_report import CarriedReport, Fate
from pbx_crm.domain.funnel import Funnel, StageKind
from pbx_crm.domain.person import Scope
from pbx_crm.domain.report_filter import ReportFilter


def report(tx: Connection, wanted: ReportFilter, funnel: Funnel, scope: Scope) -> CarriedReport:
    """What lay in the funnel's open stages when the span began, by its fate when it ended. One statement."""
    lay = (
        select(_stage_at(wanted.span.since).label("then"), _stage_at(wanted.span.until).label("later"))
        .where(*_candidates(wanted, scope))
        .subquery()
    )
    fate = case(
        (lay.c.later.in_(_of_kind(StageKind.WON)), Fate.WON),
        (lay.c.later.in_(_of_kind(StageKind.LOST)), Fate.LOST),
        (lay.c.later == lay.c.then, Fate.STILL),
        else_=Fate.MOVED,
    )
    query = select(lay.c.then, fate, func.count()).where(lay.c.then.in_(_open_ids(funnel)))
    rows = tx.execute(query.group_by(lay.c.then, fate))
    return CarriedReport(funnel, {(stage_id, Fate(found)): count for stage_id, found, count in rows})


def carried(
    wanted: ReportFilter, funnel: Funnel, scope: Scope, stage_id: int | None, fate: Fate | None
) -> list[ColumnElement[bool]]:
    """Conditions on `deals`: those that a figure of the report counted."""
    ids = [one for one in _open_ids(funnel) if stage_id in (None, one)]
    found = [*_candidates(wanted, scope), _stage_at(wanted.span.since).in_(ids)]
    if fate is not None:
        found += _with_fate(wanted, fate)
    return found


def _with_fate(wanted: ReportFilter, fate: Fate) -> list[ColumnElement[bool]]:
    then, later = _stage_at(wanted.span.since), _stage_at(wanted.span.until)
    match fate:
        case Fate.WON:
            return [later.in_(_of_kind(StageKind.WON))]
        case Fate.LOST:
            return [later.in_(_of_kind(StageKind.LOST))]
        case Fate.STILL:
            return [later == then]
        case Fate.MOVED:
            return [later != then, later.not_in(_of_kind(StageKind.WON, StageKind.LOST))]


def _candidates(wanted: ReportFilter, scope: Scope) -> list[ColumnElement[bool]]:
    # A deal that lay open then and is closed now was closed after it, whatever happened between.
    since = wanted.span.since
    was_open = or_(deals.c.closed_at.is_(None), deals.c.closed_at >= since)
    return [deals_in(scope), deals.c.created_at < since, was_open, *deals_sliced(wanted)]


def _stage_at(moment: datetime) -> ColumnElement[int]:
    """The stage that the deal's next move led out of; where it did not move since, the one it lies in."""
    left = stage_moves.alias()
    next_move = (
        select(left.c.from_stage_id)
        .where(left.c.deal_id == deals.c.id, left.c.at >= moment)
        .order_by(left.c.at, left.c.id)
        .limit(1)
        .correlate(deals)
        .scalar_subquery()
    )
    return func.coalesce(next_move, deals.c.stage_id)


def _of_kind(*kinds: StageKind) -> Select[Any]:
    return select(stages.c.id).where(stages.c.kind.in_(kinds))


def _open_ids(funnel: Funnel) -> list[int]:
    return [stage.id for stage in funnel.stages if not stage.kind.is_closed]
