"""`pbx-crm rollup`: the kept sums that reports stand on, built anew or compared with the calls."""

from __future__ import annotations

import asyncio
from enum import IntEnum
from pathlib import Path

import click

from pbx_crm.app import open_database
from pbx_crm.config import load
from pbx_crm.services.rollups import Rollups


class Compared(IntEnum):
    """What comparing came to, as an exit code."""

    ALL_RIGHT = 0
    SOME_WRONG = 1


@click.command()
@click.pass_obj
def rebuild(config: Path) -> None:
    """Add up all calls again, day by day; the server may run, and its reports stay right meanwhile."""
    settings = load(config)
    database = open_database(settings)

    async def work() -> int:
        days = 0
        async for step in Rollups(database).rebuild(settings.crm.time_zone):
            days = step.days
            if step.done == step.days or not step.done % 30:
                click.echo(f"{step.day}  {step.done} of {step.days} days", err=True)
        return days

    try:
        days = asyncio.run(work())
    finally:
        database.close()
    click.echo(f"{days} days are added up, by the clocks of {settings.crm.time_zone}")


@click.command()
@click.pass_context
def check(ctx: click.Context) -> None:
    """Compare every sum with its calls; exit code 1 if one is wrong, and then `rebuild` mends it."""
    database = open_database(load(ctx.obj))

    async def work() -> tuple[int, int]:
        days, wrong = 0, 0
        async for step in Rollups(database).check():
            days, wrong = step.days, wrong + bool(step.wrong_rows)
            if step.wrong_rows:
                click.echo(f"{step.day}: {step.wrong_rows} sums are not what the calls add up to")
        return days, wrong

    try:
        days, wrong = asyncio.run(work())
    finally:
        database.close()
    click.echo(f"{days} days compared, {wrong} wrong")
    ctx.exit(Compared.SOME_WRONG if wrong else Compared.ALL_RIGHT)


COMMANDS: dict[str, click.Command] = {"rebuild": rebuild, "check": check}
