"""Amounts as people of several countries write them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx_crm.pages.forms import Form, amount_in
from pbx_crm.pages.i18n import LANGUAGES
from pbx_crm.pages.wording import Wording, zone_named
from tests.builders import NOW


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        ("", "0"),
        ("48000", "48000"),
        ("48 000", "48000"),
        ("48\u00a0000,50", "48000.50"),
        ("48,000.5", "48000.5"),
        ("48.000,05", "48000.05"),
        ("48'000", "48000"),
        ("1,234,567", "1234567"),
        ("1.234.567", "1234567"),
        ("0.07", "0.07"),
        ("۴۸۰۰۰", "48000"),
        ("۴۸\u066c۰۰۰\u066b۵", "48000.5"),
    ],
)
def test_an_amount_is_read_as_it_was_meant(written: str, amount: str) -> None:
    assert amount_in(written) == Decimal(amount)


@pytest.mark.parametrize(
    "written", ["plenty", "-5", "1,2,3", "12,34,56", "1e9", "NaN", "48 00", "1 234.567.8", "9" * 40, ".5."]
)
def test_what_is_no_amount_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="amount"):
        amount_in(written)


@given(st.decimals(0, 10**10, places=2))
def test_what_a_form_shows_is_read_back_the_same(amount: Decimal) -> None:
    shown = Wording(LANGUAGES["ru"], zone_named("UTC"), NOW).plain(amount)
    assert amount_in(shown) == amount


def test_a_ticked_box_that_names_nobody_is_left_out() -> None:
    assert Form({"sellers": ["7", "9" * 5000, "-1", "x"]}).wholes("sellers") == [7]
