"""Dates of Persian readers: the calendar of Iran, at its edges, in their own zone and digits."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx_crm.db.engine import Transaction
from pbx_crm.pages import jalali
from pbx_crm.pages.i18n import LANGUAGES
from pbx_crm.pages.typed_day import day_in, moment_in
from pbx_crm.pages.wording import Wording, zone_named
from tests import builders
from tests.builders import NOW
from tests.call_rows import CallRows
from tests.site import Browser, Crm


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


@given(st.dates(date(1970, 1, 1), date(2199, 12, 30)))
def test_a_day_is_read_as_it_was_written(day: date) -> None:
    shown = reader().day_field(day)
    assert day_in(shown.split('value="')[1].split('"')[0]) == day
    assert day_in(day.isoformat()) == day


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("۱۴۰۵/۰۸/۳۰", date(2026, 11, 21)),
        ("1405/8/30", date(2026, 11, 21)),
        ("١٤٠٥-٠٨-٣٠", date(2026, 11, 21)),
        ("1405.08.30", date(2026, 11, 21)),
        ("1403/12/30", date(2025, 3, 20)),
        ("2026-11-21", date(2026, 11, 21)),
    ],
    ids=["persian digits", "short month", "arabic digits", "points", "last of a leap year", "date field"],
)
def test_a_day_is_taken_as_people_type_it(text: str, day: date) -> None:
    assert day_in(text) == day


@pytest.mark.parametrize(
    "text",
    ["1405/12/30", "1405/13/01", "1405/07/31", "1405/08", "1405/08-30", "0/0/0", "30 آبان", "9999/1/1/1"],
)
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        day_in(text)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("۱۴۰۵/۰۸/۳۰ ۱۶:۳۰", datetime(2026, 11, 21, 16, 30)),  # noqa: DTZ001 - a wall clock's
        ("1405/08/30 9:05", datetime(2026, 11, 21, 9, 5)),  # noqa: DTZ001 - a wall clock's
        ("2026-11-21T16:30", datetime(2026, 11, 21, 16, 30)),  # noqa: DTZ001 - a wall clock's
        ("1405/08/30", datetime(2026, 11, 21)),  # noqa: DTZ001 - a wall clock's
    ],
)
def test_a_moment_is_taken_as_people_type_it(text: str, moment: datetime) -> None:
    assert moment_in(text) == moment


@pytest.mark.parametrize("text", ["1405/08/30 24:00", "1405/08/30 noon", "16:30", "", "1405-08-30T10:00Z"])
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        moment_in(text)


def test_only_persian_readers_type_days_as_text() -> None:
    english = Wording(LANGUAGES["en"], zone_named("UTC"), NOW)
    assert english.day_field(date(2026, 11, 21)) == 'type="date" value="2026-11-21"'
    assert 'value="۱۴۰۵/۰۸/۳۰"' in reader().day_field(date(2026, 11, 21))
    assert 'value="۱۴۰۵/۰۸/۳۰ ۱۶:۳۰"' in reader().moment_field("2026-11-21T16:30")
    assert "&lt;script&gt;" in reader().moment_field("<script>")


@pytest.fixture
async def maryam(crm: Crm) -> Browser:
    """Anna's browser, in Persian; deal 1 is hers."""
    await crm.services.accounts.change_own(crm.cast.anna, {"language": "fa"})
    await crm.database.write(lambda tx: builders.deal(tx, builders.funnel(tx), crm.cast.anna, stage=1))
    return await crm.browser(crm.cast.anna)


async def test_a_persian_seller_sets_a_step_and_a_close_in_their_calendar(crm: Crm, maryam: Browser) -> None:
    step = {"kind": "call", "due_at": "۱۴۰۵/۰۹/۰۵ ۱۰:۰۰"}
    assert "۵ آذر" in await (await maryam.post("/deals/1/tasks", data=step)).text()
    shown = await (await maryam.get("/deals/1")).text()
    version = shown.split('name="version" value="')[1].split('"')[0]
    fields = {"version": version, "expected_close": "۱۴۰۵/۰۹/۱۰", "priority": "normal"}
    saved = await (await maryam.post("/deals/1/fields", data=fields)).text()
    assert 'value="۱۴۰۵/۰۹/۱۰"' in saved
    assert (await crm.services.deals.get(crm.cast.anna, 1)).expected_close == date(2026, 12, 1)


async def test_a_slip_in_a_persian_date_comes_back_with_the_reason(maryam: Browser) -> None:
    answer = await maryam.post("/deals/1/tasks", data={"kind": "call", "due_at": "۱۴۰۵/۱۳/۰۱ ۱۰:۰۰"})
    text = await answer.text()
    assert answer.status == 422
    assert "۱۴۰۵/۱۳/۰۱ ۱۰:۰۰" in text
    assert "این تاریخ و ساعت نیست" in text


async def test_calls_and_reports_are_asked_for_by_persian_days(maryam: Browser) -> None:
    for url in ("/calls", "/reports/calls"):
        text = await (await maryam.get(f"{url}?from=۱۴۰۵/۰۸/۰۱&to=1405/08/30")).text()
        assert 'value="۱۴۰۵/۰۸/۰۱"' in text, url
        assert "from=2026-10-23" in text, "links keep the day in a form every reader's page takes"


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
