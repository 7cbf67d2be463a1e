"""Dates of Persian readers: the calendar of Iran, at its edges, in their own zone and digits."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx_crm.db.engine import Transaction
from pbx_crm.pages import jalali
from pbx_crm.pages.i18n import LANGUAGES
from pbx_crm.pages.wording import Wording, zone_named
from tests import builders
from tests.builders import NOW
from tests.call_rows import CallRows
from tests.site import Crm


def reader(zone: str = "Asia/Tehran", now: datetime = NOW) -> Wording:
    """A Persian reader."""
    return Wording(LANGUAGES["fa"], zone_named(zone), now)


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (date(2026, 3, 20), "29 اسفند 1404"),
        (date(2026, 3, 21), "1 فروردین 1405"),
        (date(2025, 3, 20), "30 اسفند 1403"),
        (date(2026, 9, 22), "31 شهریور 1405"),
        (date(2026, 9, 23), "1 مهر 1405"),
        (date(2026, 11, 21), "30 آبان 1405"),
    ],
    ids=["last of a common year", "new year", "last of a leap year", "31st", "autumn", "our day"],
)
def test_the_day_is_that_of_irans_calendar(day: date, words: str) -> None:
    assert jalali.full(day) == words


@given(st.dates(date(1970, 1, 1), date(2199, 12, 30)))
def test_days_follow_each_other_without_gap_or_repetition(day: date) -> None:
    after = day + timedelta(days=1)
    number, name = jalali.short(day).split()
    following, next_name = jalali.short(after).split()
    assert (following, next_name) == (str(int(number) + 1), name) or (following == "1" and next_name != name)
    assert jalali.year_of(after) - jalali.year_of(day) in (0, 1)


def test_a_day_names_its_year_only_if_it_is_another_of_that_calendar() -> None:
    assert reader().day(date(2026, 3, 21)) == "۱ فروردین"
    assert reader().day(date(2026, 3, 20)) == "۲۹ اسفند ۱۴۰۴"
    january = datetime(2027, 1, 5, 9, 0, tzinfo=UTC)
    assert reader(now=january).day(date(2026, 12, 31)) == "۱۰ دی", "the year did not change in between"


def test_the_day_begins_at_the_readers_midnight() -> None:
    late = datetime(2026, 11, 20, 20, 45, tzinfo=UTC)
    assert reader().day(late) == "۳۰ آبان"
    assert reader("UTC").day(late) == "۲۹ آبان"


def test_moment_and_exact_time_are_persian_too() -> None:
    long_ago = datetime(2026, 11, 1, 6, 30, tzinfo=UTC)
    assert reader().moment(long_ago) == "۱۰ آبان ۱۰:۰۰"
    assert reader().exact(long_ago) == "۱۰ آبان ۱۴۰۵ ۱۰:۰۰"


def test_other_languages_keep_their_calendar() -> None:
    english = Wording(LANGUAGES["en"], zone_named("UTC"), NOW)
    assert english.day(date(2026, 11, 1)) == "Nov 1"


async def test_every_page_of_a_persian_seller_shows_that_calendar(crm: Crm) -> None:
    await crm.services.accounts.change_own(crm.cast.anna, {"language": "fa"})

    def fill(tx: Transaction) -> int:
        at = NOW - timedelta(days=40)
        deal_id = builders.deal(tx, builders.funnel(tx), crm.cast.anna, stage=1, at=at)
        CallRows(tx, at, deal_id=deal_id).ring(crm.cast.anna)
        return deal_id

    deal_id = await crm.database.write(fill)
    browser = await crm.browser(crm.cast.anna)
    for url in ("/board", f"/deals/{deal_id}", "/calls", "/today"):
        text = await (await browser.get(url)).text()
        assert any(month in text for month in jalali.MONTHS), url
        for gregorian in ("نوامبر", "اکتبر", "October", "November"):
            assert gregorian not in text, (url, gregorian)
