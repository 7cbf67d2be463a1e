"""The losses as a page: cells that open their deals, few called few, and a seller's own alone."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import pytest

from pbx_crm.db.engine import Transaction
from pbx_crm.domain.call import Direction, Outcome
from pbx_crm.pages import report_figures
from tests import builders
from tests.builders import NOW
from tests.call_rows import CallRows
from tests.pages.reading import assert_opens, file_rows, page
from tests.site import Crm

TODAY = "?period=today"
WON, LOST = 4, 5


def lost(tx: Transaction, crm: Crm, funnel_number: int = 0) -> None:
    """Twelve losses of Anna in two stages for two reasons, one of Boris without a source."""
    funnel = builders.funnel(tx, funnel_number)
    for number in range(13):
        owner = crm.cast.boris if number == 12 else crm.cast.anna
        source = "" if number == 12 else "a & b"
        deal_id = builders.deal(
            tx,
            funnel,
            owner,
            stage=1 + number % 2,
            amount=100 * number,
            source=source,
            title=f"No. {number}",
        )
        reason = funnel.loss_reasons[number % 3 // 2]
        builders.move(tx, deal_id, funnel.stages[LOST], loss_reason_id=reason.id)


@pytest.mark.parametrize("by", ["", "&by=reason", "&by=seller", "&by=source", "&by=band"])
async def test_every_figure_opens_exactly_its_deals(crm: Crm, by: str) -> None:
    await crm.database.write(lost, crm)
    text = await page(crm, f"/reports/losses{TODAY}{by}")
    figures = set(re.findall(r'href="(/reports/losses/deals[^"]+)">(\d+)</a>', text))
    assert len(figures) >= 4
    for figure in figures:
        await assert_opens(crm, figure)


async def test_a_long_list_is_read_a_page_at_a_time_and_no_deal_twice(
    crm: Crm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report_figures, "A_PAGE", 5)
    await crm.database.write(lost, crm)
    address, seen = f"/reports/losses/deals{TODAY}", list[str]()
    while address:
        text = await page(crm, address)
        seen += re.findall(r'id="deal-row-(\d+)"', text)
        further = re.search(r'rel="next" href="([^"]+)"', text)
        address = html.unescape(further[1]) if further else ""
    assert len(seen) == len(set(seen)) == 13
    assert len(await file_rows(crm, f"/reports/losses/deals.csv{TODAY}")) == 13


async def test_a_row_of_few_says_so_and_tells_no_mean(crm: Crm) -> None:
    await crm.database.write(lost, crm)
    text = await page(crm, f"/reports/losses{TODAY}&by=seller")
    rows = re.findall(r"<tr (?:class=\"is-small\")?.*?</tr>", text, re.S)
    (few,) = [row for row in rows if "Boris" in row and "is-small" in row]
    assert "few" in few
    assert "too few" in few
    assert "13 lost deals" in text


async def test_a_seller_is_told_their_own_losses_only(crm: Crm) -> None:
    await crm.database.write(lost, crm)
    for address in (f"/reports/losses{TODAY}&by=seller", f"/reports/losses/deals{TODAY}"):
        assert "Anna" not in await page(crm, f"{address}&who={crm.cast.anna.id}", "boris")


async def test_a_time_without_a_loss_says_so(crm: Crm) -> None:
    await crm.database.write(builders.funnel)
    assert "No deal was lost in Telephony in this time." in await page(crm, "/reports/losses")


async def test_without_a_funnel_there_are_no_losses_to_tell(crm: Crm) -> None:
    browser = await crm.browser(crm.cast.olga)
    assert (await browser.get("/reports/losses")).status == 404


@pytest.mark.parametrize("path", ["losses", "losses/deals", "losses.csv", "losses/deals.csv"])
async def test_an_address_that_makes_no_sense_shows_the_report(crm: Crm, path: str) -> None:
    await crm.database.write(lost, crm)
    await page(crm, f"/reports/{path}?by=never&stage=x&reason=-1&who=x&band=x&source=%00")
    await page(crm, f"/reports/{path}?stage=99999&reason=99999")


async def test_the_file_has_a_row_for_every_crossing(crm: Crm) -> None:
    await crm.database.write(lost, crm)
    rows = await file_rows(crm, f"/reports/losses.csv{TODAY}")
    assert sum(int(row["deals"]) for row in rows) == 13
    assert {row["seller"] for row in rows} == {"Anna", "Boris"}
    assert {row["few"] for row in rows} == {"few"}


def missed_and_won(tx: Transaction, crm: Crm) -> None:
    """Two lost deals that were missed, one of them called back; three won in the same time, one elsewhere."""
    funnel, other = builders.funnel(tx), builders.funnel(tx, 1)
    for number in range(2):
        deal_id = builders.deal(tx, funnel, crm.cast.anna, stage=1)
        CallRows(tx, NOW - timedelta(hours=3), deal_id=deal_id).ring(crm.cast.anna).end(20, Outcome.MISSED)
        if number:
            back = CallRows(tx, NOW - timedelta(hours=2), Direction.OUT, deal_id=deal_id).dial(crm.cast.anna)
            back.answer(crm.cast.anna).end(60, Outcome.ANSWERED)
        builders.move(tx, deal_id, funnel.stages[LOST])
    for _ in range(3):
        builders.deal(tx, funnel, crm.cast.anna, stage=WON)
    builders.deal(tx, other, crm.cast.anna, stage=len(other.stages) - 2)


async def test_those_never_called_back_and_those_won_beside_can_be_opened(crm: Crm) -> None:
    await crm.database.write(missed_and_won, crm)
    text = await page(crm, f"/reports/losses{TODAY}")
    never = re.findall(r'href="(/reports/losses/deals[^"]*part=never[^"]*)">(\d+)</a>', text)
    won = re.findall(r'href="(/reports/won[^"]+)">(\d+)</a>', text)
    assert [count for _, count in never] == ["1", "1"], "of the stage, and of all"
    assert [count for _, count in won] == ["3"], "of this funnel alone"
    for figure in (*never, *won):
        await assert_opens(crm, figure)
    assert "never called back" in await page(crm, never[0][0])
