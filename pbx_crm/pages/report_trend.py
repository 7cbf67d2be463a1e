"""Calls day by day, week by week or month by month, as a picture, a table and a file."""

from __future__ import annotations

from dataclasses import dataclass, replace

from aiohttp import web

from pbx_crm.domain.call_log import Figure
from pbx_crm.domain.call_trend import CallTrend, Every, TrendStep, step_for, steps_of
from pbx_crm.domain.sentence import N_
from pbx_crm.pages.call_query import choice_of
from pbx_crm.pages.render import render, wording_of
from pbx_crm.pages.report_empty import emptiness
from pbx_crm.pages.report_head import ReportHead, head_of
from pbx_crm.pages.request import services_of, viewer_of

PATH = "/reports/trend"
SLICES = frozenset({"seller", "line", "source", "region"})
HEIGHT = 100.0
STEPS = {Every.DAY: N_("By day"), Every.WEEK: N_("By week"), Every.MONTH: N_("By month")}
FIGURES = (
    (Figure.ANSWERED, N_("Answered")),
    (Figure.MISSED, N_("Missed")),
    (Figure.DIALLED, N_("Outgoing tried")),
    (Figure.REACHED, N_("Outgoing answered")),
)


@dataclass(frozen=True, slots=True)
class Bar:
    """A step in the picture: two rectangles one on the other, in units of the picture."""

    x: float
    width: float
    answered_top: float
    answered_height: float
    missed_top: float
    missed_height: float


@dataclass(frozen=True, slots=True)
class StepView:
    """A step as it is printed."""

    step: TrendStep
    bar: Bar
    cells: tuple[tuple[int, str, bool], ...]
    """(figure, address of its calls, whether it is one to worry about)."""
    talked_url: str


async def show(request: web.Request) -> web.StreamResponse:
    """GET /reports/trend."""
    head, found = await _found(request)
    is_empty = not any(step.incoming or step.counts.dialled for step in found.steps)
    values = {
        "head": head,
        "trend": found,
        "steps": [_view(head, found, place) for place in range(len(found.steps))],
        "figures": [name for _, name in FIGURES],
        "views": [
            (replace(head.query, by=every.value).url(PATH), name, every is found.every)
            for every, name in STEPS.items()
        ],
        **await emptiness(request, head, is_empty=is_empty),
    }
    return await render(request, "report_trend.html", values)


async def as_file(request: web.Request) -> web.StreamResponse:
    """GET /reports/trend.csv and .xlsx: a row a step."""
    head, found = await _found(request)
    return await head.file(request, found.table())


async def _found(request: web.Request) -> tuple[ReportHead, CallTrend]:
    head = await head_of(request, PATH, SLICES, can_compare=False)
    every = step_for(head.days, choice_of(Every, head.query.by))
    steps = list(steps_of(head.days, every, wording_of(request).first_weekday, head.calendar))
    reports, scope = services_of(request).reports, viewer_of(request).scope
    return head, await reports.call_trend(scope, head.wanted, every, steps, head.zone)


def bar_of(found: CallTrend, place: int) -> Bar:
    """The step at this place, drawn."""
    step, wide = found.steps[place], HEIGHT * 4 / len(found.steps)
    answered = HEIGHT * step.counts.answered / found.tallest
    missed = HEIGHT * step.counts.missed / found.tallest
    return Bar(
        x=round(place * wide + wide * 0.1, 2),
        width=round(wide * 0.8, 2),
        answered_top=round(HEIGHT - answered, 2),
        answered_height=round(answered, 2),
        missed_top=round(HEIGHT - answered - missed, 2),
        missed_height=round(missed, 2),
    )


def _view(head: ReportHead, found: CallTrend, place: int) -> StepView:
    step = found.steps[place]
    cells = tuple(
        (
            getattr(step.counts, figure.value),
            head.query.calls(step.days, figure, head.wanted.person_id),
            figure is Figure.MISSED,
        )
        for figure, _ in FIGURES
    )
    talked_url = head.query.calls(step.days, Figure.TALKED, head.wanted.person_id)
    return StepView(step, bar_of(found, place), cells, talked_url)
