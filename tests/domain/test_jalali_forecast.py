"""The forecast as a Persian reader is told it: by months of Iran's calendar."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

from pbx_crm.domain.forecast_report import forecast
from pbx_crm.domain.month_calendar import MonthCalendar
from tests.domain.one_by_one import history_of
from tests.domain.test_forecast import FUNNEL, NOW, two_years


def test_months_are_those_of_iran_and_deals_fall_into_them() -> None:
    deals = history_of(two_years(), FUNNEL)
    found = forecast(FUNNEL, deals, NOW, ZoneInfo("Asia/Tehran"), MonthCalendar.JALALI)
    assert [month.month.key for month in found.months] == ["1405-08", "1405-09", "1405-10"]
    assert [month.month.key for month in found.past] == [f"1405-{n:02}" for n in (2, 3, 4, 5, 6, 7)]
    azar = found.months[1]
    assert (azar.month.first, azar.month.last) == (date(2026, 11, 22), date(2026, 12, 21))
    assert len(azar.dated.ids), "15 December lies in Azar"
    assert found.heap("1405-09") is azar.dated
