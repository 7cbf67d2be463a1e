"""Which band an amount lies in: bands touch, none overlap, and nothing falls between two of them."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx_crm.domain.amount_band import BAND_NAMES, AmountBand, band_of

SMALLEST = Decimal("0.0001")
AMOUNTS = st.decimals(0, 10_000_000, places=4)


@pytest.mark.parametrize(("band", "following"), list(pairwise(AmountBand)))
def test_a_band_ends_where_the_next_begins(band: AmountBand, following: AmountBand) -> None:
    assert band.below == following.least
    assert band_of(following.least - SMALLEST) is band
    assert band_of(following.least) is following


def test_the_highest_band_has_no_end() -> None:
    assert AmountBand.FROM_1M.below is None
    assert band_of(Decimal("99999999999999.9999")) is AmountBand.FROM_1M


@given(AMOUNTS)
def test_every_amount_lies_in_one_band_and_within_its_ends(amount: Decimal) -> None:
    within = [
        band for band in AmountBand if band.least <= amount and (band.below is None or amount < band.below)
    ]
    assert within == [band_of(amount)]


def test_every_band_has_a_name_of_its_own() -> None:
    assert set(BAND_NAMES) == set(AmountBand)
    assert len(set(BAND_NAMES.values())) == len(AmountBand)
