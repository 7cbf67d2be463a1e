"""Carried over as a page: figures that open their deals, the file, an empty time, a seller's view."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from pbx_crm.db.engine import Transaction
from tests import builders
from tests.builders import NOW
from tests.pages.reading import assert_opens, file_rows, page
from tests.site import Crm

TODAY = "/reports/carried?period=today"
FIGURE = re.compile(r'<td class="end"><a href="(/reports/carried/deals[^"]+)">(\d+)</a>')
YESTERDAY = NOW - timedelta(days=1)


@pytest.fixture
async def crm_since_yesterday(crm: Crm) -> Crm:
    """Ten deals of Anna's and one of Boris's lay there in the morning; some were won, lost, moved today."""

    def write(tx: Transaction) -> None:
        funnel = builders.funnel(tx)
        ids = [builders.deal(tx, funnel, crm.cast.anna, stage=1, at=YESTERDAY) for _ in range(10)]
        builders.deal(tx, funnel, crm.cast.boris, stage=2, at=YESTERDAY)
        builders.deal(tx, funnel, crm.cast.anna, stage=1, at=NOW)
        builders.move(tx, ids[0], funnel.stages[4], NOW)
        builders.move(tx, ids[1], funnel.stages[5], NOW, loss_reason_id=funnel.loss_reasons[0].id)
        builders.move(tx, ids[2], funnel.stages[2], NOW)

    await crm.database.write(write)
    return crm


async def test_every_figure_opens_exactly_its_deals(crm_since_yesterday: Crm) -> None:
    figures = FIGURE.findall(await page(crm_since_yesterday, TODAY))

    assert [count for _, count in figures] == ["10", "7", "1", "1", "1", "1", "1", "11", "8", "1", "1", "1"]
    for figure in figures:
        await assert_opens(crm_since_yesterday, figure)


async def test_the_file_tells_the_same(crm_since_yesterday: Crm) -> None:
    rows = await file_rows(crm_since_yesterday, TODAY.replace("carried", "carried.csv"))

    assert [list(row.values())[1:] for row in rows if row["lay"] != "0"] == [
        ["10", "7", "1", "1", "1"],
        ["1", "1", "0", "0", "0"],
    ]


async def test_a_seller_finds_their_own_only(crm_since_yesterday: Crm) -> None:
    figures = FIGURE.findall(await page(crm_since_yesterday, TODAY, "boris"))

    assert {count for _, count in figures} == {"1"}


async def test_a_time_before_the_first_deal_says_so(crm_since_yesterday: Crm) -> None:
    told = await page(crm_since_yesterday, "/reports/carried?from=2020-01-01&to=2020-01-31")

    assert "No deal lay open in" in told


async def test_a_percentage_is_told_of_ten_deals_and_not_of_one(crm_since_yesterday: Crm) -> None:
    told = await page(crm_since_yesterday, TODAY)

    assert "10%" in told
    assert "too few" in told
