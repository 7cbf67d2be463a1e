"""Deals as rows: made once, moved once, counted rightly whatever happens to them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, create_engine, select

from pbx_crm.db import deals, stage_moves, stage_totals
from pbx_crm.db.tables import deals as deals_table
from pbx_crm.db.tables import metadata, open_deals
from pbx_crm.domain.deal import INTAKE, NewDeal, NewMove, seller
from pbx_crm.domain.errors import NotFound
from pbx_crm.domain.funnel import Funnel
from pbx_crm.domain.person import Person, Scope
from tests import builders
from tests.builders import EVERYTHING, NOW

ENGINE = create_engine("sqlite://")
metadata.create_all(ENGINE)


@dataclass(frozen=True)
class Shop:
    """Two sellers and a funnel, in a transaction that leaves nothing behind."""

    tx: Connection
    anna: Person
    boris: Person
    funnel: Funnel


@pytest.fixture
def shop() -> Iterator[Shop]:
    with ENGINE.connect() as tx, tx.begin() as transaction:
        yield new_shop(tx)
        transaction.rollback()


def new_shop(tx: Connection) -> Shop:
    return Shop(tx, builders.person(tx, "Anna"), builders.person(tx, "Boris"), builders.funnel(tx))


def move(shop: Shop, deal_id: int, stage: int, key: str | None = None) -> bool:
    deal = deals.lock(shop.tx, deal_id, EVERYTHING)
    wish = NewMove(shop.funnel.stages[stage], NOW, seller(shop.anna.id), request_key=key)
    return deals.set_stage(shop.tx, deal, wish) is not None


def open_ids(shop: Shop) -> list[int]:
    return list(shop.tx.execute(select(open_deals.c.deal_id)).scalars())


def test_one_call_makes_one_deal(shop: Shop) -> None:
    builders.deal(shop.tx, shop.funnel, shop.anna, born_of="pbx/1.1")
    again = NewDeal(shop.funnel.unsorted, shop.boris.id, "EUR", NOW, INTAKE, born_of="pbx/1.1")
    assert deals.create(shop.tx, again) is None
    assert totals(shop.tx, EVERYTHING) == {(shop.funnel.unsorted.id, "EUR"): (1, Decimal(0))}


def test_another_sellers_card_does_not_exist(shop: Shop) -> None:
    deal_id = builders.deal(shop.tx, shop.funnel, shop.anna)
    assert deals.get(shop.tx, deal_id, shop.anna.scope).owner_id == shop.anna.id
    for read in (deals.get, deals.lock):
        with pytest.raises(NotFound):
            read(shop.tx, deal_id, shop.boris.scope)


def test_the_same_wish_twice_moves_once(shop: Shop) -> None:
    deal_id = builders.deal(shop.tx, shop.funnel, shop.anna)
    assert move(shop, deal_id, 2, key="one wish")
    assert not move(shop, deal_id, 3, key="one wish")
    deal = deals.get(shop.tx, deal_id, EVERYTHING)
    assert deal.stage_id == shop.funnel.stages[2].id
    assert deal.version == 2
    assert [made.to_stage_id for made in stage_moves.of_deal(shop.tx, deal_id)] == [
        shop.funnel.stages[2].id,
        shop.funnel.stages[0].id,
    ]


def test_a_closed_deal_leaves_the_clients_open_ones_and_a_reopened_one_comes_back(shop: Shop) -> None:
    client = builders.contact(shop.tx)
    deal_id = builders.deal(shop.tx, shop.funnel, shop.anna, contact_id=client)
    assert open_ids(shop) == [deal_id]
    move(shop, deal_id, 4)
    assert open_ids(shop) == []
    assert deals.get(shop.tx, deal_id, EVERYTHING).closed_at == NOW
    move(shop, deal_id, 1)
    assert open_ids(shop) == [deal_id]
    assert deals.get(shop.tx, deal_id, EVERYTHING).is_open


def test_a_touch_makes_a_deal_recent_and_spoils_nobodys_form(shop: Shop) -> None:
    deal_id = builders.deal(shop.tx, shop.funnel, shop.anna)
    later = NOW + timedelta(hours=1)
    deals.touch(shop.tx, deal_id, later)
    deals.touch(shop.tx, deal_id, NOW)
    deal = deals.get(shop.tx, deal_id, EVERYTHING)
    assert (deal.active_at, deal.version) == (later, 1)


def totals(tx: Connection, scope: Scope) -> dict[tuple[int, str], tuple[int, Decimal]]:
    every = range(1, 10_000)
    return {
        (total.stage_id, total.currency): (total.deals, total.amount)
        for total in stage_totals.of_stages(tx, list(every), scope)
    }


def scanned(tx: Connection, owner_id: int | None) -> dict[tuple[int, str], tuple[int, Decimal]]:
    counts: Counter[tuple[int, str]] = Counter()
    sums: dict[tuple[int, str], Decimal] = {}
    for row in tx.execute(select(deals_table)):
        if owner_id in (None, row.owner_id):
            key = (row.stage_id, row.currency)
            counts[key] += 1
            sums[key] = sums.get(key, Decimal(0)) + row.amount
    return {key: (count, sums[key]) for key, count in counts.items()}


AMOUNTS = st.decimals(0, 10**9, places=2)
STEPS = st.one_of(
    st.tuples(st.just("create"), st.integers(0, 5), AMOUNTS),
    st.tuples(st.just("move"), st.integers(0, 5), st.integers(0, 9)),
    st.tuples(st.just("owner"), st.integers(0, 1), st.integers(0, 9)),
    st.tuples(st.just("amount"), AMOUNTS, st.integers(0, 9)),
    st.tuples(st.just("undo"), st.just(0), st.integers(0, 9)),
)


def take_step(shop: Shop, made: list[int], what: str, first: object, second: object) -> None:
    tx, owners = shop.tx, (shop.anna, shop.boris)
    if what == "create":
        assert isinstance(first, int)
        assert isinstance(second, Decimal)
        made.append(builders.deal(tx, shop.funnel, owners[first % 2], stage=first, amount=second))
        return
    if not made:
        return
    assert isinstance(second, int)
    deal = deals.lock(tx, made[second % len(made)], EVERYTHING)
    if isinstance(first, Decimal):
        deals.set_fields(tx, deal, {"amount": first}, NOW)
    elif what == "move":
        move(shop, deal.id, int(str(first)))
    elif what == "owner":
        deals.set_owner(tx, deal, owners[int(str(first))].id, NOW, seller(shop.anna.id), {})
    else:
        back = NewMove(shop.funnel.unsorted, NOW, seller(shop.anna.id))
        deals.put_back(tx, deal, back, {"amount": Decimal(1), "closed_at": None})


@pytest.mark.thorough
@given(st.lists(STEPS, max_size=25))
def test_counts_and_sums_equal_a_scan_after_anything(steps: list[tuple[str, object, object]]) -> None:
    with ENGINE.connect() as tx, tx.begin() as transaction:
        shop, made = new_shop(tx), list[int]()
        for step in steps:
            take_step(shop, made, *step)
        assert totals(tx, EVERYTHING) == scanned(tx, None)
        assert totals(tx, shop.anna.scope) == scanned(tx, shop.anna.id)
        transaction.rollback()
