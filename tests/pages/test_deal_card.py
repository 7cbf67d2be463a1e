"""A deal's card as page and as panel: its forms, and what they say when something is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import pytest

from pbx_crm.db.engine import Transaction
from pbx_crm.domain.funnel import Funnel
from tests import builders
from tests.site import Browser, Crm

HTMX = {"HX-Request": "true"}


@pytest.fixture
async def funnel(crm: Crm) -> Funnel:
    return await crm.database.write(builders.funnel)


@pytest.fixture
async def deal(crm: Crm, funnel: Funnel) -> int:
    """A deal of Anna's with Vector."""

    def write(tx: Transaction) -> int:
        client = builders.contact(tx, "Vector", "+74951234567")
        return builders.deal(tx, funnel, crm.cast.anna, contact_id=client)

    return await crm.database.write(write)


@pytest.fixture
async def anna(crm: Crm) -> Browser:
    return await crm.browser(crm.cast.anna)


async def post(browser: Browser, url: str, fields: Mapping[str, object], status: int = 200) -> str:
    """Sends a form as htmx does; the part that comes back."""
    answer = await browser.post(url, data=fields, headers=HTMX)
    assert answer.status == status
    return await answer.text()


async def test_one_address_is_a_page_for_browsers_and_a_panel_for_the_board(anna: Browser, deal: int) -> None:
    whole = await anna.get(f"/deals/{deal}")
    part = await anna.get(f"/deals/{deal}", headers=HTMX)
    assert whole.headers["Vary"] == part.headers["Vary"] == "HX-Request"
    assert "<html" in await whole.text()
    text = await part.text()
    assert "<html" not in text
    assert f'id="deal-{deal}"' in text
    assert '<bdi dir="ltr" class="phone">+7 495 123-45-67</bdi>' in text


async def test_the_fields_are_saved_and_shown(anna: Browser, deal: int) -> None:
    fields = {"version": 1, "client_name": "Vector Ltd", "title": "Fibre", "amount": "48 000,50"}
    more = {"priority": "high", "source": "site", "expected_close": "2026-12-01"}
    text = await post(anna, f"/deals/{deal}/fields", {**fields, **more})
    for shown in ("Vector Ltd", "Fibre", "€48,000.50", 'value="48000.5"', 'value="2026-12-01"', "High"):
        assert shown in text


async def test_wrong_fields_come_back_as_typed_with_the_reasons(anna: Browser, deal: int) -> None:
    fields = {"version": 1, "client_name": "New name", "amount": "plenty", "expected_close": "soon"}
    text = await post(anna, f"/deals/{deal}/fields", {**fields, "priority": "normal"}, 422)
    for shown in ('value="New name"', 'value="plenty"', "This is not an amount.", "This is not a date."):
        assert shown in text


async def test_a_form_that_is_too_late_says_so_and_keeps_what_was_typed(anna: Browser, deal: int) -> None:
    fields = {"version": 1, "client_name": "First", "amount": "", "priority": "normal"}
    await post(anna, f"/deals/{deal}/fields", fields)
    text = await post(anna, f"/deals/{deal}/fields", {**fields, "client_name": "Second"}, 409)
    assert "Somebody else changed this deal a moment ago." in text
    assert 'value="Second"' in text


async def test_a_note_keeps_its_lines_and_runs_no_script(anna: Browser, deal: int) -> None:
    text = await post(anna, f"/deals/{deal}/notes", {"text": "first\r\n<script>x</script>\x00"})
    assert "first\n&lt;script&gt;x&lt;/script&gt;" in text
    text = await post(anna, f"/deals/{deal}/notes", {"text": "   "}, 422)
    assert "A note is 1 to 5000 characters." in text


