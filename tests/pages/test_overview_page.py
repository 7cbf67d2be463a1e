"""The overview: what a head reads first in the morning, every figure a way into its report."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

import pytest

from pbx_crm.db import tasks
from pbx_crm.db.engine import Transaction
from pbx_crm.domain.call import Direction, Outcome
from pbx_crm.domain.plan import Metric
from pbx_crm.domain.task import NewTask, TaskKind
from tests import builders
from tests.builders import NOW
from tests.call_rows import CallRows
from tests.pages.reading import page, rows_at
from tests.site import Crm

PATH = "/reports/overview"
WON, LOST = 4, 5


def a_week(tx: Transaction, crm: Crm) -> None:
    """Anna talks, tries and sells; one caller is missed and waits; one deal is lost; Boris does nothing."""
    anna = crm.cast.anna
    funnel = builders.funnel(tx)
    for number in range(3):
        CallRows(tx, NOW - timedelta(days=number)).ring(anna).answer(anna).end(60, Outcome.ANSWERED)
    CallRows(tx, direction=Direction.OUT, e164="+79990001122").dial(anna).end(20, Outcome.NO_ANSWER)
    CallRows(tx, NOW - timedelta(hours=1), e164="+79990003344").ring(anna).end(20, Outcome.MISSED)
    for stage in (WON, WON, LOST):
        deal_id = builders.deal(tx, funnel, anna, stage=1, amount=1000)
        reason = funnel.loss_reasons[0].id if stage == LOST else None
        builders.move(tx, deal_id, funnel.stages[stage], loss_reason_id=reason)
    lying = builders.deal(tx, funnel, anna, stage=2)
    builders.deal(tx, funnel, anna, stage=2)
    late = NOW - timedelta(days=1)
    tasks.add(tx, NewTask(TaskKind.CALL, anna.id, late, late, deal_id=lying))


async def test_reports_begin_with_the_last_seven_days_also_on_a_monday(crm: Crm) -> None:
    browser = await crm.browser(crm.cast.olga)
    answer = await browser.get("/reports")
    assert answer.url.path_qs == f"{PATH}?period=last_7_days"
    assert "Nov 15" in await answer.text()


async def test_days_somebody_asked_for_are_kept(crm: Crm) -> None:
    browser = await crm.browser(crm.cast.olga)
    answer = await browser.get("/reports?period=last_month")
    assert answer.url.path_qs == f"{PATH}?period=last_month"


async def test_every_count_opens_as_many_rows(crm: Crm) -> None:
    await crm.database.write(a_week, crm)
    text = await page(crm, f"{PATH}?period=last_7_days")
    cells = re.findall(r'href="(/[^"]+)">(\d+)</a>', text)
    tiles = re.findall(r'href="(/[^"]+)"><span>[^<]+</span> <b>(\d+)</b>', text)
    assert len(cells) >= 6
    assert len(tiles) == 5
    for url, count in {*cells, *tiles}:
        assert await rows_at(crm, url) == int(count), url


async def test_with_two_funnels_every_figure_still_opens_what_it_counted(crm: Crm) -> None:
    def elsewhere(tx: Transaction) -> None:
        a_week(tx, crm)
        other = builders.funnel(tx, 1)
        builders.deal(tx, other, crm.cast.anna, stage=len(other.stages) - 2)

    await crm.database.write(elsewhere)
    text = await page(crm, f"{PATH}?period=last_7_days")
    (won,) = re.findall(r'href="([^"]+)"><span>Won</span> <b>(\d+)</b>', text)
    assert won[1] == "2"
    assert await rows_at(crm, won[0]) == 2


async def test_slices_of_another_report_narrow_neither_figures_nor_links(crm: Crm) -> None:
    await crm.database.write(a_week, crm)
    text = await page(crm, f"{PATH}?period=last_7_days&line=7&source=x&who={crm.cast.boris.id}")
    (answered,) = re.findall(r'href="([^"]+)"><span>Answered</span> <b>(\d+)</b>', text)
    assert answered[1] == "3"
    assert await rows_at(crm, answered[0]) == 3


async def test_who_called_comes_first_and_who_did_not_is_named(crm: Crm) -> None:
    await crm.database.write(a_week, crm)
    text = await page(crm, f"{PATH}?period=last_7_days")
    table = text[text.index('id="who-called"') :]
    rows, silent = table.split("No calls:")
    assert "Anna" in rows
    assert "Boris" not in rows
    assert "Boris" in silent[: silent.index("</p>")]


async def test_of_a_large_company_a_dozen_who_did_not_call_are_named(crm: Crm) -> None:
    def hire(tx: Transaction) -> None:
        for number in range(40):
            builders.person(tx, f"Seller {number:02}")

    await crm.database.write(hire)
    text = await page(crm, f"{PATH}?period=today")
    assert len(re.findall("<bdi>Seller", text)) + len(re.findall("<bdi>(?:Anna|Boris)</bdi>", text)) == 12
    assert "and 30 more" in text


async def test_what_to_do_is_said_with_its_way_there(crm: Crm) -> None:
    await crm.database.write(a_week, crm)
    text = await page(crm, f"{PATH}?period=last_7_days")
    to_do = text[text.index('id="to-do"') : text.index('id="to-come"')]
    for sentence in ("1 client waits to be called back", "1 step is overdue", "1 open deal has no next step"):
        assert sentence in to_do
    assert "+7 999 000-33-44" in to_do
    assert "Nothing waits." not in to_do


async def test_sellers_behind_their_plan_are_named(crm: Crm) -> None:
    await crm.database.write(a_week, crm)
    plans = crm.services.analysis.plans
    wanted = {(crm.cast.boris.id, Metric.CALLS): Decimal(300), (crm.cast.anna.id, Metric.DEALS): Decimal(2)}
    await plans.save(crm.cast.olga, plans.period(""), wanted)
    text = await page(crm, f"{PATH}?period=last_7_days")
    assert "Behind their plan: <bdi>Boris</bdi>" in text
    assert "of 2, 100%" in text


async def test_why_was_lost_what_was_lost(crm: Crm) -> None:
    await crm.database.write(a_week, crm)
    text = await page(crm, f"{PATH}?period=last_7_days")
    lost = text[text.index('id="what-was-lost"') :]
    assert re.search(r"<bdi>Too expensive</bdi></th><td[^>]*><a [^>]+>1</a>", lost)
    assert "1,000" in lost


async def test_a_seller_reads_of_their_own_work_only(crm: Crm) -> None:
    await crm.database.write(a_week, crm)
    text = await page(crm, f"{PATH}?period=last_7_days", "boris")
    assert "Anna" not in text
    assert "1,000" not in text
    assert "+7 999" not in text
    assert "Nothing waits." in text


@pytest.mark.parametrize("name", ["olga", "anna"])
async def test_a_company_of_the_first_day_has_nothing_to_do_and_no_error(crm: Crm, name: str) -> None:
    text = await page(crm, f"{PATH}?period=today", name)
    assert "Nothing waits." in text
    assert "Too few deals tell" in text


async def test_half_a_day_stands_beside_the_same_half_of_the_day_before(crm: Crm) -> None:
    def calls(tx: Transaction) -> None:
        for hours in (1, 25, 26, 20):
            CallRows(tx, NOW - timedelta(hours=hours)).ring(crm.cast.anna).answer(crm.cast.anna).end(
                60, Outcome.ANSWERED
            )

    await crm.database.write(calls)
    text = await page(crm, f"{PATH}?period=today")
    assert re.search(r"<span>Answered</span> <b>1</b></a> <small>was 2</small>", text)
