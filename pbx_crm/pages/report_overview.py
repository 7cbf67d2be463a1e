"""The overview: who called and who did not, what was lost and why, what will be sold, and what to do."""

from __future__ import annotations

from dataclasses import dataclass, replace

from aiohttp import web

from pbx_crm.domain.call_log import Figure
from pbx_crm.domain.call_report import Counts, SellerCounts
from pbx_crm.domain.forecast import LEAST_SETTLED, LEAST_WINS
from pbx_crm.domain.forecast_report import Pile, money
from pbx_crm.domain.loss_report import Dimension
from pbx_crm.domain.missed_clock import WaitState
from pbx_crm.domain.overview import Overview
from pbx_crm.domain.plan import PlanCell
from pbx_crm.domain.report_filter import ReportFilter
from pbx_crm.pages import (
    report_calls,
    report_forecast,
    report_funnel,
    report_losses,
    report_missed,
    report_plan,
    report_trend,
    report_won,
)
from pbx_crm.pages.render import render, wording_of
from pbx_crm.pages.report_figures import FigureView
from pbx_crm.pages.report_head import ReportHead, head_of
from pbx_crm.pages.report_query import ReportQuery
from pbx_crm.pages.request import services_of, viewer_of
from pbx_crm.services.overviews import Asked

PATH = "/reports/overview"
MOST_SILENT = 12
"""Names of people who did not call; of a large company the others stand in calls per seller."""


@dataclass(frozen=True, slots=True)
class SellerView:
    """Who called how much, and what of their plan they won."""

    seller: SellerCounts
    url: str
    """Of their row in calls per seller."""
    talked: FigureView
    answered: FigureView
    missed: FigureView
    dialled: FigureView
    width: float
    """Of the bar: conversations in percent of who had most."""
    plan: PlanCell | None
    won_url: str
    """Of the deals won in the plan's period."""


async def show(request: web.Request) -> web.StreamResponse:
    """GET /reports/overview."""
    head = await head_of(request, PATH, frozenset(), is_table=False)
    # It is about all: slices that came along from another report would narrow its links and not its figures.
    head = replace(head, query=_unsliced(head.query))
    wanted, earlier = ReportFilter(head.wanted.span), ReportFilter(head.earlier.span)
    week = wording_of(request).first_weekday
    asked = Asked(head.days, wanted, earlier, head.now, head.zone, week, head.calendar)
    found = await services_of(request).analysis.overviews.read(viewer_of(request), asked)
    values = {
        "head": head,
        "found": found,
        "sellers": _sellers(head, found),
        "silent": [
            (row.name, replace(head.query, who=row.person_id).url(report_calls.PATH)) for row in found.silent
        ],
        "most_silent": MOST_SILENT,
        "bars": [report_trend.bar_of(found.trend, place) for place in range(len(found.trend.steps))],
        "urls": _urls(head, found),
        "reasons": [
            (group, replace(head.query, reason=int(group.mark.key)).url(report_losses.DEALS_PATH))
            for group in found.reasons
        ],
        "won_urls": {
            month.month.key: report_forecast.won_url(ReportQuery(), month.month.key) for month in found.months
        },
        "paces": report_plan.PACES,
        "least_wins": LEAST_WINS,
        "least_settled": LEAST_SETTLED,
        "whole_money": money,
    }
    return await render(request, "report_overview.html", values)


def _unsliced(query: ReportQuery) -> ReportQuery:
    return ReportQuery(query.preset, query.from_day, query.to_day, in_firm_zone=query.in_firm_zone)


def _sellers(head: ReportHead, found: Overview) -> tuple[SellerView, ...]:
    was = {row.person_id: row.counts for row in found.calls_before.rows}
    most = max((row.counts.talked for row in found.sellers), default=0) or 1

    def figure(row: SellerCounts, which: Figure) -> FigureView:
        before = was.get(row.person_id, Counts())
        return FigureView(
            getattr(row.counts, which.value),
            head.query.calls(head.days, which, row.person_id),
            getattr(before, which.value),
            is_alarm=which is Figure.MISSED,
        )

    return tuple(
        SellerView(
            seller=row,
            url=replace(head.query, who=row.person_id).url(report_calls.PATH),
            talked=figure(row, Figure.TALKED),
            answered=figure(row, Figure.ANSWERED),
            missed=figure(row, Figure.MISSED),
            dialled=figure(row, Figure.DIALLED),
            width=round(100 * row.counts.talked / most, 1),
            plan=found.planned(row.person_id),
            won_url=report_plan.deals_url(found.plan.period, row.person_id),
        )
        for row in found.sellers
    )


def _urls(head: ReportHead, found: Overview) -> dict[str, str]:
    """Where each figure opens, by name."""
    query = head.query
    # Losses are told of one funnel: what was won beside them is of the same.
    funnel_id = found.losses.funnel.id if found.losses else None
    return {
        "answered": query.calls(head.days, Figure.ANSWERED, None),
        "missed": query.calls(head.days, Figure.MISSED, None),
        "dialled": query.calls(head.days, Figure.DIALLED, None),
        "calls": query.url(report_calls.PATH),
        "trend": query.url(report_trend.PATH),
        "waiting": f"{query.of(WaitState.WAITING.value).url(report_missed.PATH)}#waits",
        "in_time": f"{query.of(WaitState.IN_TIME.value).url(report_missed.PATH)}#waits",
        "never": f"{query.of(WaitState.NEVER.value).url(report_missed.PATH)}#waits",
        "lost": query.url(report_losses.DEALS_PATH),
        "losses": replace(query, by=Dimension.REASON.value).url(report_losses.PATH),
        "won": replace(query, funnel=funnel_id).url(report_won.PATH),
        "funnel": query.url(report_funnel.PATH),
        "forecast": report_forecast.PATH,
        "stale": query.of(Pile.STALE.value).url(report_forecast.DEALS_PATH),
        "plan": report_plan.PATH,
    }
