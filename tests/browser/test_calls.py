"""A call on real screens: the popup in time and everywhere, the log, a server that goes and comes back."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from aiohttp.test_utils import TestServer
from playwright.async_api import Page, expect

from pbx_crm.db.engine import Transaction
from pbx_crm.domain.call import Direction, Outcome
from pbx_crm.domain.pbx_link import LinkState, LinkStatus
from pbx_crm.domain.person import Person
from pbx_crm.domain.sentence import Sentence
from pbx_crm.pages.site import make_site
from tests import builders
from tests.browser.screens import PHONE, Office, eventually
from tests.browser.test_looks import LOOKS, SMALL, violations
from tests.builders import NOW
from tests.call_rows import CallRows
from tests.parts.inventory import INVENTORY

pytestmark = pytest.mark.browser

Story = Callable[[CallRows], CallRows]
HOSTILE = '"><script>document.title="taken"</script><img src=x onerror=alert(1)>'


def popup(page: Page) -> Any:
    """The page's popup."""
    return page.locator("#popup .call-popup")


async def rings(office: Office, *people: Person, **columns: Any) -> CallRows:
    """A call that rings at these people, told to them as the intake tells it."""
    call = await office.crm.database.write(lambda tx: CallRows(tx, **columns).ring(*people))
    office.crm.services.live.tell({"call", "calls"}, {person.id for person in people})
    return call


async def goes_on(office: Office, call: CallRows, story: Story, *people: Person) -> None:
    """What happens next in the call, told likewise."""

    def write(tx: Transaction) -> None:
        call.tx = tx
        story(call)

    await office.crm.database.write(write)
    office.crm.services.live.tell({"call", "calls"}, {person.id for person in people})


async def listening(office: Office, tabs: int) -> None:
    """Returns once so many tabs hear signals."""

    async def all_hear() -> bool:
        return office.crm.services.live.listeners == tabs

    await eventually(all_hear)


async def test_the_popup_stands_at_the_ring_and_takes_no_focus(office: Office) -> None:
    anna = office.crm.cast.anna
    page = await office.screen(anna)
    await listening(office, 1)
    await page.locator("#search").fill("half a wo")
    began = time.monotonic()
    await rings(office, anna)
    await expect(popup(page)).to_contain_text("+7 905 123-45-67")
    INVENTORY.tables["popup"] = [f"stood {time.monotonic() - began:.2f} s after the ring (wanted <= 1)"]
    await page.keyboard.type("rd")
    assert await page.locator("#search").input_value() == "half a word"
    assert (await page.title()).startswith("☎")


async def test_ten_tabs_load_and_closing_the_popup_in_one_closes_it_in_all(office: Office) -> None:
    anna = office.crm.cast.anna
    first = await office.screen(anna, "/calls")
    tabs = [first, *[await first.context.new_page() for _ in range(9)]]
    for tab in tabs[1:]:
        await tab.goto(str(office.crm.server.make_url("/calls")), timeout=40_000)
    await listening(office, 10)
    await rings(office, anna)
    for tab in tabs:
        await expect(popup(tab)).to_be_visible()
    await popup(tabs[4]).get_by_role("button", name="Close").click()
    for tab in tabs:
        await expect(popup(tab)).to_have_count(0)


async def test_the_call_is_followed_from_ring_to_wrap_up_and_survives_a_reload(office: Office) -> None:
    anna = office.crm.cast.anna
    page = await office.screen(anna)
    await listening(office, 1)
    call = await rings(office, anna)
    await expect(popup(page)).to_contain_text("Incoming call")
    await goes_on(office, call, lambda rows: rows.answer(anna), anna)
    await expect(popup(page)).to_contain_text("On the phone")
    await page.reload()
    await expect(popup(page)).to_contain_text("On the phone")
    await goes_on(office, call, lambda rows: rows.end(60, Outcome.ANSWERED), anna)
    await expect(popup(page)).to_contain_text("Call ended")
    assert not (await page.title()).startswith("☎")


