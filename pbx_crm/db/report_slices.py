"""What a report is narrowed to, as conditions: one place, so that a figure and its rows are sliced alike."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, Select, select

from pbx_crm.db import client_regions
from pbx_crm.db.scoped import deals_in
from pbx_crm.db.tables import calls, deals, lines
from pbx_crm.domain.amount_band import AmountBand
from pbx_crm.domain.call_log import CallFilter
from pbx_crm.domain.origin_report import NO_LINE
from pbx_crm.domain.person import Scope
from pbx_crm.domain.report_filter import ReportFilter
from pbx_crm.domain.report_period import Span

MOST_SOURCES = 100
"""As many as anybody would look through in a list."""


def calls_sliced(wanted: ReportFilter | CallFilter) -> list[ColumnElement[bool]]:
    """Conditions on `calls`: line, source, region; the person is each reader's own business."""
    found = []
    if wanted.line_id is not None:
        found.append(on_line(calls.c.line_id, wanted.line_id))
    if wanted.source is not None:
        found.append(calls_from(wanted.source))
    if wanted.region_id is not None:
        found.append(client_regions.is_in(client_regions.of_calls(), wanted.region_id))
    return found


def within(span: Span) -> list[ColumnElement[bool]]:
    """Conditions on `calls`: they began in the span."""
    return [calls.c.started_at >= span.since, calls.c.started_at < span.until]


def on_line(column: ColumnElement[int | None], line_id: int) -> ColumnElement[bool]:
    """Condition on a column that names a line: this one; over none if the id is NO_LINE."""
    return column.is_(None) if line_id == NO_LINE else column == line_id


def calls_from(source: str) -> ColumnElement[bool]:
    """Condition on `calls`: they came over a line of this source; without a source, also over no line."""
    found = calls.c.line_id.in_(lines_from(source))
    return found if source else found | calls.c.line_id.is_(None)


def sums_from(line: ColumnElement[int], source: str) -> ColumnElement[bool]:
    """The same of kept sums, in which NO_LINE stands for no line."""
    found = line.in_(lines_from(source))
    return found if source else found | (line == NO_LINE)


def sums_sliced(line: ColumnElement[int], wanted: ReportFilter) -> list[ColumnElement[bool]]:
    """Conditions on kept sums by this column: line and source."""
    found = []
    if wanted.line_id is not None:
        found.append(line == wanted.line_id)
    if wanted.source is not None:
        found.append(sums_from(line, wanted.source))
    return found


def lines_from(source: str) -> Select[tuple[int]]:
    """Ids of the lines of this source."""
    return select(lines.c.id).where(lines.c.source == source).correlate(None)


def deals_sliced(wanted: ReportFilter) -> list[ColumnElement[bool]]:
    """Conditions on `deals`: owner, line, source, amount, region."""
    found = []
    if wanted.person_id is not None:
        found.append(deals.c.owner_id == wanted.person_id)
    if wanted.line_id is not None:
        found.append(on_line(deals.c.line_id, wanted.line_id))
    if wanted.source is not None:
        found.append(deals.c.source == wanted.source)
    if wanted.band is not None:
        found += _within_band(wanted.band)
    if wanted.region_id is not None:
        found.append(client_regions.is_in(client_regions.of_deals(), wanted.region_id))
    return found


def _within_band(band: AmountBand) -> list[ColumnElement[bool]]:
    found = [deals.c.amount >= band.least]
    if band.below is not None:
        found.append(deals.c.amount < band.below)
    return found


def sources(tx: Connection, scope: Scope) -> tuple[str, ...]:
    """Where clients come from, by the lines and by the deals the viewer may see. Two statements."""
    of_lines = select(lines.c.source).distinct()
    of_deals = select(deals.c.source).distinct().where(deals_in(scope)).limit(MOST_SOURCES)
    found = {*tx.execute(of_lines).scalars(), *tx.execute(of_deals).scalars()}
    return tuple(sorted(source for source in found if source))
