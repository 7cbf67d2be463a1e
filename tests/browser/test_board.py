"""The board under real hands: drag, keys, menu, undo, other people's moves, a lost network, a phone."""

from __future__ import annotations

import pytest
from playwright.async_api import Locator, Page, expect

from pbx_crm.domain.deal import MoveRequest
from tests.browser.screens import PHONE, Office, eventually

pytestmark = pytest.mark.browser


async def take(page: Page, card: Locator) -> None:
    """Presses the mouse on a card and begins to pull."""
    box = await card.bounding_box()
    assert box is not None
    await page.mouse.move(box["x"] + 40, box["y"] + 40)
    await page.mouse.down()
    await page.mouse.move(box["x"] + 60, box["y"] + 60, steps=4)


async def carry(page: Page, column: Locator) -> None:
    """Pulls the held card over a column."""
    box = await column.locator(".cards").bounding_box()
    assert box is not None
    await page.mouse.move(box["x"] + 60, box["y"] + 30, steps=8)


def card(page: Page, deal_id: int) -> Locator:
    return page.locator(f"#card-{deal_id}")


def toast(page: Page) -> Locator:
    return page.locator("#toasts .toast")


async def focused_card(page: Page) -> str:
    """Id of the link that has the focus."""
    found: str = await page.evaluate("document.activeElement.id")
    return found


async def test_a_dragged_card_is_saved_and_taken_back_with_one_key(office: Office) -> None:
    deal = await office.deal("Vector")
    page = await office.screen(office.crm.cast.anna)
    await take(page, card(page, deal))
    await carry(page, office.column(page, 2))
    await page.mouse.up()
    await expect(toast(page)).to_contain_text("Vector moved to Presentation")
    assert (await office.stored(deal)).stage_id == office.funnel.stages[2].id
    assert await office.layout(page) == {2: [deal]}
    await page.keyboard.press("Control+z")
    await expect(toast(page)).to_contain_text("Undone: back in Unsorted")
    assert await office.layout(page) == {0: [deal]}
    assert (await office.stored(deal)).stage_id == office.funnel.stages[0].id


async def test_a_card_that_somebody_else_moved_goes_to_its_true_place(office: Office) -> None:
    deal = await office.deal("Vector")
    page = await office.screen(office.crm.cast.anna)
    office.loses_requests = True
    # The page has not heard yet: its card still names the version before Olga's move.
    await page.route("**/board/column/**", lambda route: route.abort())
    await office.move(office.crm.cast.olga, deal, 3)
    await take(page, card(page, deal))
    await carry(page, office.column(page, 1))
    await page.mouse.up()
    await expect(toast(page)).to_contain_text("Olga moved it to Commercial offer.")
    assert await office.layout(page) == {3: [deal]}


@pytest.mark.parametrize(
    ("start", "key", "question"),
    [
        (3, "ArrowLeft", "Why does it go back?"),
        (3, "ArrowRight", "Amount"),
        (4, "ArrowRight", "Why was it lost?"),
    ],
)
async def test_a_question_left_open_leaves_the_card_where_it_was(
    office: Office, start: int, key: str, question: str
) -> None:
    deal = await office.deal("Vector", stage=start)
    page = await office.screen(office.crm.cast.anna)
    await card(page, deal).locator(".card-link").focus()
    await page.keyboard.press(f"Shift+{key}")
    await expect(page.locator("#dialog")).to_contain_text(question)
    await page.keyboard.press("Escape")
    await expect(page.locator("#dialog")).to_be_hidden()
    assert await office.layout(page) == {start: [deal]}
    assert await focused_card(page) == f"name-{deal}"


async def test_a_lost_deal_is_one_click_and_one_button(office: Office) -> None:
    deal = await office.deal("Vector", stage=3)
    page = await office.screen(office.crm.cast.anna)
    await card(page, deal).locator(".card-link").focus()
    await page.keyboard.press("m")
    await expect(page.locator(".stage-choice").first).to_be_visible()
    await page.keyboard.press("6")
    await page.locator("#dialog").get_by_text("Too expensive").click()
    await page.get_by_role("button", name="Move", exact=True).click()
    await expect(toast(page)).to_contain_text("moved to Lost")
    await expect(page.locator("#dialog")).to_be_hidden()
    assert await office.layout(page) == {5: [deal]}
    assert await focused_card(page) == f"name-{deal}"


