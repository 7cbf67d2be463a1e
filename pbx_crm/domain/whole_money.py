"""Money as whole numbers: ten-thousandths of the currency's main unit, as the database keeps it."""

from __future__ import annotations

from decimal import Decimal

from pbx_crm.domain.deal_ways import Ints

UNITS = Decimal(10_000)
HALF = 31
"""Bits; the halves of nine thousand of the largest deals fit into 64 where the whole would not."""


def money_of(units: int) -> Decimal:
    """The amount in the currency's main unit."""
    return Decimal(units) / UNITS


def total(amounts: Ints) -> Decimal:
    """The exact sum of amounts none of which is below nought."""
    low = (1 << HALF) - 1
    return money_of((int((amounts >> HALF).sum()) << HALF) + int((amounts & low).sum()))
