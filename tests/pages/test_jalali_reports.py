"""Reports and plans of a company in Iran: its months, for whoever reads them in whichever language."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from pbx_crm.domain.installation import Installation
from pbx_crm.domain.month_calendar import MonthCalendar
from pbx_crm.domain.plan_period import PeriodKind, PlanPeriod
from pbx_crm.pages.i18n import LANGUAGES
from pbx_crm.pages.wording import Wording, zone_named
from tests.builders import NOW
from tests.pages.reading import page
from tests.pages.test_forecast_page import half_a_year
from tests.site import INSTALLATION, Crm

ABAN = PlanPeriod(date(2026, 10, 23), calendar=MonthCalendar.JALALI)


@pytest.fixture
def installation() -> Installation:
    """A company in Tehran."""
    return replace(INSTALLATION, region="IR", time_zone="Asia/Tehran", currency="IRR")


def reader(language: str) -> Wording:
    """Somebody who reads this language."""
    return Wording(LANGUAGES[language], zone_named("Asia/Tehran"), NOW)


async def test_plans_are_made_for_months_of_iran(crm: Crm) -> None:
    text = await page(crm, "/settings/plans")
    assert "Aban 1405 (Oct 23 – Nov 21)" in text
    assert 'name="period" value="1405-08"' in text
    browser = await crm.browser(crm.cast.olga)
    form = {"period": "1405-08", f"deals-{crm.cast.anna.id}": "12"}
    assert (await browser.post("/settings/plans", data=form, allow_redirects=False)).status == 303
    assert "of 12, 0%" in await page(crm, "/reports/plan")
    assert "of 12, 0%" not in await page(crm, "/reports/plan?part=1405-09")


async def test_the_same_plan_in_persian_needs_no_days_beside_its_name(crm: Crm) -> None:
    await crm.services.accounts.change_own(crm.cast.olga, {"language": "fa"})
    text = await page(crm, "/reports/plan")
    assert "آبان ۱۴۰۵" in text
    assert "نوامبر" not in text


async def test_weeks_of_plans_begin_on_saturday_there(crm: Crm) -> None:
    text = await page(crm, "/reports/plan?part=1405-W36")
    assert "Nov 21 – Nov 27" in text


async def test_costs_are_entered_by_months_of_iran(crm: Crm) -> None:
    assert "Aban 1405" in await page(crm, "/settings/costs")


async def test_a_persian_reader_finds_forecast_and_presets_by_months_of_iran(crm: Crm) -> None:
    await crm.database.write(half_a_year, crm)
    await crm.services.accounts.change_own(crm.cast.olga, {"language": "fa"})
    forecast = await page(crm, "/reports/forecast")
    for month in ("مهر ۱۴۰۵", "آبان ۱۴۰۵", "آذر ۱۴۰۵", "دی ۱۴۰۵"):
        assert month in forecast
    assert "month,1405-08" in await page(crm, "/reports/forecast.csv")
    this_month = await page(crm, "/reports/calls?period=this_month")
    assert "۱ آبان" in this_month
    assert "۳۰ آبان" in this_month


@pytest.mark.parametrize(
    ("language", "period", "name"),
    [
        ("en", ABAN, "Aban 1405 (Oct 23 – Nov 21)"),
        ("fa", ABAN, "آبان ۱۴۰۵"),
        ("fa", PlanPeriod(date(2026, 11, 1)), "نوامبر ۲۰۲۶ (۱۰ آبان – ۹ آذر)"),
        ("en", PlanPeriod(date(2026, 11, 1)), "November 2026"),
        ("en", PlanPeriod.at(PeriodKind.QUARTER, date(2026, 11, 1)), "4th quarter 2026"),
        (
            "en",
            PlanPeriod.at(PeriodKind.QUARTER, date(2026, 11, 1), MonthCalendar.JALALI),
            "3rd quarter 1405 (Sep 23 – Dec 21)",
        ),
        ("fa", PlanPeriod.at(PeriodKind.QUARTER, date(2026, 11, 1), MonthCalendar.JALALI), "سه‌ماههٔ سوم ۱۴۰۵"),
    ],
)
def test_a_month_of_another_calendar_is_named_with_its_days(
    language: str, period: PlanPeriod, name: str
) -> None:
    assert reader(language).period(period) == name
