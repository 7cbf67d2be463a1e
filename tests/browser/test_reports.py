"""The reports in a real browser: nothing cut off or hidden from a screen reader, paper without the frame."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.async_api import expect

from pbx_crm.db import regions
from pbx_crm.db.engine import Transaction
from pbx_crm.domain.call import Direction, Outcome
from pbx_crm.domain.funnel import Funnel
from pbx_crm.domain.region import NumberRange, Place, painted
from tests import builders
from tests.browser.screens import PHONE, Office
from tests.browser.test_looks import LOOKS, violations
from tests.builders import NOW
from tests.call_rows import CallRows

pytestmark = pytest.mark.browser

PAGES = (
    "/reports/overview?period=today",
    "/reports/trend?period=today",
    "/reports/hours?period=today",
    "/reports/cold?period=today&compare=1",
    "/reports/sources?period=today&compare=1",
    "/reports/stages",
    "/reports/won?period=today",
    "/settings/costs",
    "/reports/calls?period=today&compare=1",
    "/reports/missed?period=today&part=all",
    "/reports/missed?period=today",
    "/reports/funnel?period=today&compare=1",
    "/reports/funnel/deals?period=today&part=entered",
    "/reports/losses?period=today&by=seller",
    "/reports/losses?period=today&by=reason",
    "/reports/regions?period=today&compare=1",
    "/reports/forecast",
    "/reports/plan?contracts=5",
    "/settings/plans",
    "/settings/walls",
)


def busy_day(tx: Transaction, office: Office) -> None:
    """Calls of every kind from two regions, waits of every kind, and a funnel that leaks in one place."""
    moscow, perm = Place("RU", "Moscow", "Москва"), Place("RU", "Perm Krai", "Пермский край")
    layers = (
        [NumberRange.between("7", "7", moscow)],
        [NumberRange.between("79161110020", "79161110029", perm)],
    )
    regions.store(tx, painted(layers))
    anna, boris = office.crm.cast.anna, office.crm.cast.boris
    for number in range(30):
        at = NOW - timedelta(minutes=10 + 5 * number)
        call = CallRows(tx, at, e164=f"+7916111{number:04}").ring(anna, boris)
        if number % 3:
            call.answer(anna if number % 2 else boris).end(60 + 20 * number, Outcome.ANSWERED)
            continue
        call.end(20, Outcome.MISSED)
        if number % 2:
            later = at + timedelta(minutes=number)
            back = CallRows(tx, later, Direction.OUT, e164=f"+7916111{number:04}").dial(anna)
            back.answer(anna).end(90, Outcome.ANSWERED)
    for number in range(60):
        _sell(tx, office.funnel, builders.deal(tx, office.funnel, anna, amount=1000 * number), number)


def _sell(tx: Transaction, funnel: Funnel, deal_id: int, number: int) -> None:
    furthest = 1 + number % 4
    for place in (*range(1, furthest + 1), *([5] if number % 5 < 2 and furthest < 4 else [])):
        builders.move(tx, deal_id, funnel.stages[place])


@pytest.mark.parametrize(("language", "theme"), LOOKS)
async def test_everybody_can_use_the_reports(office: Office, language: str, theme: str) -> None:
    await office.crm.database.write(busy_day, office)
    values = {"language": language, "theme": theme}
    await office.crm.services.accounts.change_own(office.crm.cast.olga, values)
    page = await office.screen(office.crm.cast.olga, "/reports", reduced_motion="reduce")
    for url in PAGES:
        await page.goto(str(office.crm.server.make_url(url)))
        assert await violations(page) == [], url


@pytest.mark.parametrize("language", ["ru", "fa", "zh"])
async def test_a_phone_shows_the_reports_without_sideways_scrolling(office: Office, language: str) -> None:
    await office.crm.database.write(busy_day, office)
    await office.crm.services.accounts.change_own(office.crm.cast.olga, {"language": language})
    page = await office.screen(office.crm.cast.olga, "/reports", viewport=PHONE)
    for url in PAGES:
        await page.goto(str(office.crm.server.make_url(url)))
        width = await page.evaluate("document.documentElement.scrollWidth")
        assert width <= PHONE["width"], url


async def test_a_chinese_heading_is_words_and_not_a_column_of_single_characters(office: Office) -> None:
    await office.crm.database.write(busy_day, office)
    await office.crm.services.accounts.change_own(office.crm.cast.olga, {"language": "zh"})
    page = await office.screen(office.crm.cast.olga, "/reports/calls?period=today", viewport=PHONE)
    headings = page.locator(".report-table thead th:not(:empty)")
    # Two characters a line at least, of twelve pixels each.
    widths = await headings.evaluate_all("all => all.map(one => one.clientWidth - 20)")
    assert len(widths) > 5
    assert min(widths) >= 24
    assert await page.evaluate("document.documentElement.lang") == "zh-Hans"


async def test_a_period_is_one_click_away_and_stays_from_report_to_report(office: Office) -> None:
    await office.crm.database.write(busy_day, office)
    page = await office.screen(office.crm.cast.olga, "/reports/calls?from=2026-11-21&to=2026-11-21")
    await page.get_by_role("link", name="Last month").click()
    await page.wait_for_url("**/reports/calls?period=last_month")
    await expect(page.get_by_text("No call in this time.")).to_be_visible()
    await page.get_by_role("link", name="Missed calls").click()
    await page.wait_for_url("**/reports/missed?period=last_month")


async def test_print_shows_the_report_its_days_and_when_it_was_printed(office: Office) -> None:
    await office.crm.database.write(busy_day, office)
    page = await office.screen(office.crm.cast.olga, "/reports/calls?period=today")
    await page.emulate_media(media="print")
    await expect(page.locator(".report-filters")).to_be_hidden()
    await expect(page.get_by_text("printed")).to_be_visible()
    await expect(page.get_by_text("Europe/Moscow")).to_be_visible()
