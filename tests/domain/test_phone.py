"""One client is one number, however the PBX writes it, and what is no client is nobody's number."""

from __future__ import annotations

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pbx_crm.domain.phone import NumberPlan, digits, is_withheld, masked

RUSSIA = NumberPlan("RU")
BEHIND_NINE = NumberPlan("RU", ("9", "77#"))
GERMANY = NumberPlan("DE", ("0",))


@pytest.mark.parametrize(
    "written",
    [
        "+79161234567",
        "79161234567",  # international without a plus, as most Russian trunks send it
        "89161234567",  # with the national trunk prefix
        "9161234567",
        "8 (916) 123-45-67",
        "+7 916 123 45 67",
        " 89161234567 ",
        "۸۹۱۶۱۲۳۴۵۶۷",  # as a Persian keyboard writes digits
        "８９１６１２３４５６７",  # and a Chinese one
    ],
)
def test_one_client_has_one_number_however_it_is_written(written: str) -> None:
    assert RUSSIA.e164(written) == "+79161234567"


@pytest.mark.parametrize(
    ("region", "written", "number"),
    [
        ("DE", "4915112345678", "+4915112345678"),  # not 04915…, which is Leer
        ("DE", "015112345678", "+4915112345678"),
        ("DE", "4922112345", "+4922112345"),
        ("DE", "0491123456", "+49491123456"),  # Leer itself
        ("AT", "436641234567", "+436641234567"),
        ("IT", "3911234567", "+393911234567"),  # a mobile; Italy's numbers have nothing before them
    ],
)
def test_a_bare_country_code_is_one_where_national_numbers_begin_with_a_zero(
    region: str, written: str, number: str
) -> None:
    assert NumberPlan(region).e164(written) == number


@pytest.mark.parametrize("dialled", ["989161234567", "9+79161234567", "77#89161234567", "9161234567"])
def test_the_digit_for_an_outside_line_is_no_part_of_the_number(dialled: str) -> None:
    assert BEHIND_NINE.e164(dialled) == "+79161234567"


def test_a_prefix_does_not_eat_a_number_that_is_right_as_it_stands() -> None:
    assert BEHIND_NINE.e164("9161234567") == RUSSIA.e164("9161234567")
    assert GERMANY.e164("030901820") == "+4930901820"
    assert GERMANY.e164("0030901820") == "+4930901820"


@pytest.mark.parametrize("dialled", ["589161234567", "679161234567"])
def test_a_digit_that_is_no_outside_line_is_not_taken_off(dialled: str) -> None:
    assert BEHIND_NINE.e164(dialled) is None
    assert NumberPlan("RU", ("",)).e164(dialled) is None, "an empty prefix takes nothing off either"


def test_of_two_readings_the_one_that_is_a_real_number_wins() -> None:
    assert NumberPlan("DE", ("9",)).e164("9030901820") == "+4930901820", "there is no 9030 in Germany"
    assert NumberPlan("DE").e164("9030901820") == "+499030901820", "but who knows what comes"


@pytest.mark.parametrize("prefixes", [("9", "99"), ("99", "9")])
def test_of_two_prefixes_that_fit_the_longer_one_is_meant(prefixes: tuple[str, ...]) -> None:
    assert NumberPlan("DE", prefixes).e164("9991417776") == "+4991417776"


def test_seven_digits_are_a_client_and_six_are_a_phone_of_the_house() -> None:
    assert GERMANY.e164("1234567") == "+491234567"
    assert GERMANY.e164("234567") is None


@pytest.mark.parametrize(
    "written",
    ["101", "600", "112", "*8101", "#1", "s", "sip:bob", "anonymous", "<unknown>", "", "00000", "12345"],
)
def test_short_internal_and_withheld_numbers_are_no_clients(written: str) -> None:
    assert RUSSIA.e164(written) is None
    assert GERMANY.e164(written) is None


def test_foreign_clients_keep_their_country() -> None:
    assert RUSSIA.e164("+4930901820") == "+4930901820"
    assert RUSSIA.e164("8104930901820") == "+4930901820"
    assert RUSSIA.e164("+390612345678") == "+390612345678"  # Italy keeps its zero


def test_cities_that_share_their_last_seven_digits_are_different_clients() -> None:
    assert RUSSIA.e164("84951234567") != RUSSIA.e164("88121234567")


@pytest.mark.parametrize("written", [None, "", "anonymous", "Anonymous", "<unknown>", "restricted"])
def test_a_withheld_number_is_known_as_one(written: str | None) -> None:
    assert is_withheld(written)
    assert RUSSIA.e164(written) is None


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("+79161234567", "+7…4567"),
        ("+4930901820", "+49…1820"),
        ("89161234567", "…4567"),
        ("101", "101"),
        (None, "withheld"),
        ("anonymous", "withheld"),
        ("+0000000000", "…0000"),
    ],
)
def test_a_log_never_shows_a_clients_number(number: str | None, shown: str) -> None:
    assert masked(number) == shown


valid_numbers = st.sampled_from(["RU", "DE", "IT", "KZ", "US", "IR", "NL"]).map(
    lambda region: phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE)
)


@given(valid_numbers, st.sampled_from(["RU", "DE", "US"]))
def test_any_written_form_of_a_number_gives_the_same_number(
    number: phonenumbers.PhoneNumber, region: str
) -> None:
    plan = NumberPlan(region)
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    for form in (phonenumbers.PhoneNumberFormat.E164, phonenumbers.PhoneNumberFormat.INTERNATIONAL):
        assert plan.e164(phonenumbers.format_number(number, form)) == e164
    # The tilde is a wait for the dial tone, which no PBX shows.
    abroad = phonenumbers.format_out_of_country_calling_number(number, region).replace("~", "")
    assert plan.e164(abroad) == e164


@settings(max_examples=200)
@given(st.text(max_size=40))
def test_whatever_a_caller_sends_is_a_number_or_nothing(text: str) -> None:
    number = BEHIND_NINE.e164(text)
    assert number is None or (number[0] == "+" and number[1:].isdigit() and 7 <= len(number[1:]) <= 15)
    if number is not None:
        assert BEHIND_NINE.e164(number) == number


@settings(max_examples=200)
@given(st.from_regex(r"\+?[0-9]{7,15}", fullmatch=True))
def test_a_mask_hides_all_but_four_digits_and_the_country(number: str) -> None:
    assert len(digits(masked(number))) <= len(digits(number)) - 3
