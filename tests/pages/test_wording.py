"""Values as their readers write them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from pbx_crm.pages.i18n import LANGUAGES
from pbx_crm.pages.wording import Wording, initial, phone, zone_named
from tests.builders import NOW


def reader(code: str, zone: str = "Europe/Moscow") -> Wording:
    """A reader of this language; it is 15:00 in Moscow."""
    return Wording(LANGUAGES[code], zone_named(zone), NOW)


@pytest.mark.parametrize(
    ("code", "money", "short"),
    [
        ("en", "€48,000", "€1.2M"),
        ("ru", "48\u00a0000\u00a0€", "1,2\u00a0млн\u00a0€"),
        ("fa", "\u200e€\u00a0۴۸٬۰۰۰", "۱٫۲\u00a0میلیون\u00a0€"),
        ("zh", "€48,000", "€123.5万"),
        ("ko", "€48,000", "€123.5만"),
    ],
)
def test_money(code: str, money: str, short: str) -> None:
    wording = reader(code)
    assert wording.money(Decimal(48000), "EUR").replace(",", "٬" if code == "fa" else ",") == money
    assert wording.short_money(Decimal(1_234_567), "EUR").replace(".", "٫" if code == "fa" else ".") == short


def test_cents_are_shown_only_where_there_are_any() -> None:
    assert reader("en").money(Decimal("48000.50"), "EUR") == "€48,000.50"
    assert reader("en").short_money(Decimal("9999.99"), "EUR") == "€10,000"


@pytest.mark.parametrize(
    ("code", "currency", "money", "fraction"),
    [
        ("zh", "CNY", "¥48,000", "¥48,000.50"),
        ("ko", "KRW", "₩48,000", "₩48,000"),
        ("ko", "CNY", "CN¥48,000", "CN¥48,000.50"),
        ("zh", "KRW", "₩48,000", "₩48,000"),
    ],
)
def test_a_yuan_has_cents_and_a_won_has_none(code: str, currency: str, money: str, fraction: str) -> None:
    assert reader(code).money(Decimal(48000), currency) == money
    assert reader(code).money(Decimal("48000.50"), currency) == fraction


@pytest.mark.parametrize("code", ["en", "zh", "ko"])
def test_a_currency_of_letters_stands_apart_from_the_figure(code: str) -> None:
    assert reader(code).money(Decimal(48000), "RUB") == "RUB\u00a048,000"
    assert reader(code).short_money(Decimal(1_234_567), "RUB").startswith("RUB\u00a01")


def test_large_sums_are_counted_in_ten_thousands_and_hundred_millions() -> None:
    assert reader("zh").short_money(Decimal(236_000_000), "CNY") == "¥2.4亿"
    assert reader("ko").short_money(Decimal(236_000_000), "KRW") == "₩2.4억"


@pytest.mark.parametrize(
    ("zone", "words"), [("Europe/Moscow", "tomorrow 00:30"), ("America/New_York", "today 16:30")]
)
def test_today_is_the_readers_own(zone: str, words: str) -> None:
    assert reader("en", zone).moment(NOW + timedelta(hours=9, minutes=30)) == words


def test_a_day_names_its_year_only_if_it_is_another() -> None:
    assert reader("en").day(NOW - timedelta(days=20)) == "Nov 1"
    assert reader("en").day(date(2025, 7, 9)) == "Jul 9, 2025"
    assert reader("ru").day(date(2025, 7, 9)) == "9 июл. 2025\u202fг."


@pytest.mark.parametrize(
    ("code", "day", "other_year", "exact", "month"),
    [
        ("zh", "11月22日", "2025年7月9日", "2026年11月22日 16:05", "2026年11月"),
        ("ko", "11월 22일", "2025년 7월 9일", "2026년 11월 22일 16:05", "2026년 11월"),
    ],
)
def test_dates_name_year_month_and_day_and_clocks_count_to_24(
    code: str, day: str, other_year: str, exact: str, month: str
) -> None:
    afternoon = datetime(2026, 11, 22, 13, 5, tzinfo=UTC)
    wording = reader(code)
    assert wording.day(afternoon) == day
    assert wording.day(date(2025, 7, 9)) == other_year
    assert wording.exact(afternoon) == exact
    assert wording.clock(afternoon) == "16:05"
    assert wording.month(afternoon.date()) == month


@pytest.mark.parametrize(("code", "weekday"), [("en", 0), ("ru", 0), ("fa", 5), ("zh", 0), ("ko", 6)])
def test_the_week_begins_on_the_readers_own_day(code: str, weekday: int) -> None:
    assert reader(code).first_weekday == weekday


def test_a_length_of_time_has_one_form_where_the_language_has_no_plural() -> None:
    assert [reader("zh").since(NOW - timedelta(days=days)) for days in (1, 2)] == ["1天", "2天"]
    assert [reader("ko").short_since(NOW - timedelta(hours=hours)) for hours in (1, 2)] == ["1시간", "2시간"]


@pytest.mark.parametrize(
    ("seconds", "words"), [(5, "0:05"), (185, "3:05"), (3723, "1:02:03"), (59.7, "1:00")]
)
def test_lengths_of_talks(seconds: float, words: str) -> None:
    assert reader("en").timespan(seconds) == words


def test_a_length_of_time_is_one_unit_in_the_right_plural() -> None:
    assert [reader("ru").since(NOW - timedelta(days=days)) for days in (1, 2, 5)] == [
        "1 день",
        "2 дня",
        "5 дней",
    ]
    assert reader("en").since(NOW) == "a moment"


def test_numbers_stay_left_to_right_whatever_is_around_them() -> None:
    assert phone("+74951234567") == '<bdi dir="ltr" class="phone">+7 495 123-45-67</bdi>'
    assert phone("<b>101</b>") == '<bdi dir="ltr" class="phone">&lt;b&gt;101&lt;/b&gt;</bdi>'
    assert phone(None) == '<bdi dir="ltr" class="phone"></bdi>'


def test_a_badge_has_the_first_letter() -> None:
    assert [initial(name) for name in ("anna", " Борис", "", "علی", "李娜", "김지민")] == [
        "A",
        "Б",
        "",
        "ع",
        "李",
        "김",
    ]


def test_an_unknown_zone_is_the_companys() -> None:
    assert str(zone_named("Mars/Olympus", "Europe/Moscow")) == "Europe/Moscow"
    assert str(zone_named(None)) == "UTC"


def test_a_reason_counts_in_the_readers_digits_and_leaves_extensions_as_they_are_dialled() -> None:
    rule = {"id": "rang_answered", "rang": ["101", "102"], "by": "102", "after": 8}
    told = reader("fa").worded(rule)
    assert "۸" in told
    assert "102" in told
    assert "8" not in told
