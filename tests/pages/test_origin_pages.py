"""Sources, lines, cold calls and deals now as pages: figures that open their rows, costs, a seller's view."""

from __future__ import annotations

import re
from datetime import timedelta
from html import escape
from typing import Any

import pytest

from pbx_crm.db import lines
from pbx_crm.db.engine import Transaction
from pbx_crm.db.tables import tasks
from pbx_crm.domain.call import Direction, Outcome
from pbx_crm.domain.line import Line, MatchKind
from pbx_crm.domain.session import SessionKind
from tests import builders
from tests.builders import NOW
from tests.call_rows import CallRows
from tests.pages.reading import file_rows, page
from tests.site import Crm

TODAY = "?period=today"
FIGURE = re.compile(r'<td class="end[^"]*"><a href="([^"]+)">(\d+)</a>')
OF_TODAY = [f"/reports/{name}{TODAY}" for name in ("sources", "lines", "regions", "cold")]


def a_day(tx: Transaction, crm: Crm) -> None:
    """A line that advertises; calls over it and over none; cold calls, meetings; deals of both sellers."""
    anna, boris = crm.cast.anna, crm.cast.boris
    funnel = builders.funnel(tx)
    radio = Line(None, "main", "Radio & co", match_kind=MatchKind.DID, match_value="7495123", source="a & b")
    line_id = lines.add(tx, radio)
    CallRows(tx, line_id=line_id).ring(anna, boris).answer(anna).end(60, Outcome.ANSWERED)
    CallRows(tx, line_id=line_id).ring(anna).end(20, Outcome.MISSED)
    CallRows(tx).ring(boris).answer(boris).end(60, Outcome.ANSWERED)
    CallRows(tx, direction=Direction.OUT, e164="+79990001122").dial(anna).end(20, Outcome.NO_ANSWER)
    CallRows(tx, direction=Direction.OUT, e164="+79990001133").dial(anna).answer(anna).end(
        60, Outcome.ANSWERED
    )
    for number in range(13):
        builders.deal(
            tx,
            funnel,
            boris if number == 12 else anna,
            stage=number % 6,
            amount=1000 * number,
            currency="USD" if number == 4 else "EUR",
            source="" if number == 12 else "a & b",
            line_id=None if number == 12 else line_id,
            title=f"No. {number}",
        )
    for done_at in (None, NOW):
        row = {"kind": "meeting", "owner_id": anna.id, "created_at": NOW, "due_at": NOW, "done_at": done_at}
        tx.execute(tasks.insert().values(**row))


def rows_of(listed: str) -> int:
    """How many rows a list has, whatever it lists."""
    return len(re.findall(r'id="(?:deal-row|call-row|meeting)-\d+"', listed))


@pytest.mark.parametrize("address", [*OF_TODAY, "/reports/stages"])
@pytest.mark.parametrize("name", ["olga", "anna"])
async def test_every_figure_opens_exactly_its_rows(crm: Crm, address: str, name: str) -> None:
    await crm.database.write(a_day, crm)
    figures = set(FIGURE.findall(await page(crm, address, name)))
    assert len(figures) >= 4
    for url, count in figures:
        assert rows_of(await page(crm, url, name)) == int(count), url


@pytest.mark.parametrize("report", ["sources", "lines", "stages"])
async def test_the_deals_behind_a_figure_are_a_file_too(crm: Crm, report: str) -> None:
    await crm.database.write(a_day, crm)
    text = await page(crm, f"/reports/{report}{TODAY}")
    (url, count) = max(FIGURE.findall(text), key=lambda found: ("/deals" in found[0], int(found[1])))
    assert len(await file_rows(crm, url.replace("/deals?", "/deals.csv?"))) == int(count) > 5


async def test_won_sums_stand_in_each_currency(crm: Crm) -> None:
    await crm.database.write(a_day, crm)
    text = await page(crm, f"/reports/sources{TODAY}")
    sums = re.findall(r'<span class="one-sum">([^<]+)</span>', text)
    assert sums == ["€10K", "$4,000"] * 2


async def test_a_seller_is_told_of_their_own_alone(crm: Crm) -> None:
    await crm.database.write(a_day, crm)
    for address in (*OF_TODAY, "/reports/stages?period=today"):
        text = await page(crm, f"{address}&who={crm.cast.anna.id}", "boris")
        assert "Anna" not in text
        assert "Nobody" not in text
    assert "Enter what each source costs" not in await page(crm, f"/reports/sources{TODAY}", "boris")


async def test_comparing_shows_what_was_before(crm: Crm) -> None:
    def story(tx: Transaction) -> None:
        a_day(tx, crm)
        CallRows(tx, NOW - timedelta(hours=26)).ring(crm.cast.anna).answer(crm.cast.anna).end(
            60, Outcome.ANSWERED
        )

    await crm.database.write(story)
    assert "was 1</small>" in await page(crm, f"/reports/lines{TODAY}&compare=1")
    assert "was" not in FIGURE.sub("", await page(crm, f"/reports/stages{TODAY}&compare=1"))


