"""Values as their readers write them."""

from __future__ import annotations

from datetime import date, timedelta
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
    ("zone", "words"), [("Europe/Moscow", "tomorrow 00:30"), ("America/New_York", "today 16:30")]
)
def test_today_is_the_readers_own(zone: str, words: str) -> None:
    assert reader("en", zone).moment(NOW + timedelta(hours=9, minutes=30)) == words


def test_a_day_names_its_year_only_if_it_is_another() -> None:
    assert reader("en").day(NOW - timedelta(days=20)) == "Nov 1"
    assert reader("en").day(date(2025, 7, 9)) == "Jul 9, 2025"


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
    assert [initial(name) for name in ("anna", " Борис", "", "علی")] == ["A", "Б", "", "ع"]


def test_an_unknown_zone_is_the_companys() -> None:
    assert str(zone_named("Mars/Olympus", "Europe/Moscow")) == "Europe/Moscow"
    assert str(zone_named(None)) == "UTC"


def test_a_reason_counts_in_the_readers_digits_and_leaves_extensions_as_they_are_dialled() -> None:
    rule = {"id": "rang_answered", "rang": ["101", "102"], "by": "102", "after": 8}
    told = reader("fa").worded(rule)
    assert "۸" in told
    assert "102" in told
    assert "8" not in told
