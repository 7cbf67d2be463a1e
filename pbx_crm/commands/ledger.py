"""`pbx-crm ledger`: the PBX's records of a day against the calls on record."""

from __future__ import annotations

import asyncio
from datetime import date, datetime, time, timedelta
from enum import IntEnum
from zoneinfo import ZoneInfo

import click

from pbx_crm.app import open_database
from pbx_crm.call_records import records_of
from pbx_crm.config import PbxSettings, Settings
from pbx_crm.domain.errors import BadConfig
from pbx_crm.domain.ledger import DayLedger
from pbx_crm.services.clock import Clock, utc_now
from pbx_crm.services.ledger import Ledger


class Closed(IntEnum):
    """What closing a day came to, as an exit code."""

    ALL_ACCOUNTED = 0
    SOME_MISSING = 1


def print_ledger(settings: Settings, day: date | None, clock: Clock = utc_now) -> Closed:
    """Prints the ledger of every PBX whose records can be read; BadConfig if there is none."""
    zone = ZoneInfo(settings.crm.time_zone)
    wanted = day or clock().astimezone(zone).date()
    readable = [pbx for pbx in settings.pbx if pbx.cel or pbx.cdr]
    if not readable:
        raise BadConfig("no [pbx.cel] or [pbx.cdr] in the configuration: no records to compare with")
    database = open_database(settings)
    try:
        ledger = Ledger(database, clock)
        return max(_close(ledger, pbx, wanted, settings.crm.time_zone) for pbx in readable)
    finally:
        database.close()


def _close(ledger: Ledger, pbx: PbxSettings, day: date, time_zone: str) -> Closed:
    records = records_of(pbx, time_zone)
    assert records is not None  # noqa: S101 - only PBXes with records are asked for
    zone = ZoneInfo(time_zone)
    since, until = (datetime.combine(d, time(), zone) for d in (day, day + timedelta(days=1)))
    closed = asyncio.run(ledger.close(pbx.name, records, since, until))
    click.echo(_in_words(pbx.name, day, closed, zone))
    return Closed.SOME_MISSING if closed.missing else Closed.ALL_ACCOUNTED


def _in_words(pbx: str, day: date, closed: DayLedger, zone: ZoneInfo) -> str:
    total, missing = len(closed.entries), closed.missing
    lines = [f"{day} {pbx}: {total} written down, {total - len(missing)} accounted"]
    lines += [f"  {count:6}  {fate}" for fate, count in sorted(closed.counts.items())]
    lines += [f"  missing: {one.linkedid}, {one.began.astimezone(zone):%H:%M:%S}" for one in missing]
    return "\n".join(lines)