async def test_losers_of_a_ring_all_read_who_answered_and_are_left_alone(office: Office) -> None:
    anna, boris = office.crm.cast.anna, office.crm.cast.boris
    page = await office.screen(boris)
    await listening(office, 1)
    call = await rings(office, anna, boris)
    await expect(popup(page)).to_have_class("call-popup is-ringing is-strip")
    await goes_on(office, call, lambda rows: rows.answer(anna, 1), anna, boris)
    await expect(popup(page)).to_contain_text("Answered by Anna")
    await expect(popup(page)).to_be_hidden(timeout=40_000)


async def test_a_hostile_caller_name_is_only_text_on_screen(office: Office) -> None:
    anna = office.crm.cast.anna
    page = await office.screen(anna, "/calls")
    await listening(office, 1)
    await rings(office, anna, caller_name=HOSTILE)
    await expect(popup(page)).to_contain_text(HOSTILE)
    await expect(page.locator(".call-rows .name")).to_contain_text(HOSTILE)
    assert "taken" not in await page.title()


async def test_an_outgoing_call_becomes_a_card_without_leaving_the_page(office: Office) -> None:
    anna = office.crm.cast.anna
    page = await office.screen(anna)
    await listening(office, 1)
    await office.crm.database.write(lambda tx: CallRows(tx, direction=Direction.OUT).dial(anna))
    office.crm.services.live.tell({"call"}, {anna.id})
    await popup(page).get_by_label("Client's name").fill("Vector")
    await popup(page).get_by_role("button", name="New deal").click()
    await expect(popup(page).get_by_role("link", name="Vector")).to_be_visible()
    await expect(office.column(page, 0)).to_contain_text("Vector")


async def test_a_note_half_written_outlives_news_and_a_reload(office: Office) -> None:
    anna = office.crm.cast.anna

    def story(tx: Transaction) -> CallRows:
        deal_id = builders.deal(tx, office.funnel, anna)
        return CallRows(tx, deal_id=deal_id).ring(anna).answer(anna)

    call = await office.crm.database.write(story)
    page = await office.screen(anna)
    note = popup(page).get_by_label("Note on the deal")
    await note.fill("wants a disc")
    await goes_on(office, call, lambda rows: rows.end(60, Outcome.ANSWERED), anna)
    await expect(popup(page)).to_contain_text("Call ended")
    await expect(note).to_have_value("wants a disc")
    await page.reload()
    await expect(note).to_have_value("wants a disc")
    await popup(page).get_by_role("button", name="Save").click()
    await expect(page.locator("#toasts")).to_contain_text("Saved")
    await expect(note).to_have_value("")


async def test_keys_reach_the_popup_and_close_it(office: Office) -> None:
    page = await office.screen(office.crm.cast.anna)
    await listening(office, 1)
    await rings(office, office.crm.cast.anna)
    await expect(popup(page)).to_be_visible()
    await page.keyboard.press("Alt+a")
    assert await page.evaluate("document.activeElement.closest('#popup') !== null")
    await page.keyboard.press("Escape")
    await expect(popup(page)).to_have_count(0)


async def test_a_page_finds_back_to_a_restarted_server_and_to_what_it_missed(office: Office) -> None:
    crm, anna = office.crm, office.crm.cast.anna
    office.loses_requests = True
    page = await office.screen(anna, "/calls")
    await listening(office, 1)
    port = crm.server.port
    await crm.server.close()
    await crm.database.write(lambda tx: CallRows(tx).ring(anna))
    await expect(page.locator("#link-offline")).to_be_visible(timeout=40_000)
    async with TestServer(make_site(crm.services), port=port):
        await expect(popup(page)).to_be_visible(timeout=40_000)
        await expect(page.locator(".call-rows tbody tr")).to_have_count(1)
        await expect(page.locator("#link-offline")).to_be_hidden()
        await page.close()
    # The browser itself reports every attempt that failed meanwhile.
    office.complaints[:] = [line for line in office.complaints if "WebSocket connection" not in line]