async def test_a_step_is_set_put_off_and_done(crm: Crm, anna: Browser, deal: int) -> None:
    # Noon in UTC is three in the afternoon in Moscow, where Anna works.
    step = {"kind": "offer", "due_at": "2026-11-21T16:30", "title": "by mail"}
    await post(anna, f"/deals/{deal}/tasks", step)
    text = await (await anna.get(f"/deals/{deal}", headers=HTMX)).text()
    assert "today 16:30" in text
    assert "by mail" in text
    assert "today 17:30" in await post(anna, f"/deals/{deal}/tasks/1/later", {"by": "hour"})
    crm.clock.go_on(timedelta(hours=4))
    assert "2 hours late" in await (await anna.get(f"/deals/{deal}", headers=HTMX)).text()
    assert "tomorrow 17:30" in await post(anna, f"/deals/{deal}/tasks/1/later", {"by": "tomorrow"})
    text = await post(anna, f"/deals/{deal}/tasks/1/done", {})
    assert "Done: Send offer" in text
    assert "late" not in text


@pytest.mark.parametrize("due_at", ["", "tomorrow", "2026-13-45T99:00"])
async def test_a_step_without_a_time_is_asked_for_one(anna: Browser, deal: int, due_at: str) -> None:
    step = {"kind": "call", "due_at": due_at, "title": "ring back"}
    text = await post(anna, f"/deals/{deal}/tasks", step, 422)
    assert 'id="wrong-task-due_at"' in text
    assert 'value="ring back"' in text


async def test_who_gives_a_card_away_is_led_to_the_board(crm: Crm, anna: Browser, deal: int) -> None:
    form = {"owner_id": crm.cast.boris.id, "version": 1}
    answer = await anna.post(f"/deals/{deal}/owner", data=form, headers=HTMX)
    assert answer.headers["HX-Redirect"] == "/board"
    assert (await anna.get(f"/deals/{deal}")).status == 404
    boris = await crm.browser(crm.cast.boris)
    assert "Handed over to Boris" in await (await boris.get(f"/deals/{deal}")).text()


async def test_the_list_of_stages_is_the_same_for_menu_and_key(
    anna: Browser, deal: int, funnel: Funnel
) -> None:
    text = await (await anna.get(f"/deals/{deal}/move", headers=HTMX)).text()
    assert [text.count(f'name="to_stage_id" value="{stage.id}"') for stage in funnel.stages] == [1] * 6
    answer = await anna.get(f"/deals/{deal}/move", allow_redirects=False)
    assert answer.headers["Location"] == f"/deals/{deal}"


async def test_another_sellers_card_is_not_found_on_any_path(crm: Crm, deal: int, funnel: Funnel) -> None:
    boris = await crm.browser(crm.cast.boris)
    for url in (f"/deals/{deal}", f"/deals/{deal}/move"):
        assert (await boris.get(url, headers=HTMX)).status == 404
    forms = {
        "move": {"to_stage_id": funnel.stages[1].id, "version": 1},
        "undo": {"move_id": 1},
        "fields": {"version": 1, "priority": "low"},
        "owner": {"version": 1, "owner_id": crm.cast.boris.id},
        "notes": {"text": "mine"},
        "tasks": {"kind": "call", "due_at": "2026-11-22T10:00"},
    }
    for name, form in forms.items():
        assert (await boris.post(f"/deals/{deal}/{name}", data=form, headers=HTMX)).status == 404, name
    assert (await boris.post(f"/deals/{deal}/tasks/1/done", headers=HTMX)).status == 404


@pytest.mark.parametrize("due_at", ["0026-11-22T10:00", "9999-12-31T23:59", "tomorrow"])
async def test_a_step_for_a_year_nobody_means_is_asked_again(anna: Browser, deal: int, due_at: str) -> None:
    text = await post(anna, f"/deals/{deal}/tasks", {"kind": "call", "due_at": due_at}, 422)
    assert "This is not a date and time." in text


async def test_a_step_sent_without_all_its_fields_is_asked_again(anna: Browser, deal: int) -> None:
    text = await post(anna, f"/deals/{deal}/tasks", {"kind": "dance", "due_at": "2026-11-22T10:00"}, 422)
    assert "This is none of the choices." in text
