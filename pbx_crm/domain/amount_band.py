"""Amounts in bands: how large a deal is, roughly, in whatever currency it is."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

from pbx_crm.domain.sentence import N_


class AmountBand(StrEnum):
    """Powers of ten, in the deal's own currency: they mean something in each and need no setting."""

    NONE = "none"
    """No amount is entered."""
    UNDER_1K = "under_1k"
    UNDER_10K = "under_10k"
    UNDER_100K = "under_100k"
    UNDER_1M = "under_1m"
    FROM_1M = "from_1m"

    @property
    def least(self) -> Decimal:
        """The smallest amount that lies in it."""
        return _LEAST[self]

    @property
    def below(self) -> Decimal | None:
        """The first amount that is too large for it; None has no end."""
        following = list(AmountBand)[list(AmountBand).index(self) + 1 :]
        return following[0].least if following else None


# Amounts are never below nought; the smallest money there is, is one of the fourth place.
_LEAST = {
    AmountBand.NONE: Decimal(0),
    AmountBand.UNDER_1K: Decimal("0.0001"),
    AmountBand.UNDER_10K: Decimal(1_000),
    AmountBand.UNDER_100K: Decimal(10_000),
    AmountBand.UNDER_1M: Decimal(100_000),
    AmountBand.FROM_1M: Decimal(1_000_000),
}
BAND_NAMES = {
    AmountBand.NONE: N_("No amount"),
    AmountBand.UNDER_1K: N_("Under 1,000"),
    AmountBand.UNDER_10K: N_("1,000 to 10,000"),
    AmountBand.UNDER_100K: N_("10,000 to 100,000"),
    AmountBand.UNDER_1M: N_("100,000 to 1,000,000"),
    AmountBand.FROM_1M: N_("1,000,000 and more"),
}


def band_of(amount: Decimal) -> AmountBand:
    """The band this amount lies in."""
    return max((band for band in AmountBand if band.least <= amount), key=lambda band: band.least)
