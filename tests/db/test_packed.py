"""Columns packed by the database are the values of its rows, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest
from sqlalchemy import Connection, insert, select

from pbx_crm.db import packed
from pbx_crm.db.engine import Database
from pbx_crm.db.tables import deals
from pbx_crm.domain.deal_ways import BEGIN, moment_of
from pbx_crm.domain.whole_money import total
from tests import builders

MOMENTS = [
    datetime(2026, 11, 21, 12, 30, 15, 123_456, tzinfo=UTC),
    datetime(1996, 2, 29, 23, 59, 59, 999_999, tzinfo=UTC),
    datetime(1965, 1, 1, tzinfo=UTC),
    BEGIN + timedelta(microseconds=1),
    datetime(2099, 12, 31, tzinfo=UTC),
]
AMOUNTS = [Decimal("0"), Decimal("0.0001"), Decimal("99999999999"), Decimal("12.34"), Decimal("7")]


def write(tx: Connection) -> None:
    """A deal for each moment; only the first is closed."""
    anna, funnel = builders.person(tx, "Anna"), builders.funnel(tx)
    for number, (at, amount) in enumerate(zip(MOMENTS, AMOUNTS, strict=True)):
        values = {
            "funnel_id": funnel.id,
            "stage_id": funnel.stages[0].id,
            "owner_id": anna.id,
            "source": "site" if number % 2 else 'flyer, "two"',
            "amount": amount,
            "currency": "EUR",
            "created_at": at,
            "stage_since": at,
            "active_at": at,
            "closed_at": None if number else at,
        }
        tx.execute(insert(deals).values(**values))


QUERY = select(deals.c.id, deals.c.created_at, deals.c.closed_at, deals.c.amount, deals.c.contact_id)


async def test_columns_are_numbers_moments_and_money_and_nothing_is_nought(database: Database) -> None:
    await database.write(write)
    found = await database.read(packed.columns, QUERY)
    ids, made, closed, amounts, contacts = packed.ascending(found)
    assert ids.tolist() == sorted(ids.tolist())
    assert made.tolist() == [moment_of(at) for at in MOMENTS]
    assert closed.tolist() == [moment_of(MOMENTS[0]), 0, 0, 0, 0]
    assert [total(amounts[place : place + 1]) for place in range(5)] == AMOUNTS
    assert contacts.tolist() == [0] * 5


async def test_of_no_row_every_column_is_empty(database: Database) -> None:
    await database.write(write)
    for column in await database.read(packed.columns, QUERY.where(deals.c.id < 0)):
        assert column.tolist() == []
    nothing = np.zeros(0, np.int64)
    for column in await database.read(packed.columns_among, QUERY, deals.c.id, nothing):
        assert column.tolist() == []


async def test_many_ids_are_asked_for_a_few_at_a_time(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packed, "AT_ONCE", 2)
    await database.write(write)
    (every,) = await database.read(packed.columns, select(deals.c.id))
    wanted = np.append(np.sort(every)[[0, 2, 3, 4]], 10**12)
    ids, made, *_ = await database.read(packed.columns_among, QUERY, deals.c.id, wanted)
    assert ids.tolist() == wanted[:4].tolist()
    assert made.tolist() == [moment_of(MOMENTS[place]) for place in (0, 2, 3, 4)]


async def test_few_texts_are_told_by_their_places(database: Database) -> None:
    await database.write(write)

    def read(tx: Connection) -> list[str]:
        texts, place = packed.places(tx, deals.c.source, deals.c.id > 0)
        _, places = packed.ascending(packed.columns(tx, select(deals.c.id, place.label("place"))))
        return [texts[number] for number in places.tolist()]

    assert await database.read(read) == ['flyer, "two"', "site"] * 2 + ['flyer, "two"']


def test_sums_of_the_largest_deals_are_exact() -> None:
    many = np.full(100_000, 10**15 - 1)
    assert total(many) == (Decimal(10**15 - 1) * 100_000) / 10_000
