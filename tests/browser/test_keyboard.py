"""A whole day without a mouse, as a seller and as a head: every key does its work, the focus is never lost.

After each step whatever has the focus must be there, in sight, ringed and under nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from playwright.async_api import Page, TimeoutError, expect

from pbx_crm.db import gates
from pbx_crm.domain.call import Outcome
from pbx_crm.domain.gate import gate_of
from pbx_crm.domain.person import Person
from pbx_crm.domain.task import TaskKind
from tests.browser.screens import Office
from tests.browser.test_calls import goes_on, listening, popup
from tests.browser.test_today import task
from tests.browser.test_wrap_up import on_the_phone

pytestmark = pytest.mark.browser
PASSWORD = "correct horse"
WRONG_WITH_FOCUS = """() => {
  const held = document.activeElement;
  if (!held || held === document.body) return "nothing has the focus";
  const name = `${held.tagName}.${held.className} ${held.textContent.trim().slice(0, 30)}`;
  const box = held.getBoundingClientRect();
  const [x, y] = [box.x + box.width / 2, box.y + Math.min(box.height / 2, 24)];
  const above = document.elementFromPoint(x, y);
  if (!above) return `out of sight: ${name}`;
  const isOurs = held.contains(above) || above.contains(held) || held.labels?.[0]?.contains(above);
  if (!isOurs) return `under ${above.tagName}.${above.className}: ${name}`;
  const ring = (element, part) => getComputedStyle(element, part).outlineStyle !== "none";
  const near = [held, held.nextElementSibling, held.closest("tr")].filter(Boolean);
  const rings = near.some((one) => ring(one)) || ring(held, "::after");
  // The parts of a date are marked by the browser itself.
  return rings || held.type?.startsWith("date") ? "" : `without a ring: ${name}`;
}"""


@dataclass
class Hands:
    """Two hands on a keyboard; after every key the focus is looked for."""

    page: Page

    async def press(self, *keys: str) -> None:
        """One key after another."""
        for key in keys:
            await self.page.keyboard.press(key)
            await self.look(key)

    async def look(self, after: str) -> None:
        """Fails if the focus is nowhere, hidden, covered or not to be seen."""
        told = await self.page.evaluate(WRONG_WITH_FOCUS)
        if told:
            # What is being swapped settles soon; what is lost stays lost.
            try:
                await self.page.wait_for_function(f"() => !({WRONG_WITH_FOCUS})()", timeout=10_000)
            except TimeoutError:
                pytest.fail(f"after {after}: {await self.page.evaluate(WRONG_WITH_FOCUS)}")

    async def focused(self) -> str:
        """The id of what has the focus, else its text."""
        here: str = await self.page.evaluate(
            "document.activeElement.id || document.activeElement.textContent.trim()"
        )
        return here

    async def tab_to(self, name: str, key: str = "Tab") -> None:
        """Tabs on until this has the focus; fails if it never comes."""
        for _ in range(60):
            await self.press(key)
            if name in await self.page.evaluate(
                "(({ innerText, ariaLabel, labels, name }) => [innerText, ariaLabel, name,"
                " labels?.[0]?.innerText].join(' '))(document.activeElement)"
            ):
                return
        pytest.fail(f"nobody reaches {name!r} by the Tab key")


async def logged_in(office: Office, who: Person) -> Hands:
    """This person's browser after a log-in by keyboard, on their home page."""
    await office.crm.services.staff.set_password(office.crm.cast.olga, who.id, PASSWORD)
    page = await office.stranger("/login")
    await page.keyboard.type(who.login)
    await page.keyboard.press("Tab")
    await page.keyboard.type(PASSWORD)
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/board*")
    return Hands(page)


def toast(page: Page, words: str) -> object:
    """The toasts, once they say this."""
    return expect(page.locator("#toasts")).to_contain_text(words)


