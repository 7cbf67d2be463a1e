"""Regions as pages: the picture and its table, the slice in every report, files, and the shell."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from pbx_crm.cli import main
from pbx_crm.db import regions
from pbx_crm.db.engine import Database, Transaction
from pbx_crm.domain.call import Outcome
from pbx_crm.domain.person import Person
from pbx_crm.domain.region import NumberRange, Place, painted
from tests import builders
from tests.builders import NOW
from tests.call_rows import CallRows
from tests.pages.reading import page
from tests.site import Crm
from tests.test_commands import CONFIG

TODAY = "?period=today"
REPORTS = (
    *("calls", "trend", "hours", "cold", "missed", "sources", "lines", "regions"),
    *("stages", "funnel", "losses", "forecast", "plan"),
)
COUNTRY, MOSCOW = Place("RU"), Place("RU", "Moscow", "Москва")
SEOUL = Place("KR", "Seoul", "서울")


def a_day(tx: Transaction, seller: Person) -> dict[str, int]:
    """Calls from two cities, from a mobile and from nowhere, and a deal lost in one of the cities."""
    prefixes = {"7": COUNTRY, "7495": MOSCOW, "822": SEOUL}
    layers = [[NumberRange.between(prefix, prefix, place)] for prefix, place in prefixes.items()]
    regions.store(tx, painted(layers))
    for number, count in (("+74951112233", 8), ("+8225551234", 2), ("+79161112233", 1), (None, 1)):
        for _ in range(count):
            CallRows(tx, NOW, e164=number).ring(seller).answer(seller).end(60, Outcome.ANSWERED)
    for _ in range(4):
        CallRows(tx, NOW, e164="+74951112233").ring(seller).end(20, Outcome.MISSED)
    client = builders.contact(tx, "Vector", "+74951112233")
    builders.deal(tx, builders.funnel(tx), seller, stage=5, contact_id=client, title="Fibre")
    return {region.place.name: region.id for region in regions.to_choose(tx, 9)}


@pytest.fixture
async def ids(crm: Crm) -> dict[str, int]:
    """The day has happened; ids of the regions by name."""
    return await crm.database.write(a_day, crm.cast.anna)


async def test_tiles_show_cities_and_the_sentence_says_what_they_cannot(
    crm: Crm, ids: dict[str, int]
) -> None:
    text = await page(crm, f"/reports/regions{TODAY}")
    tiles = re.search(r'<ol class="tiles" aria-hidden="true">(.*?)</ol>', text, re.DOTALL)
    assert tiles is not None
    shown = re.findall(r"<bdi>([^<]+)</bdi>.*?tile-figure\">(\d+)<", tiles[1])
    assert shown == [("Moscow", "12"), ("Seoul", "2")]
    assert "33% missed" in tiles[1]
    # A mobile and a withheld number among sixteen calls and one deal.
    assert "12% of the calls and deals tell a country at most" in text
    for row in ("Moscow", "Seoul", "Russia"):
        assert f'<th scope="row"><bdi>{row}</bdi></th>' in text
    assert '<th scope="row"><span class="muted">not known</span></th>' in text


async def test_regions_are_called_as_their_country_calls_them(crm: Crm, ids: dict[str, int]) -> None:
    text = await page(crm, f"/reports/regions{TODAY}", language="ru")
    assert '<th scope="row"><bdi>Москва</bdi></th>' in text
    assert '<th scope="row"><bdi>Seoul</bdi></th>' in text


@pytest.mark.parametrize("report", REPORTS)
async def test_every_report_is_sliced_by_region_and_stays_so_from_tab_to_tab(
    crm: Crm, ids: dict[str, int], report: str
) -> None:
    text = await page(crm, f"/reports/{report}{TODAY}&region={ids['Moscow']}")
    assert f'<option value="{ids["Moscow"]}" selected>Moscow</option>' in text
    assert f'href="/reports/trend?period=today&region={ids["Moscow"]}"' in text


async def test_without_a_plan_there_is_nothing_to_choose(crm: Crm) -> None:
    assert 'name="region"' not in await page(crm, f"/reports/calls{TODAY}")


@pytest.mark.parametrize("region", ["0", "999999", "x", "-1", "9" * 30])
async def test_a_region_there_is_not_is_an_empty_report_and_no_error(
    crm: Crm, ids: dict[str, int], region: str
) -> None:
    for report in REPORTS:
        await page(crm, f"/reports/{report}{TODAY}&region={region}")
    await page(crm, f"/calls{TODAY}&region={region}")


async def test_losses_by_region_open_the_deals_lost_there(crm: Crm, ids: dict[str, int]) -> None:
    text = await page(crm, f"/reports/losses{TODAY}&by=region")
    found = re.search(r'<th scope="row"><bdi>Moscow</bdi></th><td class="end"><a href="([^"]+)">1</a>', text)
    assert found is not None
    assert f"region={ids['Moscow']}" in found[1]
    assert "Fibre" in await page(crm, found[1])
    elsewhere = found[1].replace(f"region={ids['Moscow']}", f"region={ids['Seoul']}")
    assert "Fibre" not in await page(crm, elsewhere)


async def test_a_file_names_regions_the_same_in_every_language(crm: Crm, ids: dict[str, int]) -> None:
    browser = await crm.browser(crm.cast.olga)
    files = [
        await (
            await browser.get(f"/reports/regions.csv{TODAY}", headers={"Accept-Language": language})
        ).text()
        for language in ("en", "ru")
    ]
    assert files[0] == files[1]
    assert [line.split(",")[:3] for line in files[0].splitlines()[:3]] == [
        ["\ufeffregion", "country", "incoming"],
        ["Moscow", "RU", "12"],
        ["Seoul", "KR", "2"],
    ]


def test_the_command_prints_regions_and_slices_by_their_names(sqlite_url: str, tmp_path: Path) -> None:
    (tmp_path / "ami.secret").write_text("s3cret", encoding="utf-8")
    config = tmp_path / "pbx_crm.toml"
    config.write_text(CONFIG.format(folder=tmp_path), encoding="utf-8")
    opened = Database.open(sqlite_url)
    with opened.engine.connect().execution_options(writes=True) as tx, tx.begin():
        a_day(tx, builders.person(tx, "Anna"))
    opened.close()

    def told(*words: str) -> str:
        days = ["--from", "2026-11-21", "--to", "2026-11-21", "--config", str(config)]
        return CliRunner().invoke(main, ["report", *words, *days]).output

    rows = json.loads(told("regions", "--json"))["rows"]
    figures = [(row["region"], row["answered"], row["missed"]) for row in rows[:2]]
    assert figures == [("Moscow", 8, 4), ("Seoul", 2, 0)]
    for name in ("Moscow", "Москва"):
        (row,) = json.loads(told("calls", "--json", "--region", name, "--seller", "Anna"))["rows"]
        assert row["answered"] == 8
    assert "0 regions are called Paris; known: " in told("calls", "--region", "Paris")


async def test_this_week_began_on_saturday_for_who_reads_persian(crm: Crm, ids: dict[str, int]) -> None:
    """It is Saturday, the 21st: their week begins today, the Russian one on Monday."""
    browser = await crm.browser(crm.cast.olga)

    async def first_day(language: str) -> str:
        address = "/reports/regions.csv?period=this_week"
        answer = await browser.get(address, headers={"Accept-Language": language})
        return answer.headers["Content-Disposition"].partition("regions-")[2][:10]

    assert [await first_day(language) for language in ("fa", "ru", "en")] == [
        "2026-11-21",
        "2026-11-16",
        "2026-11-16",
    ]
