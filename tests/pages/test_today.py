"""Today: the day in the order in which it is worked off, and each row's next move."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from pbx_crm.db import tasks
from pbx_crm.db.callbacks import CAUSE
from pbx_crm.db.engine import Transaction
from pbx_crm.db.tables import tasks as task_rows
from pbx_crm.domain.call import Direction, Outcome
from pbx_crm.domain.funnel import Funnel
from pbx_crm.domain.person import Person
from pbx_crm.domain.plan import Metric
from pbx_crm.domain.task import NewTask, Repeat, TaskKind
from tests import builders
from tests.builders import NOW
from tests.call_rows import CallRows
from tests.site import Crm

HTMX = {"HX-Request": "true"}
AT_WORK = NOW.replace(hour=9)
"""Noon in Moscow, where the company is."""


@dataclass
class Desk:
    """The site with deals and tasks of the cast."""

    crm: Crm
    funnel: Funnel

    async def deal(self, client: str, owner: Person | None = None, *, stage: int = 1, **more: Any) -> int:
        """A deal with this client; Anna's, if not said."""

        def write(tx: Transaction) -> int:
            contact = builders.contact(tx, client)
            return builders.deal(
                tx, self.funnel, owner or self.crm.cast.anna, stage=stage, contact_id=contact, **more
            )

        return await self.crm.database.write(write)

    async def task(self, client: str, due_at: datetime, owner: Person | None = None, **more: Any) -> int:
        """Something to do for this client; the deal is made along."""
        who = owner or self.crm.cast.anna
        deal_id = await self.deal(client, who)
        kind = more.pop("kind", TaskKind.CALL)
        new = NewTask(kind, who.id, due_at, NOW - timedelta(days=1), deal_id, **more)
        task_id = await self.crm.database.write(tasks.add, new)
        assert task_id is not None
        return task_id

    async def missed(self, client: str, at: datetime, *later_calls: Direction) -> int:
        """The client rang in vain, and so did the calls after it; the id of the wish to call back."""
        deal_id = await self.deal(client)

        def write(tx: Transaction) -> int | None:
            first = CallRows(tx, at, deal_id=deal_id).end(20, Outcome.MISSED)
            for number, direction in enumerate(later_calls, 1):
                outcome = Outcome.MISSED if direction is Direction.IN else Outcome.NO_ANSWER
                CallRows(tx, at + timedelta(minutes=number), direction, deal_id=deal_id).end(15, outcome)
            due_at, anna = at + timedelta(minutes=15), self.crm.cast.anna
            wish = NewTask(
                TaskKind.CALL, anna.id, due_at, at, deal_id, call_id=first.id, cause=f"{CAUSE}{client}"
            )
            return tasks.add(tx, wish)

        task_id = await self.crm.database.write(write)
        assert task_id is not None
        return task_id

    async def shown(self, who: Person, query: str = "") -> str:
        """The page as this person sees it."""
        answer = await (await self.crm.browser(who)).get(f"/today{query}")
        assert answer.status == 200
        return await answer.text()

    async def post(self, who: Person, path: str, **fields: str) -> tuple[int, str]:
        """Status and text of what a button answers."""
        browser = await self.crm.browser(who)
        answer = await browser.post(path, data=fields, headers=HTMX)
        return answer.status, await answer.text()

    async def stored(self, task_id: int) -> Any:
        """The task's row."""
        query = select(task_rows).where(task_rows.c.id == task_id)
        return await self.crm.database.read(lambda tx: tx.execute(query).one())

    async def count(self) -> int:
        """How many tasks there are."""
        return len(await self.crm.database.read(lambda tx: tx.execute(select(task_rows.c.id)).all()))


@pytest.fixture
async def desk(crm: Crm) -> Desk:
    """A desk in the middle of a working day."""
    crm.clock.now = AT_WORK
    return Desk(crm, await crm.database.write(builders.funnel))


def names(page: str, title: str) -> list[str]:
    """The clients in a section, top to bottom."""
    found = re.search(rf'<section[^>]*aria-labelledby="{title}-title".*?</section>', page, re.DOTALL)
    return re.findall(r'row-link"[^>]*><bdi>(.*?)</bdi>', found.group()) if found else []


