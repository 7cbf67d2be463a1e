"""The board and the moves on it, as a browser asks for them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal

import pytest

from pbx_crm.db.engine import Transaction
from pbx_crm.domain.funnel import Funnel
from pbx_crm.pages.board_place import place_from, query_of, view_from
from tests import builders
from tests.site import Browser, Crm

HTMX = {"HX-Request": "true"}


@pytest.fixture
async def funnel(crm: Crm) -> Funnel:
    return await crm.database.write(builders.funnel)


async def add(crm: Crm, funnel: Funnel, name: str, *, stage: int = 0, amount: int = 0) -> int:
    """A deal of Anna's with a client of this name."""

    def write(tx: Transaction) -> int:
        client = builders.contact(tx, name)
        return builders.deal(tx, funnel, crm.cast.anna, stage=stage, amount=amount, contact_id=client)

    return await crm.database.write(write)


async def page(
    browser: Browser, url: str, status: int = 200, headers: Mapping[str, str] | None = None
) -> str:
    """The text of a page."""
    answer = await browser.get(url, headers=headers)
    assert answer.status == status
    return await answer.text()


def cards_in(text: str) -> list[int]:
    """Ids of the cards in this piece of HTML, in order."""
    return [int(found) for found in re.findall(r'id="card-(\d+)"', text)]


def columns_in(text: str) -> dict[int, list[int]]:
    """Ids of the cards by the stage they lie in."""
    parts = re.split(r'<section class="column[^>]*data-stage="(\d+)"', text)
    return {int(stage): cards_in(body) for stage, body in zip(parts[1::2], parts[2::2], strict=True)}


async def test_the_board_shows_own_cards_and_only_those(crm: Crm, funnel: Funnel) -> None:
    deal = await add(crm, funnel, "Vector Ltd")
    for who, sees in ((crm.cast.anna, [deal]), (crm.cast.boris, []), (crm.cast.olga, [deal])):
        browser = await crm.browser(who)
        text = await page(browser, "/board")
        assert cards_in(text) == sees
        assert ("Vector Ltd" in text) == bool(sees)
        column = await page(browser, f"/board/column/{funnel.unsorted.id}", headers=HTMX)
        assert cards_in(column) == sees


async def test_a_client_called_like_a_script_is_shown_as_a_name(crm: Crm, funnel: Funnel) -> None:
    await add(crm, funnel, "<script>alert(1)</script>")
    text = await page(await crm.browser(crm.cast.anna), "/board")
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)" in text


@pytest.mark.parametrize("url", ["/board?funnel=99", "/board/column/99", "/deals/99", "/deals/99/move"])
async def test_what_is_not_there_is_not_found(crm: Crm, funnel: Funnel, url: str) -> None:
    await page(await crm.browser(crm.cast.anna), url, 404, headers=HTMX)


@pytest.mark.parametrize("query", ["funnel=x", "owner=-1", "owner=" + "9" * 30, "order=sideways", "shown=x"])
async def test_a_board_address_that_makes_no_sense_shows_the_usual_board(
    crm: Crm, funnel: Funnel, query: str
) -> None:
    await page(await crm.browser(crm.cast.olga), f"/board?{query}")
    await page(await crm.browser(crm.cast.olga), f"/board/column/{funnel.unsorted.id}?{query}")


async def test_a_move_of_a_nameless_client_names_the_number_as_people_write_it(
    crm: Crm, funnel: Funnel
) -> None:
    def write(tx: Transaction) -> int:
        client = builders.contact(tx, "", "+79104751802")
        return builders.deal(tx, funnel, crm.cast.anna, contact_id=client)

    deal = await crm.database.write(write)
    wish = {"to_stage_id": funnel.stages[1].id, "version": 1, "request_key": "k", "board": "?"}
    browser = await crm.browser(crm.cast.anna)
    answer = await browser.post(f"/deals/{deal}/move", data=wish, headers=HTMX)
    assert "+7 910 475-18-02</bdi> moved to New" in await answer.text()


async def test_a_move_answers_with_both_columns_as_they_are(crm: Crm, funnel: Funnel) -> None:
    deal = await add(crm, funnel, "Vector")
    other = await add(crm, funnel, "Orion", stage=1)
    browser = await crm.browser(crm.cast.anna)
    wish = {"to_stage_id": funnel.stages[1].id, "version": 1, "request_key": "k", "board": "?"}
    crm.clock.go_on(timedelta(minutes=1))
    answer = await browser.post(f"/deals/{deal}/move", data=wish, headers=HTMX)
    text = await answer.text()
    assert answer.status == 200
    assert columns_in(text) == {funnel.stages[0].id: [], funnel.stages[1].id: [deal, other]}
    assert "<bdi>Vector</bdi> moved to New" in text
    assert f"deal-{deal}" in answer.headers["HX-Trigger"]


