"""Plans in the browser: a month's form, what came of it, and the planner's sentence."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import update

from pbx_crm.db import tasks
from pbx_crm.db.engine import Transaction
from pbx_crm.db.tables import tasks as meetings
from pbx_crm.domain.call import Outcome
from pbx_crm.domain.task import NewTask, TaskKind
from tests import builders
from tests.builders import NOW
from tests.call_rows import CallRows
from tests.pages.reading import file_rows, page, rows_at
from tests.site import Crm

LOST, WON = 5, 4


async def save(crm: Crm, name: str = "olga", **fields: str) -> int:
    """The month's form sent by this person; the answer's status."""
    browser = await crm.browser(getattr(crm.cast, name))
    data = {"period": "2026-11", **{key.replace("_", "-"): value for key, value in fields.items()}}
    return (await browser.post("/settings/plans", data=data, allow_redirects=False)).status


def a_year(tx: Transaction, crm: Crm) -> None:
    """A deal of Anna's every other day with one talk, won or lost in turn a day later."""
    funnel = builders.funnel(tx)
    for number in range(120):
        made = NOW - timedelta(days=2 * (120 - number), hours=3)
        deal_id = builders.deal(tx, funnel, crm.cast.anna, stage=1, at=made, amount=10)
        CallRows(tx, made, deal_id=deal_id).ring(crm.cast.anna).answer(crm.cast.anna).end(
            60, Outcome.ANSWERED
        )
        builders.move(tx, deal_id, funnel.stages[WON if number % 2 else LOST], made + timedelta(days=1))


async def test_a_head_plans_a_month_and_reads_it_again(crm: Crm) -> None:
    anna, boris = crm.cast.anna.id, crm.cast.boris.id
    assert (
        await save(crm, **{f"deals_{anna}": "12", f"sum_{anna}": "50 000,50", f"calls_{boris}": "۳۰۰"}) == 303
    )
    text = await page(crm, "/settings/plans?period=2026-11")
    for field, value in ((f"deals-{anna}", "12"), (f"sum-{anna}", "50000.5"), (f"calls-{boris}", "300")):
        assert f'name="{field}" value="{value}"' in text
    assert f'name="deals-{anna}" value=""' in await page(crm, "/settings/plans?period=2026-12")


async def test_an_empty_field_takes_the_plan_away_and_a_missing_one_leaves_it(crm: Crm) -> None:
    anna = crm.cast.anna.id
    await save(crm, **{f"deals_{anna}": "12", f"calls_{anna}": "300"})
    await save(crm, **{f"deals_{anna}": ""})
    text = await page(crm, "/settings/plans?period=2026-11")
    assert f'name="deals-{anna}" value=""' in text
    assert f'name="calls-{anna}" value="300"' in text


@pytest.mark.parametrize("wrong", ["x", "-5", "1e3", "99999999999999999999"])
async def test_what_is_no_number_is_shown_again_and_nothing_is_stored(crm: Crm, wrong: str) -> None:
    anna, boris = crm.cast.anna.id, crm.cast.boris.id
    browser = await crm.browser(crm.cast.olga)
    data = {"period": "2026-11", f"deals-{anna}": wrong, f"calls-{boris}": "300"}
    answer = await browser.post("/settings/plans", data=data)
    text = await answer.text()
    assert answer.status == 422
    assert f'name="deals-{anna}" value="{wrong}"' in text
    assert 'aria-invalid="true"' in text
    assert f'name="calls-{boris}" value=""' in await page(crm, "/settings/plans?period=2026-11")


async def test_more_money_than_there_is_is_no_plan(crm: Crm) -> None:
    assert await save(crm, **{f"sum_{crm.cast.anna.id}": "9" * 20}) == 422


async def test_fields_of_people_who_do_not_sell_are_not_taken(crm: Crm) -> None:
    assert await save(crm, **{f"deals_{crm.cast.olga.id}": "5", "deals_999": "5", "deals_x": "5"}) == 303
    assert 'value="5"' not in await page(crm, "/settings/plans?period=2026-11")


async def test_a_seller_sees_their_own_plan_and_changes_none(crm: Crm) -> None:
    anna, boris = crm.cast.anna.id, crm.cast.boris.id
    await save(crm, **{f"deals_{anna}": "12", f"deals_{boris}": "77"})
    assert await save(crm, "anna", **{f"deals_{anna}": "1"}) == 403
    text = await page(crm, "/reports/plan?part=2026-11", "anna")
    assert "of 12," in text
    assert "77" not in re.sub(r"<script.*?</script>|href=\"[^\"]*\"", "", text)
    assert "Change the plans" not in text