@pytest.mark.parametrize(("language", "onward", "back"), [("en", "Right", "Left"), ("fa", "Left", "Right")])
async def test_keys_move_a_card_both_ways_and_the_focus_goes_along(
    office: Office, language: str, onward: str, back: str
) -> None:
    deal, other = await office.deal("Vector"), await office.deal("Orion", stage=1)
    await office.crm.services.accounts.change_own(office.crm.cast.anna, {"language": language})
    page = await office.screen(office.crm.cast.anna)
    await card(page, deal).locator(".card-link").focus()
    await page.keyboard.press(f"Arrow{onward}")
    assert await focused_card(page) == f"name-{other}"
    await page.keyboard.press(f"Arrow{back}")
    assert await focused_card(page) == f"name-{deal}"
    for stage in (1, 2):
        await page.keyboard.press(f"Shift+Arrow{onward}")
        await expect(office.column(page, stage).locator(f"#card-{deal}:not([aria-busy])")).to_be_visible()
        assert await focused_card(page) == f"name-{deal}"
    await page.keyboard.press(f"Shift+Arrow{back}")
    await expect(page.locator("#dialog textarea")).to_be_focused()
    await page.keyboard.type("m / n: letters of a word are no shortcuts")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(office.column(page, 1).locator(f"#card-{deal}")).to_be_visible()
    assert await focused_card(page) == f"name-{deal}"


async def test_a_held_card_is_left_alone_whileothers_work(office: Office) -> None:
    held, moved = await office.deal("Vector"), await office.deal("Orion")
    page = await office.screen(office.crm.cast.anna)
    await take(page, card(page, held))
    await carry(page, office.column(page, 1))
    await office.move(office.crm.cast.olga, moved, 3)
    new = await office.deal("Late comer", stage=3)
    office.crm.services.live.tell({f"stage-{office.funnel.stages[3].id}"}, {office.crm.cast.anna.id})
    await page.wait_for_timeout(600)
    assert 3 not in await office.layout(page)
    await page.mouse.up()

    async def all_there() -> bool:
        layout = await office.layout(page)
        return {stage: sorted(cards) for stage, cards in layout.items()} == {1: [held], 3: [moved, new]}

    await eventually(all_there)


async def test_focus_and_scroll_survive_whatothers_do(office: Office) -> None:
    deals = [await office.deal(f"Client {number}") for number in range(25)]
    page = await office.screen(office.crm.cast.anna)
    lowest = card(page, deals[0])
    await lowest.locator(".card-link").focus()
    await lowest.scroll_into_view_if_needed()
    cards = "document.querySelector('.cards').scrollTop"
    before = await page.evaluate(cards)
    assert before > 0
    await office.move(office.crm.cast.olga, deals[1], 2)
    await expect(office.column(page, 2).locator(f"#card-{deals[1]}")).to_be_visible()
    await expect(office.column(page, 0).locator(".card")).to_have_count(24)
    assert await focused_card(page) == f"name-{deals[0]}"
    assert abs(await page.evaluate(cards) - before) < 140


async def test_a_move_without_network_puts_the_card_back_and_says_so(office: Office) -> None:
    deal = await office.deal("Vector")
    page = await office.screen(office.crm.cast.anna)
    office.loses_requests = True
    await page.route("**/deals/*/move", lambda route: route.abort("internetdisconnected"))
    await card(page, deal).locator(".card-link").focus()
    await page.keyboard.press("Shift+ArrowRight")
    await expect(toast(page)).to_contain_text("Not saved")
    assert await office.layout(page) == {0: [deal]}
    assert await focused_card(page) == f"name-{deal}"
    await page.unroute("**/deals/*/move")
    await page.keyboard.press("Shift+ArrowRight")
    await expect(toast(page)).to_contain_text("Vector moved to New")


async def test_the_card_opens_beside_the_board_and_closes_with_escape(office: Office) -> None:
    deal = await office.deal("Vector")
    page = await office.screen(office.crm.cast.anna)
    await card(page, deal).locator(".card-link").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("#drawer h1")).to_be_focused()
    await page.locator("#note-text").fill("decides on Friday")
    # Somebody else's move brings a fresh panel; what is being typed stays.
    await office.move(office.crm.cast.olga, deal, 1)
    await expect(page.locator("#drawer [aria-current=step]")).to_have_text("New")
    await expect(page.locator("#note-text")).to_have_value("decides on Friday")
    await page.get_by_role("button", name="Add note").click()
    await expect(page.locator(".timeline")).to_contain_text("decides on Friday")
    await expect(page.locator("#note-text")).to_have_value("")
    await page.get_by_role("button", name="Presentation", exact=True).click()
    await expect(office.column(page, 2).locator(f"#card-{deal}")).to_be_visible()
    await page.locator("#drawer h1").focus()
    await page.keyboard.press("Escape")
    await expect(page.locator("#drawer")).to_be_hidden()
    assert await focused_card(page) == f"name-{deal}"