async def test_a_move_off_the_board_brings_no_columns(crm: Crm, funnel: Funnel) -> None:
    deal = await add(crm, funnel, "Vector")
    browser = await crm.browser(crm.cast.anna)
    wish = {"to_stage_id": funnel.stages[1].id, "version": 1}
    answer = await browser.post(f"/deals/{deal}/move", data=wish, headers=HTMX)
    assert columns_in(await answer.text()) == {}


@pytest.mark.parametrize(
    ("start", "target", "asked"), [(2, 1, "reason"), (0, 4, "amount"), (0, 5, "loss_reason_id")]
)
async def test_a_move_that_needs_a_word_asks_for_it_and_leaves_the_card(
    crm: Crm, funnel: Funnel, start: int, target: int, asked: str
) -> None:
    deal = await add(crm, funnel, "Vector", stage=start, amount=120)
    browser = await crm.browser(crm.cast.anna)
    wish = {"to_stage_id": funnel.stages[target].id, "version": 1, "request_key": "k", "board": "?"}
    answer = await browser.post(f"/deals/{deal}/move", data=wish, headers=HTMX)
    text = await answer.text()
    assert answer.status == 422
    assert f'name="{asked}"' in text
    assert 'class="wrong"' not in text
    assert columns_in(text)[funnel.stages[start].id] == [deal]
    words = {"reason": "not yet", "amount": "48 000,50", "loss_reason_id": funnel.loss_reasons[0].id}
    answer = await browser.post(f"/deals/{deal}/move", data={**wish, **words}, headers=HTMX)
    assert answer.status == 200


async def test_an_answer_that_is_no_amount_comes_back_with_the_reason(crm: Crm, funnel: Funnel) -> None:
    deal = await add(crm, funnel, "Vector")
    browser = await crm.browser(crm.cast.anna)
    wish = {"to_stage_id": funnel.stages[4].id, "version": 1, "answered": 1, "amount": "plenty"}
    answer = await browser.post(f"/deals/{deal}/move", data=wish, headers=HTMX)
    text = await answer.text()
    assert answer.status == 422
    assert 'value="plenty"' in text
    assert "This is not an amount." in text


async def test_the_slower_of_two_gets_the_truth_and_a_name(crm: Crm, funnel: Funnel) -> None:
    deal = await add(crm, funnel, "Vector")
    head, anna = await crm.browser(crm.cast.olga), await crm.browser(crm.cast.anna)
    first, new, _, offer = (stage.id for stage in funnel.stages[:4])
    wish = {"version": 1, "board": "?", "from_stage_id": first}
    await head.post(f"/deals/{deal}/move", data={**wish, "to_stage_id": offer}, headers=HTMX)
    answer = await anna.post(f"/deals/{deal}/move", data={**wish, "to_stage_id": new}, headers=HTMX)
    text = await answer.text()
    assert answer.status == 409
    assert "Olga moved it to Commercial offer." in text
    assert columns_in(text) == {first: [], new: [], offer: [deal]}