async def test_the_day_stands_in_the_order_in_which_it_is_worked_off(desk: Desk) -> None:
    await desk.task("Due at four", AT_WORK + timedelta(hours=4))
    await desk.task("Due at one", AT_WORK + timedelta(hours=1))
    await desk.task("Due tomorrow", AT_WORK + timedelta(days=1))
    await desk.task("An hour late", AT_WORK - timedelta(hours=1))
    await desk.task("Days late", AT_WORK - timedelta(days=3))
    await desk.missed("Rang last", AT_WORK - timedelta(minutes=10))
    await desk.missed("Rang first", AT_WORK - timedelta(minutes=50))
    await desk.deal("Forgotten", at=NOW - timedelta(days=9))
    await desk.deal("Won long ago", stage=4)
    page = await desk.shown(desk.crm.cast.anna)
    assert names(page, "missed") == ["Rang first", "Rang last"]
    assert names(page, "overdue") == ["Days late", "An hour late"]
    assert names(page, "due") == ["Due at one", "Due at four"]
    assert names(page, "stepless") == ["Forgotten"]
    order = [page.index(f'id="{title}-title"') for title in ("missed", "overdue", "due", "stepless")]
    assert order == sorted(order)
    assert "Due tomorrow" not in page
    # By the clock of the company's zone.
    assert re.findall(r'day-hour">(\d\d:\d\d)', page) == ["13:00", "16:00"]


async def test_next_leads_to_the_topmost_row(desk: Desk) -> None:
    await desk.task("Later", AT_WORK + timedelta(hours=1))
    waiting = await desk.missed("Rang", AT_WORK - timedelta(minutes=10))
    deal_id = (await desk.stored(waiting)).deal_id
    page = await desk.shown(desk.crm.cast.anna)
    assert re.search(rf'id="today-next" href="/deals/{deal_id}"', page)


async def test_a_missed_client_is_shown_with_how_often_they_rang_and_we_tried(desk: Desk) -> None:
    await desk.missed("Once", AT_WORK - timedelta(minutes=30))
    await desk.missed("Thrice", AT_WORK - timedelta(minutes=40), Direction.IN, Direction.OUT, Direction.IN)
    page = " ".join((await desk.shown(desk.crm.cast.anna)).split())
    assert "rang 3 times · 1 try to call back" in page
    assert "rang 1 time · not tried yet" in page
    # Since the client gave up, which was twenty seconds after it began to ring.
    assert '<time class="is-late" datetime="2026-11-21T08:20:20+00:00"' in page


async def test_a_seller_sees_the_own_day_only_and_a_head_whose_they_choose(desk: Desk) -> None:
    cast = desk.crm.cast
    await desk.task("Of Anna", AT_WORK + timedelta(hours=1))
    await desk.task("Of Boris", AT_WORK + timedelta(hours=1), cast.boris)
    await desk.deal("Stepless of Boris", cast.boris)
    for query in ("", "?who=all", f"?who={cast.boris.id}", "?who=0", "?who=nonsense"):
        page = await desk.shown(cast.anna, query)
        assert names(page, "due") == ["Of Anna"], query
        assert "of Boris" not in page, query
    assert "Of Anna" not in await desk.shown(cast.olga)
    assert names(await desk.shown(cast.olga, f"?who={cast.boris.id}"), "due") == ["Of Boris"]
    everybody = await desk.shown(cast.olga, "?who=all")
    assert names(everybody, "due") == ["Of Anna", "Of Boris"]
    assert "<bdi>Boris</bdi>" in everybody


async def test_a_review_of_a_card_that_is_a_colleagues_now_does_not_name_the_client(desk: Desk) -> None:
    cast = desk.crm.cast
    theirs = await desk.deal("Secret", cast.boris)
    review = NewTask(TaskKind.REVIEW, cast.anna.id, AT_WORK, NOW, theirs)
    await desk.crm.database.write(tasks.add, review)
    page = await desk.shown(cast.anna)
    assert "Secret" not in page
    assert f"/deals/{theirs}" not in page
    assert "a colleague’s client" in page