@pytest.mark.parametrize(("language", "onward", "back"), [("en", "Right", "Left"), ("fa", "Left", "Right")])
async def test_a_seller_needs_no_mouse_on_the_board(
    office: Office, language: str, onward: str, back: str
) -> None:
    anna = office.crm.cast.anna
    first, second = await office.deal("Vector"), await office.deal("Orion", stage=1)
    third = await office.deal("Sirius", stage=1)
    gate = gate_of(["field:amount", "note"], is_binding=False)
    await office.crm.database.write(gates.put, office.funnel.stages[2].id, gate)
    await office.crm.services.accounts.change_own(anna, {"language": language})
    hands = await logged_in(office, anna)
    page, dialog = hands.page, hands.page.locator("dialog:modal")
    card = page.locator(f"#card-{first}")

    await hands.press("j", f"Arrow{onward}")
    assert await hands.focused() in (f"name-{second}", f"name-{third}")
    await hands.press(f"Arrow{back}", f"Shift+Arrow{onward}")
    await expect(office.column(page, 1).locator(f"#card-{first}:not([aria-busy])")).to_be_visible()
    await hands.press(f"Shift+Arrow{onward}")
    await expect(dialog.locator("[name=fill_amount]")).to_be_focused()
    await page.keyboard.type("48000")
    await hands.press("Tab")
    await page.keyboard.type("They have seen it")
    await hands.press("Tab", "Tab", "Tab", "Enter")
    await expect(office.column(page, 2).locator(f"#card-{first}")).to_be_visible()
    await expect(dialog).to_have_count(0)
    await hands.look("the gate")
    assert await hands.focused() == f"name-{first}"
    await hands.press("Control+z")
    await expect(office.column(page, 1).locator(f"#card-{first}")).to_be_visible()
    await hands.look("Undo")
    assert await hands.focused() == f"name-{first}"

    await hands.press("m")
    await expect(dialog.locator(".stage-choice").nth(2)).to_be_focused()
    await hands.press("6")
    await expect(dialog.locator("[name=loss_reason_id]").first).to_be_focused()
    await hands.press("Space", f"Arrow{onward}", "Enter")
    await expect(office.column(page, 5).locator(f"#card-{first}")).to_be_visible()
    await expect(dialog).to_have_count(0)
    await hands.look("Lost")
    await hands.press("Control+z")
    await expect(office.column(page, 1).locator(f"#card-{first}")).to_be_visible()

    await hands.press("p")
    await expect(card.locator(".chip.danger")).to_be_visible()
    await hands.press("t")
    await expect(dialog.locator("[name=kind]")).to_be_focused()
    await hands.tab_to("title")
    await hands.press("Enter")
    await expect(dialog).to_have_count(0)
    await expect(card.locator(".card-chips .chip.info")).to_be_visible()
    await hands.look("a step set")

    await hands.press("x", "b", *["ArrowDown"] * 6, "Tab", "Tab", "Enter")
    await expect(office.column(page, 5).locator(".card")).to_have_count(1)
    await hands.look("cards moved together")
    await hands.press("Control+z")
    await expect(office.column(page, 1).locator(".card")).to_have_count(3)
    await hands.look("their undo")


async def test_a_seller_needs_no_mouse_on_a_card_and_in_a_call(office: Office) -> None:
    anna = office.crm.cast.anna
    deal = await office.deal("Orion")
    hands = await logged_in(office, anna)
    page, drawer = hands.page, hands.page.locator("#drawer")

    await hands.press("j", "Enter")
    await expect(drawer.locator("h1")).to_be_focused()
    await hands.look("the card")
    await hands.tab_to("text")
    await page.keyboard.type("decides on Friday")
    await hands.press("Tab", "Enter")
    await expect(drawer.locator(".timeline")).to_contain_text("decides on Friday")
    await hands.look("a note")
    await hands.press("Escape", "Escape")
    await expect(drawer).to_be_hidden()
    assert await hands.focused() == f"name-{deal}"

    await listening(office, 1)
    call = await on_the_phone(office)
    await expect(popup(page)).to_be_visible()
    assert await hands.focused() == f"name-{deal}", "a call takes the focus from nobody"
    await hands.press("Alt+a")
    await hands.tab_to("text")
    await page.keyboard.type("wants a discount")
    await hands.press("Escape", "j", "Alt+a")
    await goes_on(office, call, lambda rows: rows.end(60, Outcome.ANSWERED), anna)
    await expect(popup(page)).to_contain_text("How did it go?")
    await hands.look("the end of the call")
    await hands.tab_to("outcome")
    await hands.press("Space")
    await hands.tab_to("Send offer")
    await hands.press("Enter")
    await expect(popup(page)).to_have_count(0)
    await hands.look("the wrap-up")
    await hands.press("Control+z")
    await expect(popup(page)).to_contain_text("How did it go?")
    await hands.look("its undo")
    await hands.press("Alt+a", "Escape")
    await expect(popup(page)).to_have_count(0)
    await hands.look("the popup closed")


