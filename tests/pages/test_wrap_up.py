"""Wrapping up on the pages: the popup, Today without a script, and the head's answers."""

from __future__ import annotations

from datetime import timedelta

from pbx_crm.db import wrap_up_outcomes
from pbx_crm.db.engine import Transaction
from pbx_crm.domain.call import Outcome
from pbx_crm.domain.funnel import Funnel
from tests import builders
from tests.builders import NOW
from tests.call_rows import CallRows
from tests.site import Crm

FRAGMENT = {"HX-Request": "true"}
HOSTILE = "<b>Agreed</b>"


async def talked(crm: Crm, client: str = "Vector") -> tuple[int, int, Funnel]:
    """A talk of Anna's that has just ended: its call's and its answer's ids, and the funnel."""

    def story(tx: Transaction) -> tuple[int, int, Funnel]:
        funnel = builders.funnel(tx)
        contact = builders.contact(tx, client)
        deal_id = builders.deal(tx, funnel, crm.cast.anna, contact_id=contact)
        at = NOW - timedelta(minutes=2)
        call = CallRows(tx, at, deal_id=deal_id, contact_id=contact).ring(crm.cast.anna)
        call.answer(crm.cast.anna).end(60, Outcome.ANSWERED, talk_seconds=52.0)
        return call.id, wrap_up_outcomes.of_funnel(tx, funnel.id)[0].id, funnel

    return await crm.database.write(story)


async def test_the_popup_has_answers_steps_and_the_stage_ahead(crm: Crm) -> None:
    call_id, answer, _ = await talked(crm)
    browser = await crm.browser(crm.cast.anna)
    text = await (await browser.get("/popup", headers=FRAGMENT)).text()
    assert f'name="outcome" value="{answer}"' in text
    assert 'name="step" value="call_tomorrow"' in text
    assert "To New" in text
    assert f'hx-include="#note-{call_id} , #name-{call_id}"' in text


async def test_the_answer_is_told_with_an_undo_and_the_popup_is_gone(crm: Crm) -> None:
    call_id, answer, _ = await talked(crm)
    browser = await crm.browser(crm.cast.anna)
    data = {"outcome": str(answer), "step": "call_tomorrow", "text": "asked for a plan"}
    answered = await browser.post(f"/popup/{call_id}/wrap-up", data=data, headers=FRAGMENT)
    text = await answered.text()
    assert answered.status == 200
    assert f"/popup/{call_id}/wrap-up/undo" in text
    assert 'class="call-popup' not in text
    again = await browser.post(f"/popup/{call_id}/wrap-up", data=data, headers=FRAGMENT)
    assert (again.status, "wrapped up already" in await again.text()) == (409, True)
    undone = await browser.post(f"/popup/{call_id}/wrap-up/undo", headers=FRAGMENT)
    assert "How did it go?" in await undone.text()


async def test_the_name_typed_into_the_popup_is_written_down_along(crm: Crm) -> None:
    call_id, answer, _ = await talked(crm, client="")
    browser = await crm.browser(crm.cast.anna)
    data = {"outcome": str(answer), "step": "none", "client_name": "Vector"}
    assert (await browser.post(f"/popup/{call_id}/wrap-up", data=data, headers=FRAGMENT)).status == 200
    assert "Vector" in await (await browser.get("/board")).text()


async def test_today_finishes_notes_without_a_script(crm: Crm) -> None:
    call_id, answer, _ = await talked(crm)
    browser = await crm.browser(crm.cast.anna)
    assert "Finish notes" in await (await browser.get("/today")).text()
    data = {"outcome": str(answer), "step": "none"}
    answered = await browser.post(f"/popup/{call_id}/wrap-up", data=data, allow_redirects=False)
    assert (answered.status, answered.headers["Location"]) == (303, "/today")
    assert "Finish notes" not in await (await browser.get("/today")).text()


async def test_the_head_sees_whose_notes_are_missing_and_writes_none_for_them(crm: Crm) -> None:
    call_id, _, _ = await talked(crm)
    browser = await crm.browser(crm.cast.olga)
    text = await (await browser.get("/today?who=all")).text()
    assert f'id="talk-{call_id}"' in text
    assert f"/popup/{call_id}/wrap-up" not in text


