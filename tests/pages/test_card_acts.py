"""What is done to a card without opening it, and the way of a deal to another funnel."""

from __future__ import annotations

import pytest

from pbx_crm.db import tasks
from pbx_crm.db.engine import Transaction
from pbx_crm.domain.deal import Priority
from pbx_crm.domain.funnel import Funnel
from tests import builders
from tests.builders import EVERYTHING
from tests.site import Browser, Crm

HTMX = {"HX-Request": "true"}


@pytest.fixture
async def funnels(crm: Crm) -> tuple[Funnel, Funnel]:
    """Telephony and B2B; deal 1 of Anna's lies in the first."""

    def fill(tx: Transaction) -> tuple[Funnel, Funnel]:
        here, there = builders.funnel(tx), builders.funnel(tx, 1)
        builders.deal(tx, here, crm.cast.anna, stage=1, contact_id=builders.contact(tx, "Vector"))
        return here, there

    return await crm.database.write(fill)


@pytest.fixture
async def anna(crm: Crm, funnels: tuple[Funnel, Funnel]) -> Browser:
    """Anna's browser."""
    return await crm.browser(crm.cast.anna)


async def test_the_priority_goes_round(crm: Crm, anna: Browser) -> None:
    for expected, words in ((Priority.HIGH, "High"), (Priority.LOW, "Low"), (Priority.NORMAL, "Normal")):
        answer = await anna.post("/deals/1/priority", headers=HTMX)
        assert f"Priority: {words}" in await answer.text()
        assert (await crm.services.deals.get(crm.cast.anna, 1)).priority is expected
    assert "/deals/1" in str((await anna.post("/deals/1/priority")).url), "without scripts: the deal's page"


async def test_a_step_is_set_over_the_board(crm: Crm, anna: Browser) -> None:
    form = await (await anna.get("/deals/1/step", headers=HTMX)).text()
    assert 'name="due_at"' in form
    fields = {"kind": "meeting", "due_at": "2026-12-01T10:00", "title": "Their office"}
    answer = await anna.post("/deals/1/step", data=fields, headers=HTMX)
    assert "The next step is set." in await answer.text()
    [task] = await crm.database.read(tasks.of_deal, 1, EVERYTHING)
    assert (task.kind.value, task.title, task.owner_id) == ("meeting", "Their office", crm.cast.anna.id)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"kind": "call", "due_at": ""}, "Say when."),
        ({"kind": "call", "due_at": "tomorrow"}, "This is not a date and time."),
        ({"kind": "call", "due_at": "2026-12-01T10:00", "title": "x" * 201}, "At most 200 characters."),
    ],
)
async def test_a_slip_in_a_step_leaves_what_was_typed(
    crm: Crm, anna: Browser, fields: dict[str, str], reason: str
) -> None:
    answer = await anna.post("/deals/1/step", data=fields, headers=HTMX)
    text = await answer.text()
    assert answer.status == 422
    assert reason in text
    assert 'hx-target="#dialog"' in text
    assert fields["due_at"] in text
    assert await crm.database.read(tasks.of_deal, 1, EVERYTHING) == []


async def test_a_deal_goes_to_another_funnel_from_its_card(
    crm: Crm, anna: Browser, funnels: tuple[Funnel, Funnel]
) -> None:
    _, there = funnels
    page = await (await anna.get("/deals/1")).text()
    assert '<optgroup label="B2B">' in page
    assert f'<option value="{there.stages[-1].id}">' not in page, "not into Lost"
    form = {"to_stage_id": str(there.stages[2].id), "version": "1", "reason": "A company after all"}
    text = await (await anna.post("/deals/1/funnel", data=form)).text()
    assert "A company after all" in text
    assert (await crm.services.deals.get(crm.cast.anna, 1)).funnel_id == there.id
    answer = await anna.post("/deals/1/funnel", data=form)
    assert answer.status == 409, "the slower of two is told"


async def test_a_stage_that_is_no_choice_is_told_at_the_field(anna: Browser) -> None:
    answer = await anna.post("/deals/1/funnel", data={"to_stage_id": "2", "version": "1"})
    assert answer.status == 422
    assert "Choose an open stage of another funnel." in await answer.text()


async def test_folding_without_scripts_leads_back_to_the_same_board(crm: Crm, anna: Browser) -> None:
    answer = await anna.post("/board/column/2/fold?order=urgent", data={"folded": "yes"})
    assert str(answer.url).endswith("/board?order=urgent")
    text = await answer.text()
    assert "is-folded" in text
    assert 'id="card-1"' not in text
    column = await anna.post("/board/column/2/fold", data={"folded": "no"}, headers=HTMX)
    assert 'id="card-1"' in await column.text()
    assert (await anna.post("/board/column/999/fold", data={"folded": "yes"})).status == 404


@pytest.mark.parametrize(
    ("query", "shown"), [("step=none", True), ("step=today", False), ("source=x", False)]
)
async def test_the_address_says_which_cards(anna: Browser, query: str, shown: bool) -> None:
    text = await (await anna.get(f"/board?{query}")).text()
    assert ('id="card-1"' in text) is shown
    assert f"/board/totals?{query}" in text, "the counts over the columns are of the same cards"
    assert "Show all" in text
