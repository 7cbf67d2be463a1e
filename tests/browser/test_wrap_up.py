"""A call from answer to next step on a real screen: at most four clicks, and no compulsory text."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from pbx_crm.db.engine import Transaction
from pbx_crm.db.tables import deal_notes, tasks
from pbx_crm.domain.call import Outcome
from pbx_crm.domain.task import TaskKind
from tests import builders
from tests.browser.screens import PHONE, Office
from tests.browser.test_calls import goes_on, listening, popup
from tests.browser.test_looks import LOOKS, violations
from tests.call_rows import CallRows

pytestmark = pytest.mark.browser
COUNT_CLICKS = (
    "window.clicks = 0; document.addEventListener('click', (e) => { if (e.detail) clicks++ }, true)"
)


async def on_the_phone(office: Office) -> CallRows:
    """Anna talks with a client whose card lies in Unsorted."""
    anna = office.crm.cast.anna

    def story(tx: Transaction) -> CallRows:
        client = builders.contact(tx, "Vector")
        deal_id = builders.deal(tx, office.funnel, anna, contact_id=client)
        return CallRows(tx, deal_id=deal_id, contact_id=client).ring(anna).answer(anna)

    call = await office.crm.database.write(story)
    office.crm.services.live.tell({"call"}, {anna.id})
    return call


async def ended(office: Office, call: CallRows) -> None:
    """The call is over."""
    await goes_on(office, call, lambda rows: rows.end(60, Outcome.ANSWERED), office.crm.cast.anna)


async def screen_after_a_talk(office: Office, url: str = "/board") -> Page:
    """Anna's screen with a talk to wrap up."""
    page = await office.screen(office.crm.cast.anna, url)
    await listening(office, 1)
    await ended(office, await on_the_phone(office))
    await expect(popup(page)).to_contain_text("How did it go?")
    return page


async def test_note_stage_answer_and_next_step_take_four_clicks(office: Office) -> None:
    page = await office.screen(office.crm.cast.anna)
    await page.evaluate(COUNT_CLICKS)
    await listening(office, 1)
    call = await on_the_phone(office)
    await popup(page).get_by_label("Note on the deal").click()
    await page.keyboard.type("wants a discount")
    await popup(page).get_by_role("button", name="To New").click()
    await expect(office.column(page, 1)).to_contain_text("Vector")
    await ended(office, call)
    await expect(popup(page).get_by_label("Note on the deal")).to_have_value("wants a discount")
    await popup(page).get_by_label("Agreed").click()
    await popup(page).get_by_role("button", name="Send offer").click()
    await expect(popup(page)).to_have_count(0)
    assert await page.evaluate("clicks") <= 4
    (note,) = await rows(office, deal_notes)
    (task,) = await rows(office, tasks)
    assert (note["text"], task["kind"]) == ("wants a discount", TaskKind.OFFER)


async def rows(office: Office, table: object) -> list[dict[str, object]]:
    """The table's rows."""

    def read(tx: Transaction) -> list[dict[str, object]]:
        return [dict(row) for row in tx.execute(table.select()).mappings()]  # type: ignore[attr-defined]

    return await office.crm.database.read(read)


async def test_undo_brings_the_question_back(office: Office) -> None:
    page = await screen_after_a_talk(office)
    await popup(page).get_by_label("Call later").click()
    await popup(page).get_by_role("button", name="Call tomorrow").click()
    await expect(popup(page)).to_have_count(0)
    await page.locator("#toasts").get_by_role("button", name="Undo").click()
    await expect(popup(page)).to_contain_text("How did it go?")
    assert await rows(office, tasks) == []


async def test_a_step_without_an_answer_asks_for_the_answer(office: Office) -> None:
    page = await screen_after_a_talk(office)
    await popup(page).get_by_role("button", name="Call tomorrow").click()
    await expect(popup(page)).to_be_visible()
    assert await rows(office, tasks) == []


async def test_what_was_closed_unsaid_waits_in_today_and_is_said_there(office: Office) -> None:
    page = await screen_after_a_talk(office, "/today")
    await page.keyboard.press("Escape")
    await expect(popup(page)).to_have_count(0)
    waiting = page.locator("[aria-labelledby=unfinished-title] .row")
    await expect(waiting).to_have_count(1)
    await waiting.get_by_label("Not interested").click()
    await waiting.get_by_role("button", name="No step").click()
    await expect(waiting).to_have_count(0)


async def test_the_keyboard_wraps_up_alone(office: Office) -> None:
    page = await screen_after_a_talk(office)
    await popup(page).locator("[name=outcome]").first.focus()
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(popup(page)).to_have_count(0)
    (task,) = await rows(office, tasks)
    assert task["kind"] == TaskKind.CALL


@pytest.mark.parametrize(("language", "theme"), LOOKS)
async def test_everybody_can_wrap_up(office: Office, language: str, theme: str) -> None:
    anna = office.crm.cast.anna
    await office.crm.services.accounts.change_own(anna, {"language": language, "theme": theme})
    await ended(office, await on_the_phone(office))
    for url in ("/board", "/today"):
        page = await office.screen(anna, url, reduced_motion="reduce")
        await expect(popup(page).locator(".wrap-up")).to_be_visible()
        await popup(page).locator("[name=outcome]").first.check()
        assert await violations(page) == [], url


@pytest.mark.parametrize("language", ["en", "ru", "fa"])
async def test_a_phone_wraps_up_without_sideways_scrolling(office: Office, language: str) -> None:
    anna = office.crm.cast.anna
    await office.crm.services.accounts.change_own(anna, {"language": language})
    await ended(office, await on_the_phone(office))
    page = await office.screen(anna, "/today", viewport=PHONE)
    await expect(popup(page).locator(".wrap-up")).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