async def test_a_seller_needs_no_mouse_from_place_to_place(office: Office) -> None:
    anna = office.crm.cast.anna
    for number, client in enumerate(("First", "Second", "Third")):
        await task(office, client, 10 + number, kind=TaskKind.OFFER)
    hands = await logged_in(office, anna)
    page, dialog = hands.page, hands.page.locator("dialog:modal")

    await hands.press("j", "Shift+Slash")
    await expect(dialog.get_by_text("To the call popup")).to_be_visible()
    await hands.look("the list of keys")
    await hands.press("Escape")
    await hands.look("the list closed")
    await hands.press("n")
    await expect(dialog.locator("[name=client_name]")).to_be_focused()
    await page.keyboard.type("Vector")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/board?deal=*")
    await hands.look("a new deal")
    assert await hands.focused() == "name-4", "one goes on with the card that was made"
    await hands.press("Slash")
    await page.keyboard.type("Second")
    await hands.press("Escape", "Slash")
    await page.keyboard.type("Third")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/search?**")

    await page.keyboard.press("g")
    await page.keyboard.press("t")
    await page.wait_for_url("**/today")
    await hands.press("j", "j", "d")
    await expect(page.locator("[aria-labelledby=due-title] .row")).to_have_count(2)
    await hands.look("a task done")
    assert await hands.focused() == "Third"
    await hands.press("Control+z")
    await expect(page.locator("[aria-labelledby=due-title] .row")).to_have_count(3)
    await hands.look("its undo")
    await hands.press("k", "Enter")
    await expect(page.locator("#drawer h1")).to_be_focused()
    await hands.press("Escape")
    await hands.look("the card closed")
    await page.keyboard.press("g")
    await page.keyboard.press("c")
    await page.wait_for_url("**/calls")
    await hands.tab_to("period")
    await page.keyboard.press("ArrowDown")
    await page.wait_for_url("**/calls?period=month**")
    await hands.look("another period")


async def test_a_head_needs_no_mouse(office: Office) -> None:
    crm = office.crm
    await office.deal("Vector")
    await office.deal("Orion", owner=crm.cast.boris)
    hands = await logged_in(office, crm.cast.olga)
    page = hands.page

    await hands.tab_to("owner")
    await page.keyboard.press("ArrowDown")
    await page.wait_for_url("**/board?*owner=*")
    await hands.look("one seller's board")
    assert await page.evaluate("document.activeElement.name") == "owner", "one goes on from there"
    await hands.tab_to("Filters")
    await hands.press("Enter")
    await hands.tab_to("step")
    await hands.press("Escape")
    await hands.look("the filters closed")
    await hands.press("j", "Enter")
    await expect(page.locator("#drawer h1")).to_be_focused()
    await hands.tab_to("owner_id")
    await hands.press("ArrowDown")
    await hands.look("the card handed over")
    await hands.press("Escape")
    await hands.look("the card closed")
    for letter, place in (("o", "contacts"), ("r", "reports"), ("t", "today"), ("b", "board")):
        await page.keyboard.press("g")
        await page.keyboard.press(letter)
        await page.wait_for_url(f"**/{place}**")
    await hands.tab_to("Settings")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/settings/**")
    await hands.tab_to("To the content", "Shift+Tab")