async def test_a_head_enters_costs_and_the_report_divides_them(crm: Crm) -> None:
    await crm.database.write(a_day, crm)
    browser = await crm.browser(crm.cast.olga)
    form = {"month": "2026-11", "cost-a & b": "3 000,00"}
    answer = await browser.post("/settings/costs", data=form, allow_redirects=False)
    assert answer.headers["Location"] == "/settings/costs?month=2026-11"
    assert 'value="3000"' in await page(crm, "/settings/costs?month=2026-11")
    text = await page(crm, f"/reports/sources{TODAY}")
    # A day of November's thirty costs a hundred, twelve deals were made.
    assert "RUB\u00a0100</td>" in text
    assert "RUB\u00a08.33</td>" in text
    assert "RUB" not in await page(crm, f"/reports/sources{TODAY}&who={crm.cast.anna.id}")


@pytest.mark.parametrize("typed", ["<b>much", "-5", "9" * 20])
async def test_what_is_no_amount_is_shown_again_with_the_reason(crm: Crm, typed: str) -> None:
    await crm.database.write(a_day, crm)
    browser = await crm.browser(crm.cast.olga)
    answer = await browser.post("/settings/costs", data={"month": "2026-11", "cost-a & b": typed})
    text = await answer.text()
    assert answer.status == 422
    assert "This is not an amount." in text
    assert f'value="{escape(typed)}"' in text
    assert 'value="3' not in await page(crm, "/settings/costs?month=2026-11")


async def test_a_source_nobody_ever_came_from_takes_no_cost(crm: Crm) -> None:
    await crm.database.write(a_day, crm)
    browser = await crm.browser(crm.cast.olga)
    await browser.post("/settings/costs", data={"month": "2026-11", "cost-elsewhere": "5"})
    assert "elsewhere" not in await page(crm, "/settings/costs?month=2026-11")


@pytest.mark.parametrize(
    ("report", "words"),
    [
        ("sources", "No call and no new deal in this time."),
        ("lines", "No call and no new deal in this time."),
        ("cold", "No cold call and no meeting in this time."),
        ("stages", "No deal lies open in Telephony."),
    ],
)
async def test_where_nothing_is_the_page_says_so(crm: Crm, report: str, words: str) -> None:
    await crm.database.write(builders.funnel)
    assert words in await page(crm, f"/reports/{report}{TODAY}")


@pytest.mark.parametrize("path", ["sources", "lines", "stages", "cold", "lines/deals", "stages/deals.csv"])
async def test_an_address_that_makes_no_sense_shows_the_report(crm: Crm, path: str) -> None:
    await crm.database.write(a_day, crm)
    await page(crm, f"/reports/{path}?who=x&line=-1&source=%00&band=x&part=x&stage=x&page=-9")
    await page(crm, f"/reports/{path}?line=999999&funnel=999999&stage=999999&page=999999999999999999")


async def test_calls_over_no_line_are_listed_as_such(crm: Crm) -> None:
    await crm.database.write(a_day, crm)
    listed = await page(crm, "/calls?line=0&direction=in")
    assert rows_of(listed) == 1
    assert '<input type="hidden" name="line" value="0">' in listed


async def test_a_script_gets_the_rows_of_the_page_as_far_as_its_person_sees(crm: Crm) -> None:
    await crm.database.write(a_day, crm)
    for name, made in (("olga", 13), ("boris", 1)):
        told = await asked(crm, name, "sources?first=2026-11-21")
        records = [dict(zip(told["columns"], row, strict=True)) for row in told["rows"]]
        assert [row["deals"] for row in records if row["source"] == "all" and row["deals"]] == [made]
        assert (told["first"], told["last"]) == ("2026-11-21", "2026-11-21")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("weather", 404),
        ("calls?zone=Mars/Base", 422),
        ("calls?first=2026-11-21&last=2026-11-20", 422),
        ("calls?first=0001-01-01", 422),
        ("calls?first=2000-01-01&last=2026-11-20", 422),
    ],
)
async def test_a_script_that_asks_for_nonsense_is_told_what_is_wrong(
    crm: Crm, path: str, status: int
) -> None:
    await asked(crm, "olga", path, status)


async def asked(crm: Crm, name: str, path: str, status: int = 200) -> Any:
    """What this person's program is answered."""
    token = await crm.token(getattr(crm.cast, name), SessionKind.API)
    browser = await crm.browser()
    headers = {"Authorization": f"Bearer {token}"}
    answer = await browser.get(f"/api/v1/reports/{path}", headers=headers)
    assert answer.status == status, await answer.text()
    return await answer.json()


@pytest.mark.parametrize(
    "report",
    ["calls", "cold", "forecast", "funnel", "hours", "lines", "losses", "missed", "plan", "stages", "trend"],
)
async def test_every_report_is_there_for_scripts(crm: Crm, report: str) -> None:
    await crm.database.write(a_day, crm)
    told = await asked(crm, "anna", f"{report}?first=2026-11-01&last=2026-11-30")
    assert told["report"] == report
    assert told["columns"]
