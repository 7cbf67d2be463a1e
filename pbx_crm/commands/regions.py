"""`pbx-crm regions`: the plan by which numbers are put into regions; nothing is fetched."""

from __future__ import annotations

import asyncio
import csv
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TypeVar

import click

from pbx_crm.app import open_database
from pbx_crm.config import Settings, load
from pbx_crm.domain.geocoded_places import countries, regions_of
from pbx_crm.domain.number_files import OWN, ranges_in
from pbx_crm.domain.phone import NumberPlan
from pbx_crm.domain.region import NumberRange, painted
from pbx_crm.outside.sheets import rows_of
from pbx_crm.services.regions import Regions

COUNTRY_LETTERS = 2
Result = TypeVar("Result")


@click.command()
@click.argument("sources", nargs=-1, metavar="[COUNTRY|FILE]…")
@click.pass_obj
def build(config: Path, sources: tuple[str, ...]) -> None:
    """Make the plan anew of these sources; what is named later wins.

    COUNTRY (RU, KR, …): the regions of its prefixes, as the phonenumbers library knows them. FILE: the public
    register of Russia as it can be downloaded (ABC-3xx.csv … DEF-9xx.csv), or a list of your own with the
    columns that `regions list --csv` prints. Without any: countries only. The server may run meanwhile.
    """
    settings = load(config)
    # Everything is read before anything is written: a broken file leaves the plan as it was.
    ranges = painted([countries(), *(_layer(source) for source in sources)])
    _ask(settings, lambda regions: regions.keep(ranges))
    places = {one.place.key for one in ranges if not one.place.is_country}
    click.echo(f"{len(ranges)} ranges of numbers, {len(places)} regions beside the countries")


def _layer(source: str) -> Sequence[NumberRange]:
    if len(source) == COUNTRY_LETTERS and source.isalpha() and not Path(source).exists():
        return regions_of(source.upper())
    path = Path(source)
    if not path.is_file():
        raise click.UsageError(f"{source} is neither a country's two letters nor a file")
    return ranges_in(rows_of(path, path.name), path.name)


@click.command(name="list")
@click.option("--csv", "as_csv", is_flag=True, help="To be changed and given to `build` again.")
@click.pass_obj
def show(config: Path, as_csv: bool) -> None:
    """Print every range of numbers with its region."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    if as_csv:
        writer.writerow(OWN)
    for one in _ask(load(config), lambda regions: regions.plan()):
        first, last = one.ends
        place = one.place
        cells = (first, last, place.country, place.name, place.local_name, " ".join(place.zones))
        if as_csv:
            writer.writerow(cells)
        else:
            click.echo(f"+{first}" + (f" to +{last}" if last != first else "") + f"\t{_told(one)}")


@click.command()
@click.argument("number")
@click.pass_context
def of(ctx: click.Context, number: str) -> None:
    """Print the region of a number; exit code 1 if there is none."""
    settings = load(ctx.obj)
    found = NumberPlan(settings.crm.region).e164(number)
    place = _ask(settings, lambda regions: regions.place(found)) if found else None
    if place is None:
        click.echo("no region", err=True)
        ctx.exit(1)
    click.echo(_told(NumberRange(0, 0, place)))


def _told(one: NumberRange) -> str:
    place = one.place
    names = ", ".join(dict.fromkeys(filter(None, (place.name, place.local_name))))
    return "  ".join(filter(None, (place.country, names, " ".join(place.zones))))


def _ask(settings: Settings, question: Callable[[Regions], Awaitable[Result]]) -> Result:
    async def asked() -> Result:
        return await question(Regions(database))

    database = open_database(settings)
    try:
        return asyncio.run(asked())
    finally:
        database.close()


COMMANDS: dict[str, click.Command] = {"build": build, "list": show, "of": of}