async def test_done_is_done_once_and_undo_opens_it_again(desk: Desk) -> None:
    anna, due_at = desk.crm.cast.anna, AT_WORK + timedelta(hours=1)
    task_id = await desk.task("Vector", due_at)
    status, answer = await desk.post(anna, f"/today/tasks/{task_id}/done")
    assert status == 200
    assert names(answer, "due") == []
    assert "Done: Call back" in answer
    assert (await desk.stored(task_id)).done_at == AT_WORK
    version = str((await desk.stored(task_id)).version)
    fields = {"version": version, "due_at": due_at.isoformat()}
    status, answer = await desk.post(anna, f"/today/tasks/{task_id}/undo", **fields)
    assert (status, names(answer, "due")) == (200, ["Vector"])
    # The same click again: the task went on since, for it is open.
    status, answer = await desk.post(anna, f"/today/tasks/{task_id}/undo", **fields)
    assert status == 409
    assert "the task went on since" in answer


async def test_an_undo_does_not_open_what_the_call_has_closed_meanwhile(desk: Desk) -> None:
    anna = desk.crm.cast.anna
    task_id = await desk.task("Vector", AT_WORK)
    _, answer = await desk.post(anna, f"/today/tasks/{task_id}/later", by="hour")
    version = re.findall(r'name="version" value="(\d+)"', answer)[-1]
    await desk.post(anna, f"/today/tasks/{task_id}/done")
    fields = {"version": version, "due_at": AT_WORK.isoformat()}
    status, _ = await desk.post(anna, f"/today/tasks/{task_id}/undo", **fields)
    assert status == 409
    assert (await desk.stored(task_id)).done_at == AT_WORK


@pytest.mark.parametrize(
    ("by", "due_at"),
    [("hour", AT_WORK + timedelta(hours=1)), ("tomorrow", AT_WORK + timedelta(hours=22))],
)
async def test_a_task_is_put_off_with_one_click_and_brought_back_with_another(
    desk: Desk, by: str, due_at: datetime
) -> None:
    before = AT_WORK - timedelta(hours=2)
    task_id = await desk.task("Vector", before)
    status, answer = await desk.post(desk.crm.cast.anna, f"/today/tasks/{task_id}/later", by=by)
    assert status == 200
    assert (await desk.stored(task_id)).due_at == due_at
    fields = dict(re.findall(r'name="(version|due_at)" value="([^"]+)"', answer))
    await desk.post(desk.crm.cast.anna, f"/today/tasks/{task_id}/undo", **fields)
    assert (await desk.stored(task_id)).due_at == before


async def test_what_came_of_it_is_written_down_and_stands_on_the_card(desk: Desk) -> None:
    anna = desk.crm.cast.anna
    task_id = await desk.task("Vector", AT_WORK)
    deal_id = (await desk.stored(task_id)).deal_id
    await desk.post(anna, f"/today/tasks/{task_id}/result", result="too early")
    assert (await desk.stored(task_id)).result == "", "an open task has come to nothing yet"
    await desk.post(anna, f"/today/tasks/{task_id}/done")
    status, _ = await desk.post(anna, f"/today/tasks/{task_id}/result", result="wants <b>10 %</b> off")
    assert status == 200
    card = await (await (await desk.crm.browser(anna)).get(f"/deals/{deal_id}")).text()
    assert "wants &lt;b&gt;10 %&lt;/b&gt; off" in card
    status, answer = await desk.post(anna, f"/today/tasks/{task_id}/result", result="x" * 1001)
    assert status == 409
    assert "At most 1000 characters." in answer
    assert "x" * 1001 in answer, "nothing typed is lost"


async def test_a_task_that_repeats_comes_again_once_and_its_undo_takes_that_back(desk: Desk) -> None:
    anna = desk.crm.cast.anna
    task_id = await desk.task("Vector", AT_WORK - timedelta(hours=1), repeat=Repeat.WEEK)
    for _ in range(2):
        _, answer = await desk.post(anna, f"/today/tasks/{task_id}/done")
    assert await desk.count() == 2
    assert (await desk.stored(task_id + 1)).due_at == AT_WORK - timedelta(hours=1) + timedelta(days=7)
    fields = dict(re.findall(r'name="(version|due_at)" value="([^"]+)"', answer))
    assert (await desk.post(anna, f"/today/tasks/{task_id}/undo", **fields))[0] == 200
    assert await desk.count() == 1


