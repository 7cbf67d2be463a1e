"""Today on real screens: by keyboard, live, with the card beside it, on a phone, in Persian and on paper."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.async_api import Page, expect

from pbx_crm.db import tasks
from pbx_crm.db.callbacks import CAUSE
from pbx_crm.db.engine import Transaction
from pbx_crm.domain.call import Direction, Outcome
from pbx_crm.domain.person import Person
from pbx_crm.domain.task import NewTask, Repeat, TaskKind
from tests.browser.screens import PHONE, Office
from tests.browser.test_looks import LOOKS, SMALL, violations
from tests.builders import NOW
from tests.call_rows import CallRows

pytestmark = pytest.mark.browser


async def task(office: Office, client: str, minutes: int, owner: Person | None = None, **more: object) -> int:
    """Something to do for this client so many minutes from now."""
    who = owner or office.crm.cast.anna
    deal_id = await office.deal(client, stage=1, owner=who)
    due_at = NOW + timedelta(minutes=minutes)
    values: dict[str, object] = {"kind": TaskKind.CALL, **more}
    new = NewTask(owner_id=who.id, due_at=due_at, created_at=NOW, deal_id=deal_id, **values)  # type: ignore[arg-type]
    task_id = await office.crm.database.write(tasks.add, new)
    assert task_id is not None
    office.crm.services.live.tell({"tasks"}, {who.id})
    return task_id


async def missed(office: Office, client: str, owner: Person) -> None:
    """The client rang twice in vain."""
    deal_id = await office.deal(client, owner=owner)

    def write(tx: Transaction) -> None:
        first = CallRows(tx, NOW - timedelta(minutes=50), deal_id=deal_id).end(20, Outcome.MISSED)
        CallRows(tx, NOW - timedelta(minutes=9), Direction.IN, deal_id=deal_id).end(20, Outcome.MISSED)
        cause = f"{CAUSE}{client}"
        tasks.add(tx, NewTask(TaskKind.CALL, owner.id, NOW, NOW, deal_id, call_id=first.id, cause=cause))

    await office.crm.database.write(write)


async def full_day(office: Office, owner: Person) -> None:
    """A day with something in every section."""
    await missed(office, "이영희", owner)
    await task(office, "ООО «Вектор»", -200, owner, kind=TaskKind.OFFER, title="три склада, 40 человек")
    await task(office, "علی رضایی", 40, owner, repeat=Repeat.WEEK, kind=TaskKind.MEETING)
    await task(office, "Vector Limited Liability Company of Great Yarmouth", 100, owner)
    await task(office, "Sara", 130, owner, kind=TaskKind.PAYMENT)
    await office.deal("王小明", stage=2, owner=owner)


async def focused(page: Page) -> object:
    """The text of what has the focus."""
    return await page.evaluate("document.activeElement.textContent.trim()")


async def test_a_seller_works_off_the_day_without_a_mouse(office: Office) -> None:
    for number, client in enumerate(("First", "Second", "Third")):
        await task(office, client, 10 + number)
    page = await office.screen(office.crm.cast.anna)
    await page.keyboard.press("g")
    await page.keyboard.press("t")
    await page.wait_for_url("**/today")
    await page.keyboard.press("j")
    assert await focused(page) == "First"
    await page.keyboard.press("j")
    await page.keyboard.press("d")
    await expect(page.locator("#toasts")).to_contain_text("Done: Call back")
    await expect(page.locator("[aria-labelledby=due-title] .row")).to_have_count(2)
    assert await focused(page) == "Third", "the focus goes on to the next"
    await page.keyboard.press("k")
    assert await focused(page) == "First"
    await page.keyboard.press("Enter")
    await expect(page.locator("#drawer h1")).to_have_text("First")
    await page.keyboard.press("Escape")
    assert await focused(page) == "First"
    await page.keyboard.press("Control+z")
    await expect(page.locator("[aria-labelledby=due-title] .row")).to_have_count(3)


async def test_what_a_colleague_or_a_call_brings_appears_by_itself(office: Office) -> None:
    page = await office.screen(office.crm.cast.anna, "/today")
    head = await office.screen(office.crm.cast.olga, "/today?who=all")
    await expect(page.get_by_text("Nothing waits")).to_be_visible()
    await task(office, "Vector", 30)
    await expect(page.locator(".row-link", has_text="Vector")).to_be_visible()
    await expect(head.locator(".row-link", has_text="Vector")).to_be_visible()


async def test_what_came_of_it_is_typed_into_the_toast(office: Office) -> None:
    task_id = await task(office, "Vector", 30)
    page = await office.screen(office.crm.cast.anna, "/today")
    await page.locator(f"#task-{task_id}").get_by_role("button", name="Done").click()
    await page.get_by_label("What came of it").fill("wants a discount")
    await page.keyboard.press("Enter")
    await expect(page.locator("#toasts")).to_contain_text("Written down")
    await page.locator("#day-done summary").click()
    await expect(page.locator("#day-done")).to_contain_text("wants a discount")


async def test_next_opens_the_topmost_card_beside_the_list(office: Office) -> None:
    await full_day(office, office.crm.cast.anna)
    page = await office.screen(office.crm.cast.anna, "/today")
    await page.locator("#today-next").click()
    await expect(page.locator("#drawer h1")).to_have_text("이영희")
    await page.keyboard.press("Escape")
    await expect(page.locator("#today-next")).to_be_focused()


@pytest.mark.parametrize(("language", "theme"), LOOKS)
async def test_everybody_can_use_today(office: Office, language: str, theme: str) -> None:
    olga = office.crm.cast.olga
    await full_day(office, olga)
    await office.crm.services.accounts.change_own(olga, {"language": language, "theme": theme})
    page = await office.screen(olga, "/today?who=all", reduced_motion="reduce")
    assert await violations(page) == []
    await page.locator("[data-done]").first.click()
    await expect(page.locator(".toast")).to_be_visible()
    assert await violations(page) == []


@pytest.mark.parametrize("viewport", [PHONE, SMALL], ids=["390", "320"])
@pytest.mark.parametrize("language", ["en", "ru", "fa"])
async def test_a_phone_shows_today_without_sideways_scrolling(
    office: Office, viewport: dict[str, int], language: str
) -> None:
    olga = office.crm.cast.olga
    await full_day(office, olga)
    await office.crm.services.accounts.change_own(olga, {"language": language})
    page = await office.screen(olga, "/today?who=all", viewport=viewport)
    assert await page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]


async def test_today_prints_as_a_list_with_boxes(office: Office) -> None:
    await full_day(office, office.crm.cast.anna)
    page = await office.screen(office.crm.cast.anna, "/today")
    await page.emulate_media(media="print")
    for hidden in (".frame", "#today-next", ".row-acts >> nth=0"):
        await expect(page.locator(hidden)).to_be_hidden()
    box = await page.evaluate("getComputedStyle(document.querySelector('.row'), '::before').borderTopStyle")
    assert box == "solid"
