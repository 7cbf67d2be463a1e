"""Calls per seller above the log: each figure with the address of exactly the rows it counted."""

from __future__ import annotations

from dataclasses import dataclass

from pbx_crm.domain.call_log import Figure, Figures, Head
from pbx_crm.pages.call_query import CallQuery, Period

SHOWN = (Figure.ANSWERED, Figure.MISSED, Figure.TAKEN, Figure.DIALLED, Figure.TALKED)


@dataclass(frozen=True, slots=True)
class HeadCell:
    """One figure."""

    figure: Figure
    count: int
    url: str
    reached: int = 0
    """Of the calls dialled, those that were answered."""
    talk_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class HeadRow:
    """One person, or all calls."""

    name: str
    """Empty for the row over all calls."""
    url: str
    today: tuple[HeadCell, ...]
    week: tuple[HeadCell, ...]


@dataclass(frozen=True, slots=True)
class HeadTable:
    """The head as it is printed."""

    rows: tuple[HeadRow, ...]
    total: HeadRow | None
    unlinked_today: int
    unlinked_week: int
    unlinked_today_url: str
    unlinked_week_url: str


def head_table(head: Head) -> HeadTable:
    """The figures with their addresses."""
    rows = tuple(
        HeadRow(
            row.name,
            CallQuery(who=row.person_id).url(),
            _cells(row.today, Period.TODAY, row.person_id),
            _cells(row.week, Period.WEEK, row.person_id),
        )
        for row in head.people
    )
    total = None
    if head.total_today and head.total_week:
        today, week = _cells(head.total_today, Period.TODAY), _cells(head.total_week, Period.WEEK)
        total = HeadRow("", CallQuery().url(), today, week)
    return HeadTable(
        rows,
        total,
        head.unlinked_today,
        head.unlinked_week,
        CallQuery(period=Period.TODAY, unlinked=True).url(),
        CallQuery(period=Period.WEEK, unlinked=True).url(),
    )


def _cells(figures: Figures, period: Period, person_id: int | None = None) -> tuple[HeadCell, ...]:
    return tuple(
        HeadCell(
            figure,
            getattr(figures, figure.value),
            CallQuery(period=period, who=person_id, figure=figure).url(),
            reached=figures.reached if figure is Figure.DIALLED else 0,
            talk_seconds=figures.talk_seconds if figure is Figure.TALKED else 0.0,
        )
        for figure in SHOWN
    )