async def test_without_scripts_a_move_leads_back_to_the_card(crm: Crm, funnel: Funnel) -> None:
    deal = await add(crm, funnel, "Vector")
    browser = await crm.browser(crm.cast.anna)
    wish = {"to_stage_id": funnel.stages[1].id, "version": 1}
    answer = await browser.post(f"/deals/{deal}/move", data=wish, allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (303, f"/deals/{deal}")
    wish = {"to_stage_id": funnel.stages[5].id, "version": 2}
    answer = await browser.post(f"/deals/{deal}/move", data=wish)
    assert answer.status == 422
    assert "<html" in await answer.text()


async def test_the_toast_takes_the_move_back(crm: Crm, funnel: Funnel) -> None:
    deal = await add(crm, funnel, "Vector")
    browser = await crm.browser(crm.cast.anna)
    wish = {"to_stage_id": funnel.stages[2].id, "version": 1, "board": "?"}
    text = await (await browser.post(f"/deals/{deal}/move", data=wish, headers=HTMX)).text()
    found = re.search(r'name="move_id" value="(\d+)"', text)
    assert found is not None
    undo = {"move_id": found[1], "request_key": "u", "board": "?"}
    answer = await browser.post(f"/deals/{deal}/undo", data=undo, headers=HTMX)
    text = await answer.text()
    assert "Undone: back in Unsorted" in text
    assert columns_in(text)[funnel.unsorted.id] == [deal]
    answer = await browser.post(f"/deals/{deal}/undo", data={**undo, "request_key": "another"}, headers=HTMX)
    assert answer.status == 409


async def test_a_column_stays_unrolled_when_it_is_refreshed(crm: Crm, funnel: Funnel) -> None:
    deals = [await add(crm, funnel, f"Client {number}") for number in range(35)]
    browser = await crm.browser(crm.cast.anna)
    url = f"/board/column/{funnel.unsorted.id}"
    assert len(cards_in(await page(browser, url))) == 30
    more = await page(browser, f"{url}?shown=60")
    assert len(cards_in(more)) == 35
    assert f'hx-get="{url}?shown=60"' in more
    wish = {"to_stage_id": funnel.stages[1].id, "version": 1, "board": "?"}
    shown = f"{funnel.unsorted.id}:60"
    answer = await browser.post(f"/deals/{deals[0]}/move", data={**wish, "shown": shown}, headers=HTMX)
    assert len(columns_in(await answer.text())[funnel.unsorted.id]) == 34


async def test_sums_are_shown_per_column(crm: Crm, funnel: Funnel) -> None:
    for amount in (100, 250):
        await add(crm, funnel, "Vector", stage=1, amount=amount)
    text = await page(await crm.browser(crm.cast.anna), f"/board/column/{funnel.stages[1].id}")
    assert "€350" in text


async def test_the_head_makes_a_deal_for_a_seller_and_it_lies_on_their_board(
    crm: Crm, funnel: Funnel
) -> None:
    browser = await crm.browser(crm.cast.olga)
    assert 'name="owner_id"' in await page(browser, "/deals/new", headers=HTMX)
    form = {"client_name": "Vector", "amount": "1,200.50", "owner_id": crm.cast.boris.id, "request_key": "k"}
    answer = await browser.post("/deals/new", data=form, headers=HTMX)
    assert answer.headers["HX-Redirect"] == "/board?deal=1#name-1", "the focus is on the new card"
    text = await page(await crm.browser(crm.cast.boris), "/board")
    assert "Vector" in text
    assert "€1,200.50" in text


async def test_a_new_deal_with_wrong_values_comes_back_with_them(crm: Crm, funnel: Funnel) -> None:
    browser = await crm.browser(crm.cast.anna)
    form = {"client_name": "Vector", "number": "call me", "request_key": "k"}
    for headers in (HTMX, {}):
        answer = await browser.post("/deals/new", data=form, headers=headers)
        text = await answer.text()
        assert answer.status == 422
        assert 'value="call me"' in text
        assert "This is not a telephone number." in text


async def test_search_finds_by_name_and_by_any_part_of_the_number(crm: Crm, funnel: Funnel) -> None:
    def write(tx: Transaction) -> None:
        client = builders.contact(tx, "ООО «Вектор»", "+74951234567")
        builders.deal(tx, funnel, crm.cast.anna, contact_id=client, title="100% fibre", amount=Decimal(5))

    await crm.database.write(write)
    anna, boris = await crm.browser(crm.cast.anna), await crm.browser(crm.cast.boris)
    for text in ("вектор", "123-45", "8 (495) 123-45-67", "100%", "FIBRE"):
        assert "/deals/1" in await (await anna.get("/search", params={"q": text})).text()
        assert "/deals/1" not in await (await boris.get("/search", params={"q": text})).text()
    for text in ("_", "nobody", "12", ""):
        assert "/deals/1" not in await (await anna.get("/search", params={"q": text})).text()
    foreign = await (await boris.get("/search", params={"q": "+7 495 123-45-67"})).text()
    assert "This number is a client of Anna." in foreign
    assert "Вектор" not in foreign


async def test_a_long_column_is_read_on_as_a_list(crm: Crm, funnel: Funnel) -> None:
    for number in range(55):
        await add(crm, funnel, f"Client {number}")
    browser = await crm.browser(crm.cast.anna)
    first = await page(browser, f"/search?stage={funnel.unsorted.id}")
    found = re.search(r'href="(/search\?stage=\d+&amp;before=\d+)"', first)
    assert found is not None
    second = await page(browser, found[1].replace("&amp;", "&"))
    names = [set(re.findall(r"Client \d+", text)) for text in (first, second)]
    assert (len(names[0]), len(names[1]), names[0] & names[1]) == (50, 5, set())


@pytest.mark.parametrize(
    "query",
    ["", "funnel=2", "owner=3", "funnel=2&owner=3&order=oldest", "source=site+%26+co&step=none&period=week"],
)
def test_a_boards_address_leads_back_to_it(query: str) -> None:
    place = place_from(f"?{query}", "")
    assert place is not None
    assert query_of(place.view) == query
    assert view_from({}) == view_from({"funnel": "x"})


def test_a_place_off_a_board_is_none_and_a_wrong_one_does_no_harm() -> None:
    assert place_from("", "") is None
    place = place_from("?funnel=1", "3:60 x:y 4: 5:9999 :")
    assert place is not None
    assert place.columns(3, 4, 5) == {3: 60, 4: 30, 5: 150}
