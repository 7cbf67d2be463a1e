"""Ticked cards and saved boards as pages: with htmx, without a script, and with nonsense."""

from __future__ import annotations

from pbx_crm.db.engine import Transaction
from pbx_crm.domain.funnel import Funnel
from tests import builders
from tests.site import Crm

FRAGMENT = {"HX-Request": "true"}
HOSTILE = "<b>mine</b>"


async def cards(crm: Crm, count: int = 2, source: str = "") -> tuple[Funnel, list[int]]:
    """Cards of Anna's in the first open stage."""

    def write(tx: Transaction) -> tuple[Funnel, list[int]]:
        funnel = builders.funnel(tx)
        made = [builders.deal(tx, funnel, crm.cast.anna, stage=1, source=source) for _ in range(count)]
        return funnel, made

    return await crm.database.write(write)


async def test_the_board_has_a_tick_on_every_card_and_one_bar_for_all(crm: Crm) -> None:
    funnel, ids = await cards(crm)
    text = await (await (await crm.browser(crm.cast.anna)).get("/board")).text()
    for deal_id in ids:
        assert f'form="bulk" name="deal" value="{deal_id}:1"' in text
    bar = text.partition('id="bulk"')[2]
    for stage in funnel.stages[:-1]:
        assert f'<option value="{stage.id}">' in bar, "every stage, the one that is won too"
    assert "Too expensive" in text


async def test_the_toast_says_for_how_many_and_undoes_it(crm: Crm) -> None:
    funnel, ids = await cards(crm)
    browser = await crm.browser(crm.cast.anna)
    data = [
        ("deal", f"{ids[0]}:1"),
        ("deal", f"{ids[1]}:7"),
        ("act", "move"),
        ("to", str(funnel.stages[2].id)),
    ]
    answer = await browser.post("/board/bulk", data=data, headers=FRAGMENT)
    text = await answer.text()
    assert "Done for 1 card" in text
    assert "1: Somebody else changed this deal a moment ago." in text
    assert "resync" in answer.headers["HX-Trigger"]
    undone = await browser.post("/board/bulk/1/undo", headers=FRAGMENT)
    assert "Done for 1 card" in await undone.text()
    assert (await browser.post("/board/bulk/1/undo", headers=FRAGMENT)).status == 409


async def test_the_toast_leads_to_the_cards_that_stayed(crm: Crm) -> None:
    def write(tx: Transaction) -> tuple[Funnel, int]:
        funnel, client = builders.funnel(tx), builders.contact(tx, HOSTILE)
        return funnel, builders.deal(tx, funnel, crm.cast.anna, stage=3, contact_id=client)

    funnel, deal_id = await crm.database.write(write)
    data = {"deal": f"{deal_id}:1", "act": "move", "to": str(funnel.stages[1].id)}
    answer = await (await crm.browser(crm.cast.anna)).post("/board/bulk", data=data, headers=FRAGMENT)
    text = await answer.text()
    assert "1: A step back: say why." in text
    assert f'<a href="/deals/{deal_id}" data-drawer><bdi>&lt;b&gt;mine&lt;/b&gt;</bdi></a>' in text


async def test_without_a_script_it_leads_to_the_list_of_what_was_done(crm: Crm) -> None:
    _, ids = await cards(crm)
    browser = await crm.browser(crm.cast.anna)
    data = {"deal": f"{ids[0]}:1", "act": "task", "step": "call_tomorrow"}
    text = await (await browser.post("/board/bulk", data=data)).text()
    assert "Next step set" in text
    text = await (await browser.post("/board/bulk/1/undo")).text()
    assert "taken back" in text


async def test_nonsense_is_answered_with_a_sentence(crm: Crm) -> None:
    _, ids = await cards(crm)
    browser = await crm.browser(crm.cast.anna)
    good = f"{ids[0]}:1"
    for data in (
        {"act": "task", "step": "call_soon"},
        {"deal": "x:y", "act": "task", "step": "call_soon"},
        {"deal": good, "act": "fly"},
        {"deal": good, "act": "move", "to": ""},
        {"deal": good, "act": "assign", "owner_id": str(crm.cast.peter.id)},
        {"deal": good, "act": "task", "step": "never"},
    ):
        answer = await browser.post("/board/bulk", data=data, headers=FRAGMENT)
        assert (answer.status, "refused" in await answer.text()) == (422, True), data


async def test_a_board_is_kept_under_a_name_and_found_in_the_menu(crm: Crm) -> None:
    await cards(crm)
    browser = await crm.browser(crm.cast.anna)
    data = {"name": HOSTILE, "order": "oldest", "step": "overdue", "period": "nonsense"}
    answer = await browser.post("/board/views", data=data)
    text = await answer.text()
    assert answer.url.query_string == "step=overdue&order=oldest"
    assert "&lt;b&gt;mine&lt;/b&gt;" in text
    assert HOSTILE not in text
    assert 'href="/board?step=overdue&amp;order=oldest" aria-current="true"' in text
    boris = await (await (await crm.browser(crm.cast.boris)).get("/board")).text()
    assert "&lt;b&gt;mine" not in boris
    text = await (await browser.post("/board/views", data={"name": HOSTILE, "act": "drop"})).text()
    assert "&lt;b&gt;mine" not in text


async def test_of_one_name_the_last_is_kept_and_of_too_many_the_oldest_goes(crm: Crm) -> None:
    await cards(crm)
    browser = await crm.browser(crm.cast.anna)
    for number in range(22):
        await browser.post("/board/views", data={"name": f"view {number}", "order": "oldest"})
    await browser.post("/board/views", data={"name": "view 21", "order": "urgent"})
    views = await crm.services.boards.views(crm.cast.anna)
    assert len(views) == 20
    assert (views[0][0], views[-1]) == ("view 2", ("view 21", "order=urgent"))
    assert (await browser.post("/board/views", data={"name": ""})).status == 422


async def test_open_as_a_list_keeps_the_boards_filters(crm: Crm) -> None:
    funnel, _ = await cards(crm, source="ad")

    def more(tx: Transaction) -> None:
        client = builders.contact(tx, "Other source")
        builders.deal(tx, funnel, crm.cast.anna, stage=1, source="site", contact_id=client)

    await crm.database.write(more)
    browser = await crm.browser(crm.cast.olga)
    stage = funnel.stages[1].id
    both = await (await browser.get(f"/search?stage={stage}")).text()
    one = await (await browser.get(f"/search?stage={stage}&source=ad&step=none")).text()
    none = await (await browser.get(f"/search?stage={stage}&step=overdue")).text()
    assert "Other source" in both
    assert "Other source" not in one
    assert one.count('class="chip hue-') == 2
    assert 'class="chip hue-' not in none


async def test_the_hint_strip_speaks_of_own_cards_to_a_seller_and_of_all_to_the_head(crm: Crm) -> None:
    funnel, _ = await cards(crm, count=12)

    def more(tx: Transaction) -> None:
        for stage in (2, 3, 3, 3, 3):
            for _ in range(8):
                builders.deal(tx, funnel, crm.cast.boris, stage=stage)

    await crm.database.write(more)
    shown = {
        name: await (await (await crm.browser(getattr(crm.cast, name))).get("/board/totals")).text()
        for name in ("anna", "boris", "olga")
    }
    assert 'class="hints"' not in shown["anna"]
    assert "running dry" in shown["boris"]
    assert "running dry" not in shown["olga"]
    hidden = await (await (await crm.browser(crm.cast.boris)).get("/board/totals?period=today")).text()
    assert 'class="hints"' not in hidden
