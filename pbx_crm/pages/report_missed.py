"""The missed-call clock as a page and as a file: how waits ended, and who is next to call."""

from __future__ import annotations

from dataclasses import dataclass, replace

from aiohttp import web

from pbx_crm.domain.missed_clock import LEAST_WAITS, MissedReport, WaitState
from pbx_crm.domain.sentence import N_
from pbx_crm.pages.call_query import choice_of
from pbx_crm.pages.render import render
from pbx_crm.pages.report_head import ReportHead, head_of
from pbx_crm.pages.request import services_of, viewer_of

PATH = "/reports/missed"
SLICES = frozenset({"seller", "line", "source", "region"})
STATES = {
    WaitState.WAITING: (
        N_("Waiting"),
        N_("Nobody has talked with them since; their last try was less than seven days ago."),
        "clock",
    ),
    WaitState.IN_TIME: (
        N_("Called back in time"),
        N_("Somebody called and talked with them within the line's limit, counted from when they hung up."),
        "circle-check",
    ),
    WaitState.LATE: (
        N_("Called back late"),
        N_("Somebody called and talked with them, after the line's limit."),
        "alarm-clock",
    ),
    WaitState.GOT_THROUGH: (
        N_("Got through themselves"),
        N_("They called again and were answered before anybody called back."),
        "phone-incoming",
    ),
    WaitState.NEVER: (
        N_("Never"),
        N_("Nobody has talked with them within seven days of their last try."),
        "circle-x",
    ),
}
ALL = "all"
A_PAGE = 100


@dataclass(frozen=True, slots=True)
class StateView:
    """One way a wait stands, as it is printed."""

    state: WaitState
    name: str
    meaning: str
    icon: str
    count: int
    before: int | None
    percent: int | None
    url: str
    is_shown: bool


async def show(request: web.Request) -> web.StreamResponse:
    """GET /reports/missed."""
    head, found = await _found(request)
    earlier = None
    if head.query.compares:
        services, scope = services_of(request), viewer_of(request).scope
        earlier = await services.reports.missed(scope, head.earlier, head.now)
    shown = _shown(head)
    rows = found.listed(shown)
    page = min(head.query.page, max(1, -(-len(rows) // A_PAGE)))
    values = {
        "head": head,
        "report": found,
        "states": _states(head, found, earlier),
        "rows": rows[(page - 1) * A_PAGE : page * A_PAGE],
        "row_count": len(rows),
        "first_row": (page - 1) * A_PAGE + 1,
        "newer_url": _page_url(head, page - 1) if page > 1 else None,
        "older_url": _page_url(head, page + 1) if page * A_PAGE < len(rows) else None,
        "shown": STATES[shown][0] if shown else N_("All numbers"),
        "shown_state": shown,
        "all_url": head.query.of(ALL).url(PATH),
        "words": STATES,
        "floor": LEAST_WAITS,
    }
    return await render(request, "report_missed.html", values)


async def as_file(request: web.Request) -> web.StreamResponse:
    """GET /reports/missed.csv and .xlsx: every wait a row."""
    head, found = await _found(request)
    return await head.file(request, found.table())


async def _found(request: web.Request) -> tuple[ReportHead, MissedReport]:
    head = await head_of(request, PATH, SLICES)
    services, scope = services_of(request), viewer_of(request).scope
    return head, await services.reports.missed(scope, head.wanted, head.now)


def _page_url(head: ReportHead, page: int) -> str:
    return f"{replace(head.query, page=page).url(PATH)}#waits"


def _shown(head: ReportHead) -> WaitState | None:
    """Whose waits are listed: those waiting, unless the address says otherwise."""
    if head.query.part == ALL:
        return None
    return choice_of(WaitState, head.query.part) or WaitState.WAITING


def _states(head: ReportHead, found: MissedReport, earlier: MissedReport | None) -> tuple[StateView, ...]:
    return tuple(
        StateView(
            state=state,
            name=name,
            meaning=meaning,
            icon=icon,
            count=found.count(state),
            before=earlier.count(state) if earlier else None,
            percent=None if state is WaitState.WAITING else found.percent(state),
            url=head.query.of(state.value).url(PATH),
            is_shown=state is _shown(head),
        )
        for state, (name, meaning, icon) in STATES.items()
    )
