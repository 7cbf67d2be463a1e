"""Rows of the site's table for the reports on where clients come from and where their deals lie."""

from __future__ import annotations

from pbx_crm.pages import costs, report_carried, report_cold, report_overview, report_stages, report_won
from pbx_crm.pages.access import Access, Handler, Route
from pbx_crm.pages.report_origins import LINES, REGIONS, SOURCES

ENDINGS = (".csv", ".xlsx")


def _report(path: str, show: Handler, as_file: Handler) -> tuple[Route, ...]:
    """A report and its rows as files."""
    files = (Route("GET", f"{path}{ending}", as_file, Access.CLIENT_DATA) for ending in ENDINGS)
    return (Route("GET", path, show, Access.CLIENT_DATA), *files)


REPORT_ROUTES: tuple[Route, ...] = (
    Route("GET", report_overview.PATH, report_overview.show, Access.CLIENT_DATA),
    *_report(report_won.PATH, report_won.show, report_won.as_file),
    *_report("/reports/sources", SOURCES.show, SOURCES.as_file),
    *_report("/reports/sources/deals", SOURCES.show_deals, SOURCES.deals_as_file),
    *_report("/reports/lines", LINES.show, LINES.as_file),
    *_report("/reports/lines/deals", LINES.show_deals, LINES.deals_as_file),
    *_report("/reports/regions", REGIONS.show, REGIONS.as_file),
    *_report("/reports/regions/deals", REGIONS.show_deals, REGIONS.deals_as_file),
    *_report("/reports/stages", report_stages.show, report_stages.as_file),
    *_report("/reports/stages/deals", report_stages.show_deals, report_stages.deals_as_file),
    *_report("/reports/carried", report_carried.show, report_carried.as_file),
    *_report("/reports/carried/deals", report_carried.show_deals, report_carried.deals_as_file),
    *_report("/reports/cold", report_cold.show, report_cold.as_file),
    Route("GET", "/reports/cold/meetings", report_cold.show_meetings, Access.CLIENT_DATA),
    Route("GET", "/settings/costs", costs.show, Access.HEAD),
    Route("POST", "/settings/costs", costs.save, Access.HEAD),
)