async def test_signing_out_elsewhere_shows_the_log_in(office: Office) -> None:
    anna = office.crm.cast.anna
    page = await office.screen(anna, "/calls")
    await listening(office, 1)
    await office.crm.services.staff.sign_out(office.crm.cast.olga, anna.id)
    await page.wait_for_url("**/login?next=%2Fcalls")


async def test_the_banner_comes_and_goes_with_the_link(office: Office) -> None:
    page = await office.screen(office.crm.cast.anna, "/calls")
    await listening(office, 1)
    link = office.crm.services.pbx_link
    link.changed("main", LinkState(LinkStatus.DOWN, NOW, Sentence("The connection was cut.")))
    await expect(page.locator("#banner")).to_contain_text("has not been heard since")
    link.changed("main", LinkState(LinkStatus.UP, NOW, Sentence("Connected.")))
    await expect(page.locator("#banner")).to_contain_text("is heard again")


async def test_a_call_appears_in_the_log_and_opens_its_story(office: Office) -> None:
    anna = office.crm.cast.anna
    page = await office.screen(anna, "/calls")
    await listening(office, 1)
    call = await rings(office, anna)
    row = page.locator(f"#call-row-{call.id}")
    await expect(row).to_contain_text("ringing")
    await row.locator(".opens").click()
    await expect(page.locator("#dialog")).to_contain_text("rang at 0:01")
    await page.keyboard.press("Escape")
    await expect(page.locator("#dialog")).to_be_hidden()


async def some_calls(office: Office) -> int:
    """A log with something in it; a call with a story to tell."""
    anna, boris = office.crm.cast.anna, office.crm.cast.boris

    def story(tx: Transaction) -> int:
        client = builders.contact(tx, "Vector Limited Liability Company of Great Yarmouth")
        CallRows(tx).ring(anna, boris).end(20, Outcome.MISSED)
        CallRows(tx, direction=Direction.OUT, caller_name="علی رضایی").dial(anna).end(9, Outcome.BUSY)
        CallRows(tx, direction=Direction.INTERNAL).dial(anna).ring(boris).end(9, Outcome.NO_ANSWER)
        call = CallRows(tx, contact_id=client).ring(anna, boris).answer(anna).leave(anna, 30)
        return call.ring(boris, after=31).answer(boris, 35).end(95, Outcome.ANSWERED, talk_seconds=85).id

    return await office.crm.database.write(story)


@pytest.mark.parametrize(("language", "theme"), LOOKS)
async def test_everybody_can_use_the_log_and_the_popup(office: Office, language: str, theme: str) -> None:
    told, olga = await some_calls(office), office.crm.cast.olga
    await office.crm.database.write(lambda tx: CallRows(tx, direction=Direction.OUT).dial(olga))
    values = {"language": language, "theme": theme}
    await office.crm.services.accounts.change_own(olga, values)
    for url in ("/calls", f"/calls/{told}", "/calls?q=nothing"):
        page = await office.screen(olga, url, reduced_motion="reduce")
        await expect(popup(page)).to_be_visible()
        assert await violations(page) == [], url


@pytest.mark.parametrize("viewport", [PHONE, SMALL], ids=["390", "320"])
@pytest.mark.parametrize("language", ["en", "ru", "fa"])
async def test_a_phone_shows_the_calls_without_sideways_scrolling(
    office: Office, viewport: dict[str, int], language: str
) -> None:
    told, olga = await some_calls(office), office.crm.cast.olga
    await office.crm.services.accounts.change_own(olga, {"language": language})
    await office.crm.database.write(lambda tx: CallRows(tx, direction=Direction.OUT).dial(olga))
    page = await office.screen(olga, viewport=viewport)
    for url in ("/calls", f"/calls/{told}"):
        await page.goto(str(office.crm.server.make_url(url)))
        await expect(popup(page)).to_be_visible()
        width = await page.evaluate("document.documentElement.scrollWidth")
        assert width <= viewport["width"], url