async def test_a_deal_without_a_step_gets_one_with_one_click(desk: Desk) -> None:
    deal_id = await desk.deal("Forgotten")
    status, answer = await desk.post(desk.crm.cast.anna, f"/today/deals/{deal_id}/step", by="tomorrow")
    assert status == 200
    assert names(answer, "stepless") == []
    # Ten in the morning in Moscow.
    assert (await desk.stored(1)).due_at == datetime(2026, 11, 22, 7, 0, tzinfo=UTC)
    other = await desk.deal("Also forgotten")
    _, answer = await desk.post(desk.crm.cast.anna, f"/today/deals/{other}/step", by="hour")
    assert names(answer, "due") == ["Also forgotten"]


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("later", {"by": "never"}),
        ("undo", {"version": "x", "due_at": "2026-12-01T10:00"}),
        ("undo", {"version": "1", "due_at": "soon"}),
        ("undo", {"version": "1", "due_at": ""}),
    ],
)
async def test_a_form_that_means_nothing_changes_nothing(
    desk: Desk, path: str, fields: dict[str, str]
) -> None:
    task_id = await desk.task("Vector", AT_WORK)
    before = await desk.stored(task_id)
    status, _ = await desk.post(desk.crm.cast.anna, f"/today/tasks/{task_id}/{path}", **fields)
    assert status == 422
    assert await desk.stored(task_id) == before


async def test_without_scripts_every_button_leads_back_to_the_same_day(desk: Desk) -> None:
    task_id = await desk.task("Vector", AT_WORK)
    browser = await desk.crm.browser(desk.crm.cast.olga)
    answer = await browser.post(f"/today/tasks/{task_id}/done", data={"who": "all"}, allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (303, "/today?who=all")


async def test_an_empty_day_says_so_and_how_many_deals_lack_a_step(desk: Desk) -> None:
    anna = desk.crm.cast.anna
    assert "Nothing waits, and every deal has its next step." in await desk.shown(anna)
    await desk.deal("Forgotten")
    assert "Nothing waits. 1 deal has no next step." in await desk.shown(anna)


async def test_a_long_list_is_cut_and_says_by_how_much(desk: Desk) -> None:
    def many(tx: Transaction) -> None:
        deal_id = builders.deal(tx, desk.funnel, desk.crm.cast.anna, stage=1)
        for minute in range(103):
            due_at = AT_WORK - timedelta(minutes=minute + 1)
            tasks.add(tx, NewTask(TaskKind.OTHER, desk.crm.cast.anna.id, due_at, NOW, deal_id))

    await desk.crm.database.write(many)
    page = await desk.shown(desk.crm.cast.anna)
    assert page.count('class="row"') == 100
    assert "and 3 more" in page


async def test_a_live_refresh_gets_the_part_that_changes(desk: Desk) -> None:
    await desk.task("Vector", AT_WORK + timedelta(hours=1))
    browser = await desk.crm.browser(desk.crm.cast.anna)
    part = await (await browser.get("/today", headers=HTMX)).text()
    assert names(part, "due") == ["Vector"]
    assert "<html" not in part


async def planned(crm: Crm, who: Person, calls: int) -> None:
    """The head plans so many conversations for this person in the present month."""
    period = crm.services.analysis.plans.period("")
    wanted = {(who.id, Metric.CALLS): Decimal(calls)}
    await crm.services.analysis.plans.save(crm.cast.olga, period, wanted)


async def test_my_plan_stands_under_my_day(crm: Crm) -> None:
    await planned(crm, crm.cast.anna, 60)
    anna = await crm.browser(crm.cast.anna)
    assert 'hx-get="/today/plan"' in await (await anna.get("/today")).text()
    text = await (await anna.get("/today/plan")).text()
    assert "Conversations: 0 of 60" in text
    assert "Deals won" not in text, "what is not planned is not counted"


async def test_a_colleagues_plan_is_not_mine(crm: Crm) -> None:
    await planned(crm, crm.cast.boris, 60)
    for who in (crm.cast.anna, crm.cast.olga):
        assert (await (await (await crm.browser(who)).get("/today/plan")).text()).strip() == ""
