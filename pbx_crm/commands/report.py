"""`pbx-crm report`: what the report pages show, on the server's own command line.

Whoever may read the configuration sees what a head sees.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, tzinfo
from pathlib import Path

import click
from babel.dates import get_timezone

from pbx_crm.app import open_database
from pbx_crm.config import Settings
from pbx_crm.db.engine import Database
from pbx_crm.domain.amount_band import AmountBand
from pbx_crm.domain.call_trend import Every
from pbx_crm.domain.person import Reach, Scope
from pbx_crm.domain.plan_period import PeriodKind
from pbx_crm.domain.report_filter import ReportFilter, ReportName
from pbx_crm.domain.report_period import Days
from pbx_crm.domain.report_table import ReportTable
from pbx_crm.pages.i18n import choose
from pbx_crm.pages.report_file import workbook
from pbx_crm.pages.wording import Wording
from pbx_crm.services.clock import utc_now
from pbx_crm.services.ground import Ground
from pbx_crm.services.live_feed import LiveFeed
from pbx_crm.services.origins import Origins
from pbx_crm.services.plans import Plans
from pbx_crm.services.regions import Regions
from pbx_crm.services.report_tables import ReportDays, ReportTables
from pbx_crm.services.reports import Reports

STEPS: Mapping[ReportName, Collection[str]] = {ReportName.TREND: set(Every), ReportName.PLAN: set(PeriodKind)}
OF_A_HEAD = Scope(Reach.ALL, 0)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line says."""

    report: ReportName
    first: date | None
    last: date | None
    seller: str | None = None
    line: str | None = None
    funnel: str | None = None
    zone: str | None = None
    source: str | None = None
    band: str | None = None
    region: str | None = None
    by: str = ""


def print_report(settings: Settings, asked: Asked, form: str, file: Path | None = None) -> None:
    """Prints the report as `text`, `csv`, `json` or `xlsx`, or writes it into the file.

    Names that are not there are a usage error, and so is a workbook on a terminal.
    """
    zone = _zone(asked.zone or settings.crm.time_zone)
    if asked.by and asked.by not in STEPS.get(asked.report, ()):
        raise click.UsageError(f"{asked.report} is not told by {asked.by}")
    database = open_database(settings)
    try:
        table = asyncio.run(_table(database, settings, asked, zone))
    finally:
        database.close()
    written = _written(table, asked, zone, form)
    if file is not None:
        file.write_bytes(written)
        return
    if form == "xlsx" and sys.stdout.isatty():
        raise click.UsageError("a workbook is nothing for a terminal: name a file with --output")
    click.echo(written, nl=False)


def _facts(asked: Asked, zone: tzinfo) -> list[tuple[str, str]]:
    slices = (asked.seller, asked.line, asked.source, asked.region, asked.funnel, asked.band)
    return [
        ("report", asked.report),
        *_days_told(asked).items(),
        ("time zone", str(zone)),
        *(("slice", name) for name in slices if name),
    ]


def _zone(name: str) -> tzinfo:
    try:
        return get_timezone(name)
    except LookupError:
        raise click.UsageError(f"there is no time zone {name}") from None


async def _table(database: Database, settings: Settings, asked: Asked, zone: tzinfo) -> ReportTable:
    reports = Reports(database)
    choices = await reports.choices(OF_A_HEAD)
    days = _days(asked, zone)
    wanted = ReportFilter(
        days.span(zone),
        person_id=_named(asked.seller, choices.sellers, "seller"),
        line_id=_named(asked.line, choices.lines, "line"),
        funnel_id=_named(asked.funnel, choices.funnels, "funnel"),
        source=asked.source,
        band=AmountBand(asked.band) if asked.band else None,
        region_id=await _region(database, asked.region),
    )
    ground = Ground(database, LiveFeed(), utc_now, settings.installation, {})
    tables = ReportTables(reports, Plans(ground), Origins(ground), utc_now)
    week, calendar = _first_weekday(settings, zone), settings.installation.calendar
    told = ReportDays(wanted, days, zone, week, calendar, asked.by)
    return await tables.table(asked.report, OF_A_HEAD, told)


def _first_weekday(settings: Settings, zone: tzinfo) -> int:
    """The day on which weeks begin where the installation's language is spoken."""
    language = choose(None, None, "", settings.crm.language)
    return Wording(language, zone, utc_now()).first_weekday


def _days(asked: Asked, zone: tzinfo) -> Days:
    """The days asked for; a plan is that of the period of the first, else of the present one."""
    if not asked.report.has_days:
        first = asked.first or utc_now().astimezone(zone).date()
        return Days(first, first)
    if asked.first is None or asked.last is None:
        raise click.UsageError(f"{asked.report} wants --from and --to")
    if asked.last < asked.first:
        raise click.UsageError("--to is before --from")
    return Days(asked.first, asked.last)


def _days_told(asked: Asked) -> dict[str, str]:
    if not asked.report.has_days:
        return {}
    return {"from": str(asked.first), "to": str(asked.last)}


def _named(name: str | None, choices: Sequence[tuple[int, str]], kind: str) -> int | None:
    """The id behind a name; two of one name would be a guess, so they are refused too."""
    if name is None:
        return None
    found = [record_id for record_id, known in choices if known == name]
    if len(found) != 1:
        raise click.UsageError(f"{len(found)} {kind}s are called {name}; known: {_known(choices)}")
    return found[0]


async def _region(database: Database, name: str | None) -> int | None:
    known = await Regions(database).choices() if name is not None else []
    called = [(region.id, region.place.name or region.place.country) for region in known]
    own = [(region.id, region.place.local_name) for region in known if region.place.local_name == name]
    return _named(name, own or called, "region")


def _known(choices: Sequence[tuple[int, str]]) -> str:
    return ", ".join(name for _, name in choices) or "none"


def _written(table: ReportTable, asked: Asked, zone: tzinfo, form: str) -> bytes:
    if form == "xlsx":
        return workbook(table, utc_now(), _facts(asked, zone))
    text = _in_text(table, asked, zone, form)
    return (text if form == "csv" else f"{text}\n").encode()


def _in_text(table: ReportTable, asked: Asked, zone: tzinfo, form: str) -> str:
    match form:
        case "json":
            head = {"report": asked.report.value, **_days_told(asked)}
            rows = table.records()
            return json.dumps({**head, "time_zone": str(zone), "rows": rows}, ensure_ascii=False, indent=1)
        case "csv":
            return table.csv()
        case _:
            return table.text()
