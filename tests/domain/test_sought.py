"""A number is found by whatever part of it somebody remembers, in the digits and spelling they use."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx_crm.domain.phone import NumberPlan, digits, latin_digits
from pbx_crm.domain.sought import figures_in, sought

RUSSIA = NumberPlan("RU")
STORED = "+74959215433"


def holds(typed: str) -> bool:
    """Whether the stored number is among what is looked for."""
    return any(figures in STORED for figures in sought(typed, RUSSIA, 200).figures)


@pytest.mark.parametrize(
    "typed",
    [
        "+7 495 921-54-33",
        "8 (495) 921-54-33",
        "8 495 921",
        "495 921",
        "921-54-33",  # seven digits are a whole number to the library, of no city
        "9215433",
        "54-33",
        "۹۲۱۵۴۳۳",  # as a Persian keyboard writes it
        "٩٢١ ٥٤",
    ],
)
def test_a_client_is_found_by_the_part_of_the_number_that_is_remembered(typed: str) -> None:
    assert holds(typed)


@pytest.mark.parametrize("typed", ["921-54-34", "8 916 921", "+7 812 921-54-33"])
def test_another_number_is_not_found(typed: str) -> None:
    assert not holds(typed)


@pytest.mark.parametrize("typed", ["Vector", "Магнит 24", "", "   ", "7 дней"])
def test_a_name_has_no_number_even_with_digits_in_it(typed: str) -> None:
    found = sought(typed, RUSSIA, 200)
    assert (found.figures, found.number) == ((), None)


def test_the_middle_of_a_number_keeps_its_eight() -> None:
    assert sought("8123", RUSSIA, 200).figures == ("8123",)


def test_a_whole_number_is_known_as_such_in_any_digits() -> None:
    assert sought("۸۴۹۵۹۲۱۵۴۳۳", RUSSIA, 200).number == STORED
    assert sought("Vector", RUSSIA, 200).number is None


def test_a_call_is_found_as_people_write_its_number_whatever_country_the_pbx_is_in() -> None:
    assert figures_in("8 495 921-54-33") == ("84959215433", "4959215433")
    assert figures_in("0912 345 67 89") == ("09123456789", "9123456789")
    assert figures_in("+84 28 1234 567") == ("84281234567",), "Vietnam's own 8"
    assert figures_in("Ivan 3") == ()
    assert figures_in("%_") == ()


@given(st.text(max_size=40))
def test_any_text_is_read_without_a_fault(typed: str) -> None:
    found = sought(typed, RUSSIA, 20)
    assert len(found.text) <= 20
    assert all(digits(figures) == figures for figures in found.figures)
    assert set(latin_digits("۱۲۳٤")) == set("1234")