async def test_a_new_deal_is_four_keys_and_a_name(office: Office) -> None:
    page = await office.screen(office.crm.cast.anna)
    await page.keyboard.press("n")
    await expect(page.locator("#dialog [name=client_name]")).to_be_focused()
    await page.keyboard.type("Vector")
    await page.locator("#dialog [name=amount]").fill("48 000")
    await page.keyboard.press("Enter")
    await expect(office.column(page, 0).locator(".card")).to_contain_text("Vector")
    await expect(office.column(page, 0).locator(".column-sum")).to_have_text("€48K")


async def test_letters_mean_the_same_on_a_cyrillic_keyboard(office: Office) -> None:
    page = await office.screen(office.crm.cast.anna)
    await page.evaluate(
        "document.body.dispatchEvent(new KeyboardEvent('keydown', {code: 'KeyN', key: 'т', bubbles: true}))"
    )
    await expect(page.locator("#dialog [name=client_name]")).to_be_visible()


async def test_on_a_phone_a_button_moves_what_no_finger_drags(office: Office) -> None:
    deal = await office.deal("Vector")
    page = await office.screen(office.crm.cast.anna, viewport=PHONE, has_touch=True, is_mobile=True)
    await take(page, card(page, deal))
    await page.mouse.up()
    assert await page.locator(".is-dragging").count() == 0
    await page.goto(str(office.crm.server.make_url("/board")))
    await card(page, deal).get_by_role("link", name="Move").tap()
    await page.locator("#dialog").get_by_role("button", name="Presentation").tap()
    await expect(toast(page)).to_contain_text("Vector moved to Presentation")
    await page.goto(str(office.crm.server.make_url("/board")))
    await card(page, deal).locator(".card-link").tap()
    await page.wait_for_url(f"**/deals/{deal}")


async def test_show_more_keeps_what_it_showed(office: Office) -> None:
    deals = [await office.deal(f"Client {number}") for number in range(33)]
    page = await office.screen(office.crm.cast.anna)
    cards = office.column(page, 0).locator(".card")
    await expect(cards).to_have_count(30)
    await page.get_by_role("button", name="Show 30 more").click()
    await expect(cards).to_have_count(33)
    await office.move(office.crm.cast.olga, deals[5], 1)
    await expect(cards).to_have_count(32)


async def test_what_the_board_comes_to_keeps_up_with_its_columns(office: Office) -> None:
    deal = await office.deal("Vector", amount=20_000)
    anna, olga = await office.screen(office.crm.cast.anna), await office.screen(office.crm.cast.olga)
    for page in (anna, olga):
        await expect(page.locator(".board-sum")).to_contain_text("1 open deal")
    await anna.goto(str(office.crm.server.make_url("/deals/new")))
    await anna.fill("[name=client_name]", "Orbita")
    await anna.keyboard.press("Enter")
    await expect(olga.locator(".board-sum")).to_contain_text("2 open deals")
    await office.move(office.crm.cast.anna, deal, 2)
    await expect(olga.locator(".board-sum")).to_contain_text("2 open deals")
    await expect(olga.locator(".stage-chips a").nth(2)).to_contain_text("1")
    await office.crm.services.moves.move(
        office.crm.cast.anna,
        deal,
        MoveRequest(
            office.funnel.stages[-1].id,
            (await office.stored(deal)).version,
            "lost",
            loss_reason_id=office.funnel.loss_reasons[0].id,
        ),
    )
    await expect(olga.locator(".board-sum")).to_contain_text("1 open deal")


async def test_a_stage_chosen_from_the_list_takes_the_focus_along(office: Office) -> None:
    deal, other = await office.deal("Vector"), await office.deal("Orion")
    page = await office.screen(office.crm.cast.anna)
    await card(page, deal).locator(".card-link").focus()
    await page.keyboard.press("m")
    await expect(page.locator(".stage-choice").first).to_be_visible()
    await page.keyboard.press("2")
    await expect(toast(page)).to_contain_text("Vector moved to New")
    assert await office.layout(page) == {0: [other], 1: [deal]}
    await eventually(lambda: focus_is_on(page, f"name-{deal}"))


async def focus_is_on(page: Page, element_id: str) -> bool:
    return await focused_card(page) == element_id
