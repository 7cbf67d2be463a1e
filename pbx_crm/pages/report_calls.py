"""Calls per seller as a page and as a file; each figure leads to exactly the calls it counted."""

from __future__ import annotations

from dataclasses import dataclass, replace

from aiohttp import web

from pbx_crm.domain.call_log import Figure
from pbx_crm.domain.call_report import SECONDS, Balance, CallReport, Counts, Moment
from pbx_crm.domain.sentence import N_
from pbx_crm.pages.render import render
from pbx_crm.pages.report_empty import emptiness
from pbx_crm.pages.report_head import ReportHead, head_of
from pbx_crm.pages.request import services_of, viewer_of

PATH = "/reports/calls"
MEETINGS_PATH = "/reports/calls/meetings"
SLICES = frozenset({"seller", "line", "source", "region"})


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name, what it counts, and which calls its figure opens."""

    name: str
    title: str
    meaning: str
    figure: Figure | None


COLUMNS = (
    Column(
        "answered",
        N_("Answered first"),
        N_("Incoming calls this seller was the first to answer."),
        Figure.ANSWERED,
    ),
    Column(
        "handled",
        N_("Handled"),
        N_("Incoming calls in which this seller talked, also after a transfer."),
        Figure.HANDLED,
    ),
    Column(
        "owned",
        N_("On own cards"),
        N_("Incoming calls that lie on a card which is this seller's now, whoever answered."),
        Figure.OWNED,
    ),
    Column(
        "missed",
        N_("Missed"),
        N_(
            "Incoming calls that rang this seller and that nobody answered. One call may have rung several "
            "sellers; the last row counts it once, the row of nobody those that rang no linked phone."
        ),
        Figure.MISSED,
    ),
    Column(
        "taken",
        N_("Taken by another"),
        N_("Rang here, and a colleague answered: nobody missed it."),
        Figure.TAKEN,
    ),
    Column(
        "reached",
        N_("Outgoing answered"),
        N_("Calls this seller started and the other side answered."),
        Figure.REACHED,
    ),
    Column("dialled", N_("Outgoing tried"), N_("All calls this seller started."), Figure.DIALLED),
    Column(
        "cold",
        N_("Cold calls"),
        N_("Outgoing calls to a number with which nobody here had ever talked before."),
        Figure.COLD,
    ),
    Column(
        "clients",
        N_("Clients"),
        N_("Different clients this seller talked with; a client with two numbers is one."),
        Figure.TALKED,
    ),
    Column(
        "meetings",
        N_("Meetings"),
        N_("Tasks of the kind meeting that this seller finished in this time."),
        None,
    ),
    Column(
        "talk_seconds",
        N_("Talk"),
        N_(
            "Time connected with clients, holds included; after a transfer each has their own part. Below it "
            "the mean of a conversation."
        ),
        Figure.TALKED,
    ),
    Column(
        "ring_seconds",
        N_("Ringing"),
        N_("How long incoming calls rang this seller's phones, answered or not."),
        None,
    ),
    Column(
        "hold_seconds",
        N_("On hold"),
        N_("How long the other side was put on hold, in calls this seller answered first or started."),
        None,
    ),
)


@dataclass(frozen=True, slots=True)
class CellView:
    """One figure as it is printed."""

    value: float
    is_time: bool
    url: str | None
    before: float | None
    """The same figure of the stretch before; None where nothing is compared."""
    is_alarm: bool
    each: float | None = None
    """Of a length: how long one of them was on average."""


@dataclass(frozen=True, slots=True)
class RowView:
    """One row as it is printed."""

    name: str
    cells: tuple[CellView, ...]


@dataclass(frozen=True, slots=True)
class CallTable:
    """The whole report as it is printed."""

    rows: tuple[RowView, ...]
    nobody: RowView | None
    total: RowView | None
    balances: tuple[Balance, Balance] | None


async def show(request: web.Request) -> web.StreamResponse:
    """GET /reports/calls."""
    head, found = await _found(request)
    earlier = None
    if head.query.compares:
        earlier = await services_of(request).reports.calls(viewer_of(request).scope, head.earlier)
    values = {"head": head, "columns": COLUMNS, **await emptiness(request, head, is_empty=found.is_empty)}
    return await render(request, "report_calls.html", {**values, "table": _table(head, found, earlier)})


async def as_file(request: web.Request) -> web.StreamResponse:
    """GET /reports/calls.csv and .xlsx: the same rows."""
    head, found = await _found(request)
    return await head.file(request, found.table())


async def show_meetings(request: web.Request) -> web.StreamResponse:
    """GET /reports/calls/meetings: exactly the meetings that a figure counted."""
    head = await head_of(request, MEETINGS_PATH, SLICES)
    held = await services_of(request).reports.meetings(viewer_of(request).scope, head.wanted)
    values = {
        "head": head,
        "meetings": held,
        "moment": Moment.HELD,
        "back_url": head.query.url(PATH),
        "back_name": N_("Back to calls per seller"),
    }
    return await render(request, "report_meetings.html", values)


async def _found(request: web.Request) -> tuple[ReportHead, CallReport]:
    head = await head_of(request, PATH, SLICES)
    return head, await services_of(request).reports.calls(viewer_of(request).scope, head.wanted)


def _table(head: ReportHead, found: CallReport, earlier: CallReport | None) -> CallTable:
    was = {row.person_id: row.counts for row in earlier.rows} if earlier else {}
    rows = tuple(
        RowView(
            row.name,
            _cells(head, row.counts, was.get(row.person_id, Counts()) if earlier else None, row.person_id),
        )
        for row in found.rows
    )
    if found.whole is None:
        return CallTable(rows, None, None, None)
    whole_was = earlier.whole if earlier else None
    nobody = _cells(head, found.whole.nobody, whole_was.nobody if whole_was else None, None, is_nobody=True)
    total = _cells(head, found.whole.total, whole_was.total if whole_was else None, None)
    return CallTable(rows, RowView("", nobody), RowView("", total), found.balances)


def _cells(
    head: ReportHead, counts: Counts, was: Counts | None, who: int | None, *, is_nobody: bool = False
) -> tuple[CellView, ...]:
    return tuple(
        CellView(
            value=getattr(counts, column.name),
            is_time=column.name in SECONDS,
            url=_url(head, column, who, is_nobody),
            before=getattr(was, column.name) if was else None,
            is_alarm=column.figure is Figure.MISSED,
            each=_each(column, counts),
        )
        for column in COLUMNS
    )


def _each(column: Column, counts: Counts) -> float | None:
    """The mean talk; of calls that rang no length is worth a mean, and holds are rare."""
    if column.name != "talk_seconds" or not counts.talked:
        return None
    return counts.talk_seconds / counts.talked


def _url(head: ReportHead, column: Column, who: int | None, is_nobody: bool) -> str | None:
    if column.name == "meetings":
        return replace(head.query, who=who or head.query.who).url(MEETINGS_PATH)
    if column.figure is None:
        return None
    return head.query.calls(head.days, column.figure, who, is_nobody=is_nobody)