async def test_the_month_goes_along_from_plan_to_fact_and_back(crm: Crm) -> None:
    text = await page(crm, "/reports/plan?part=2026-10")
    assert "October 2026" in text
    assert "/reports/plan?part=2026-09" in text
    assert "/settings/plans?period=2026-10" in text


@pytest.mark.parametrize(
    ("key", "words"), [("2026-W47", "Nov 16"), ("2026-Q4", "4th quarter 2026"), ("2026-11", "November 2026")]
)
async def test_a_plan_may_run_for_a_week_a_month_or_a_quarter(crm: Crm, key: str, words: str) -> None:
    anna = crm.cast.anna.id
    browser = await crm.browser(crm.cast.olga)
    data = {"period": key, f"deals-{anna}": "9"}
    answer = await browser.post("/settings/plans", data=data, allow_redirects=False)
    assert answer.headers["Location"] == f"/settings/plans?period={key}"
    assert f'name="deals-{anna}" value="9"' in await page(crm, f"/settings/plans?period={key}")
    text = await page(crm, f"/reports/plan?part={key}")
    assert words in text
    assert "of 9," in text
    for other in {"2026-W47", "2026-Q4", "2026-11"} - {key}:
        assert f"/reports/plan?part={other}" in text
        assert "of 9," not in await page(crm, f"/reports/plan?part={other}")


async def test_the_planner_says_its_sentence(crm: Crm) -> None:
    await crm.database.write(a_year, crm)
    text = await page(crm, "/reports/plan?contracts=10")
    said = re.search(r"For 10 contracts of this kind you need about (\d+) answered calls and (\d+) new", text)
    assert said is not None
    assert [abs(int(number) - 20) <= 1 for number in said.groups()] == [True, True]
    assert re.search(r"You have \d+ calls, \d+ clients and \d+ contracts; working days left: \d+\.", text)


async def test_a_planner_without_a_past_says_so(crm: Crm) -> None:
    await crm.database.write(builders.funnel)
    assert "Too few deals tell" in await page(crm, "/reports/plan?contracts=10")


@pytest.mark.parametrize(
    "asked", ["contracts=-1&part=x", "contracts=9999999999&part=9999-12", "contracts=&part=0001-01"]
)
async def test_an_address_that_makes_no_sense_shows_the_plan(crm: Crm, asked: str) -> None:
    await crm.database.write(a_year, crm)
    await page(crm, f"/reports/plan?{asked}")
    await page(crm, f"/settings/plans?{asked.replace('part', 'month')}")


async def test_the_file_has_a_row_for_each_seller_and_metric(crm: Crm) -> None:
    await save(crm, **{f"deals_{crm.cast.anna.id}": "12"})
    rows = await file_rows(crm, "/reports/plan.csv?part=2026-11")
    planned = [(row["seller"], row["metric"], row["plan"]) for row in rows if row["plan"]]
    assert planned == [("Anna", "deals", "12"), ("all", "deals", "12")]


async def test_what_a_seller_did_opens_exactly_as_many_calls_meetings_and_deals(crm: Crm) -> None:
    await crm.database.write(a_year, crm)

    def met(tx: Transaction) -> None:
        task_id = tasks.add(tx, NewTask(TaskKind.MEETING, crm.cast.anna.id, NOW, NOW))
        tx.execute(update(meetings).where(meetings.c.id == task_id).values(done_at=NOW))

    await crm.database.write(met)
    text = await page(crm, "/reports/plan?part=2026-10")
    row = text[text.index("Anna</bdi></th>") : text.index("Boris</bdi></th>")]
    figures = re.findall(r'<a href="([^"]+)">(\d+)</a>', row)
    assert len(figures) == 2, "conversations and deals; sums are written as money"
    for url, count in figures:
        assert await rows_at(crm, url) == int(count), url
    present = await page(crm, "/reports/plan")
    (url,) = re.findall(r'<a href="(/reports/calls/meetings[^"]+)">1</a>', present)
    assert await rows_at(crm, url) == 1


async def test_the_row_of_all_opens_nothing_for_a_call_may_be_two_sellers(crm: Crm) -> None:
    await crm.database.write(a_year, crm)
    text = await page(crm, "/reports/plan?part=2026-10")
    total = text[text.index("<tfoot>") : text.index("</tfoot>")]
    assert "href" not in total