async def test_nonsense_is_refused_and_writes_nothing(crm: Crm) -> None:
    call_id, answer, _ = await talked(crm)
    browser = await crm.browser(crm.cast.anna)
    for data in (
        {"outcome": "", "step": "none"},
        {"outcome": str(answer), "step": "fly"},
        {"outcome": "999999999", "step": "none"},
        {"outcome": str(answer), "step": "none", "text": "x" * 5001},
    ):
        answered = await browser.post(f"/popup/{call_id}/wrap-up", data=data, headers=FRAGMENT)
        assert answered.status == 422, data
    assert "Finish notes" in await (await browser.get("/today")).text()


async def test_the_head_draws_the_answers_of_a_funnel(crm: Crm) -> None:
    _, answer, funnel = await talked(crm)
    browser = await crm.browser(crm.cast.olga)
    page = f"/settings/funnels/{funnel.id}"
    added = await browser.post(f"{page}/answers", data={"outcome": HOSTILE, "suggests": "offer"})
    text = await added.text()
    assert "&lt;b&gt;Agreed&lt;/b&gt;" in text
    assert HOSTILE not in text
    doubled = await browser.post(f"{page}/answers", data={"outcome": HOSTILE, "suggests": "none"})
    assert (doubled.status, "This name is taken" in await doubled.text()) == (422, True)
    await browser.post(f"/settings/answers/{answer}", data={"outcome": "Deal!", "suggests": "call_soon"})
    seller = await crm.browser(crm.cast.anna)
    shown = await (await seller.get("/popup", headers=FRAGMENT)).text()
    assert "Deal!" in shown
    assert f'value="{answer}" required data-suggests="call_soon"' in shown


async def test_a_retired_answer_is_offered_no_more_and_the_last_one_stays(crm: Crm) -> None:
    _, _, funnel = await talked(crm)
    browser = await crm.browser(crm.cast.olga)
    offered = await crm.database.read(wrap_up_outcomes.of_funnel, funnel.id)
    for one in offered[1:]:
        answered = await browser.post(f"/settings/answers/{one.id}", data={"act": "retire"})
        assert answered.status == 200
    last = await browser.post(f"/settings/answers/{offered[0].id}", data={"act": "retire"})
    assert last.status == 409
    assert [one.id for one in await crm.database.read(wrap_up_outcomes.of_funnel, funnel.id)] == [
        offered[0].id
    ]
    again = {"outcome": offered[1].name, "suggests": "none"}
    await browser.post(f"/settings/funnels/{funnel.id}/answers", data=again)
    assert [one.id for one in await crm.database.read(wrap_up_outcomes.of_funnel, funnel.id)] == [
        offered[0].id,
        offered[1].id,
    ]


async def test_a_copied_funnel_offers_the_same_answers_and_its_triggers_mean_them(crm: Crm) -> None:
    _, answer, funnel = await talked(crm)
    browser = await crm.browser(crm.cast.olga)
    rule = {"funnel_id": str(funnel.id), "name": "agreed", "priority": "high", "wrap_up_id": str(answer)}
    assert (await browser.post("/settings/triggers", data=rule)).status == 200
    await browser.post("/settings/funnels", data={"body": f"funnel-{funnel.id}", "name": "Twin"})
    view = await crm.services.setup.triggers.view()
    twin = next(one for one in view.funnels if one.name == "Twin")
    (copied,) = (one for one in view.of_funnel(twin.id) if one.name == "agreed")
    assert copied.wrap_up_id in {one.id for one in view.outcomes_of(twin.id)}
    assert copied.wrap_up_id != answer


async def test_a_trigger_about_another_funnels_answer_is_refused(crm: Crm) -> None:
    _, answer, _ = await talked(crm)
    browser = await crm.browser(crm.cast.olga)
    other = await crm.database.write(builders.funnel, 1)
    rule = {"funnel_id": str(other.id), "name": "odd", "priority": "high", "wrap_up_id": str(answer)}
    answered = await browser.post("/settings/triggers", data=rule)
    assert (answered.status, "Choose an answer of this funnel" in await answered.text()) == (422, True)
