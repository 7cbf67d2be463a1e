"""A card that is dragged against a gate: the dialog, Esc, what is filled in, and the move that goes on."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from pbx_crm.db import gates
from pbx_crm.domain.gate import gate_of
from tests import builders
from tests.browser.screens import Office
from tests.browser.test_board import card, carry, focused_card, take, toast

pytestmark = pytest.mark.browser


DIMMED = """[...document.querySelectorAll(".column")].filter((column) => getComputedStyle(column).opacity < 1)
    .map((column) => column.querySelector("h2").textContent)"""


async def dimmed(page: Page) -> list[str]:
    """Names of the columns that take the held card only past a gate."""
    found: list[str] = await page.evaluate(DIMMED)
    return found


async def test_a_gate_returns_the_card_on_esc_and_lets_it_pass_once_it_is_confirmed(office: Office) -> None:
    gate = gate_of(["field:amount", "note"], is_binding=False)
    await office.crm.database.write(gates.put, office.funnel.stages[2].id, gate)
    deal = await office.deal("Vector", stage=1)
    page = await office.screen(office.crm.cast.anna)
    await take(page, card(page, deal))
    await carry(page, office.column(page, 2))
    assert await dimmed(page) == ["Presentation", "Commercial offer", "Purchase"]
    await page.mouse.up()
    dialog = page.locator("dialog#dialog")
    await expect(dialog).to_contain_text("This is missing:")
    assert await office.layout(page) == {1: [deal]}
    await page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()
    assert await office.layout(page) == {1: [deal]}

    await page.locator(f"#name-{deal}").focus()
    await page.keyboard.press("Shift+ArrowRight")
    await expect(dialog).to_be_visible()
    await dialog.get_by_label("Amount").fill("48 000")
    await dialog.get_by_role("button", name="Move").click()
    await expect(dialog).to_contain_text("Still missing:")
    await expect(dialog.get_by_label("Amount")).to_have_count(0)
    await dialog.get_by_label("a note").fill("They have seen it")
    await dialog.get_by_role("button", name="Move").click()
    await expect(toast(page)).to_contain_text("Vector moved to Presentation")
    await expect(dialog).to_be_hidden()
    assert await office.layout(page) == {2: [deal]}
    assert (await office.stored(deal)).amount == 48_000
    assert await focused_card(page) == f"name-{deal}"


async def test_the_gate_of_another_funnel_asks_over_the_card_and_lets_it_pass(office: Office) -> None:
    there = await office.crm.database.write(builders.funnel, 1)
    gate = gate_of(["note"], is_binding=True)
    await office.crm.database.write(gates.put, there.stages[1].id, gate)
    deal = await office.deal("Vector", stage=1)
    page = await office.screen(office.crm.cast.anna)
    await page.locator(f"#name-{deal}").click()
    opened, dialog = page.locator(f"#deal-{deal}"), page.locator("dialog#dialog")
    await opened.get_by_text("To another funnel").click()
    form = opened.locator(".other-funnel form")
    await form.get_by_label("Funnel and stage").select_option(str(there.stages[1].id))
    await form.get_by_role("button", name="Move").click()
    await expect(dialog).to_contain_text("This is missing:")
    await dialog.get_by_label("a note").fill("They want it all")
    await dialog.get_by_role("button", name="Move").click()
    await expect(dialog).to_be_hidden()
    await expect(opened).to_contain_text("They want it all")
    assert (await office.stored(deal)).stage_id == there.stages[1].id
