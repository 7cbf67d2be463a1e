"""`pbx-crm backfill`: the PBX's own records of the past become calls, clients and, by choice, deals."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from datetime import date, datetime
from datetime import time as clock_time
from zoneinfo import ZoneInfo

import click

from pbx_crm.app import open_database, plans_of
from pbx_crm.call_records import records_named
from pbx_crm.config import PbxSettings, Settings
from pbx_crm.domain.errors import BadConfig
from pbx_crm.services.backfill import Backfill, Progress, Wish
from pbx_crm.services.clock import Clock, utc_now


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line says."""

    since: date
    pbx: str | None = None
    """Every PBX with records if not told."""
    source: str | None = None
    """`cel` or `cdr`; the one that is read live if not told."""
    with_deals: bool = False


def fill_past(settings: Settings, asked: Asked, clock: Clock = utc_now) -> None:
    """Takes the past in, with a line of progress for each stretch; BadConfig names what is not configured."""
    wanted = [pbx for pbx in settings.pbx if asked.pbx in (None, pbx.name) and (pbx.cel or pbx.cdr)]
    if not wanted:
        raise BadConfig(f"no [pbx.cel] or [pbx.cdr] in the configuration of {asked.pbx or 'any PBX'}")
    database = open_database(settings)
    try:
        backfill = Backfill(database, clock, plans_of(settings))
        for pbx in wanted:
            asyncio.run(_fill(backfill, pbx, asked, settings.crm.time_zone))
    finally:
        database.close()


async def _fill(backfill: Backfill, pbx: PbxSettings, asked: Asked, time_zone: str) -> None:
    live = "cel" if pbx.cel is not None else "cdr"
    source = asked.source or live
    history = records_named(pbx, source, time_zone)
    if history is None:
        raise BadConfig(f"no [pbx.{source}] in the configuration of {pbx.name}")
    since = datetime.combine(asked.since, clock_time(), ZoneInfo(time_zone))
    wish = Wish(since, source, asked.with_deals)
    shown = _Shown(pbx.name)
    progress = await backfill.run(pbx.name, history, wish, shown.tell)
    if source == live:
        await backfill.goes_live(pbx.name, wish)
    click.echo(f"{pbx.name}: {progress.calls} calls taken in since {asked.since}")


class _Shown:
    """Lines of progress, with what it manages in a second."""

    def __init__(self, pbx: str) -> None:
        self._pbx = pbx
        self._began = time.monotonic()

    def tell(self, progress: Progress) -> None:
        """A line for the stretch that was just stored."""
        rate = progress.rows / max(time.monotonic() - self._began, 0.001)
        day = f"{progress.until:%Y-%m-%d}" if progress.until else "-"
        click.echo(
            f"{self._pbx}: up to {day}, {progress.rows} rows, {progress.calls} calls, {rate:.0f} rows/s",
            err=True,
        )
