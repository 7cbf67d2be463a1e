"""The popup and the banner as pages: what is in the answer, and for whom."""

from __future__ import annotations

from datetime import timedelta

import pytest

from pbx_crm.db import deal_notes, tasks
from pbx_crm.db.engine import Transaction
from pbx_crm.domain.call import Direction, Outcome
from pbx_crm.domain.errors import NotFound
from pbx_crm.domain.pbx_link import LinkState, LinkStatus
from pbx_crm.domain.sentence import Sentence
from pbx_crm.domain.task import NewTask, TaskKind
from tests import builders
from tests.builders import NOW
from tests.call_rows import CallRows
from tests.site import Crm

FRAGMENT = {"HX-Request": "true"}
HOSTILE = '<script>alert("x")</script>'


async def popup(crm: Crm, name: str = "anna") -> str:
    """The person's popup as it is sent."""
    browser = await crm.browser(getattr(crm.cast, name))
    answer = await browser.get("/popup", headers=FRAGMENT)
    assert answer.status == 200
    return await answer.text()


async def test_no_call_no_markup(crm: Crm) -> None:
    assert (await popup(crm)).strip() == ""


async def test_a_ringing_call_is_an_alert_with_number_and_line(crm: Crm) -> None:
    await crm.database.write(lambda tx: CallRows(tx, queue="600").ring(crm.cast.anna))
    text = await popup(crm)
    assert 'data-phase="ringing"' in text
    assert 'role="alert"' in text
    assert "+7 905 123-45-67" in text
    assert "600" in text


async def test_a_hostile_caller_name_is_only_text(crm: Crm) -> None:
    await crm.database.write(lambda tx: CallRows(tx, caller_name=HOSTILE).ring(crm.cast.anna))
    text = await popup(crm)
    assert "<script" not in text
    assert "&lt;script&gt;" in text


async def test_a_nameless_client_of_another_seller_did_not_withhold_the_number(crm: Crm) -> None:
    """The number is kept from Boris, not from the company: neither the popup nor the log says otherwise."""

    def story(tx: Transaction) -> None:
        client = builders.contact(tx, "")
        builders.deal(tx, builders.funnel(tx), crm.cast.anna, contact_id=client)
        CallRows(tx, contact_id=client, caller_name="").ring(crm.cast.boris)

    await crm.database.write(story)
    browser = await crm.browser(crm.cast.boris)
    log = await (await browser.get("/calls")).text()
    told = await (await browser.get("/calls/1", headers=FRAGMENT)).text()
    for text in (await popup(crm, "boris"), log, told):
        assert "client of Anna" in text.replace("Client of", "client of")
        assert "withheld" not in text
        assert "905" not in text


async def test_a_deal_without_a_name_is_called_by_its_number_as_people_write_it(crm: Crm) -> None:
    def story(tx: Transaction) -> None:
        client = builders.contact(tx, "", "+79051234567")
        deal = builders.deal(tx, builders.funnel(tx), crm.cast.anna, contact_id=client)
        CallRows(tx, contact_id=client, caller_name="", deal_id=deal).ring(crm.cast.anna)

    await crm.database.write(story)
    browser = await crm.browser(crm.cast.anna)
    for text in (await popup(crm), await (await browser.get("/calls")).text()):
        assert ">+7 905 123-45-67</bdi></a>" in text
        assert ">+79051234567<" not in text


async def test_another_seller_s_client_comes_without_number(crm: Crm) -> None:
    def story(tx: Transaction) -> None:
        client = builders.contact(tx, "Vector")
        builders.deal(tx, builders.funnel(tx), crm.cast.anna, contact_id=client, title="Secret plan")
        CallRows(tx, contact_id=client).ring(crm.cast.boris)

    await crm.database.write(story)
    text = await popup(crm, "boris")
    assert "client of Anna" in text
    assert "Vector" in text
    assert "905" not in text
    assert "Secret plan" not in text


@pytest.mark.parametrize("outcome", list(Outcome))
async def test_every_state_can_be_shown(crm: Crm, outcome: Outcome) -> None:
    crm.clock.now = NOW + timedelta(seconds=20)
    await crm.database.write(lambda tx: CallRows(tx).ring(crm.cast.anna).end(15, outcome))
    assert 'data-phase="missed"' in await popup(crm)


async def test_closing_leaves_an_empty_region(crm: Crm) -> None:
    call = await crm.database.write(lambda tx: CallRows(tx).ring(crm.cast.anna))
    browser = await crm.browser(crm.cast.anna)
    answer = await browser.post(f"/popup/{call.id}/close", headers=FRAGMENT)
    assert (answer.status, (await answer.text()).strip()) == (200, "")


async def test_another_s_popup_cannot_be_closed(crm: Crm) -> None:
    call = await crm.database.write(lambda tx: CallRows(tx).ring(crm.cast.anna))
    browser = await crm.browser(crm.cast.boris)
    answer = await browser.post(f"/popup/{call.id}/close", headers=FRAGMENT)
    assert answer.status == 404


async def test_the_banner_tells_the_admin_what_to_change(crm: Crm) -> None:
    cause = Sentence.of("Check secret= in manager.conf [%(user)s].", user="pbx-crm")
    crm.services.pbx_link.changed("main", LinkState(LinkStatus.REFUSED, NOW, cause))
    told = {}
    for name in ("anna", "olga", "peter"):
        browser = await crm.browser(getattr(crm.cast, name))
        told[name] = await (await browser.get("/banner", headers=FRAGMENT)).text()
    assert all("main has not been heard since" in text for text in told.values())
    assert [("manager.conf" in told[name]) for name in told] == [False, True, True]


async def test_an_outgoing_call_becomes_a_deal_by_one_click(crm: Crm) -> None:
    def story(tx: Transaction) -> int:
        builders.funnel(tx)
        return CallRows(tx, direction=Direction.OUT).dial(crm.cast.anna).id

    call_id = await crm.database.write(story)
    assert f"/popup/{call_id}/deal" in await popup(crm)
    browser = await crm.browser(crm.cast.anna)
    answer = await browser.post(f"/popup/{call_id}/deal", data={"name": "Vector"}, headers=FRAGMENT)
    text = await answer.text()
    assert answer.status == 200, text
    assert "Vector" in text
    assert "Unsorted" in text
    assert f"/popup/{call_id}/deal" not in text


async def test_a_note_goes_to_the_call_s_deal(crm: Crm) -> None:
    def story(tx: Transaction) -> tuple[int, int]:
        deal_id = builders.deal(tx, builders.funnel(tx), crm.cast.anna)
        return CallRows(tx, deal_id=deal_id).ring(crm.cast.anna).answer(crm.cast.anna).id, deal_id

    call_id, deal_id = await crm.database.write(story)
    browser = await crm.browser(crm.cast.anna)
    answer = await browser.post(
        f"/popup/{call_id}/note", data={"text": "wants\na discount"}, headers=FRAGMENT
    )
    assert (answer.status, "Saved" in await answer.text()) == (200, True)
    card = await (await browser.get(f"/deals/{deal_id}", headers=FRAGMENT)).text()
    assert "wants\na discount" in card


async def test_no_note_without_a_deal(crm: Crm) -> None:
    call = await crm.database.write(lambda tx: CallRows(tx).ring(crm.cast.anna).answer(crm.cast.anna))
    browser = await crm.browser(crm.cast.anna)
    answer = await browser.post(f"/popup/{call.id}/note", data={"text": "lost"}, headers=FRAGMENT)
    assert answer.status == 404


async def unknown_caller(crm: Crm) -> tuple[int, int]:
    """Anna talks with somebody whose card has a number and no name: the call's and the deal's ids."""

    def story(tx: Transaction) -> tuple[int, int]:
        client = builders.contact(tx, "", "+79051234567")
        deal = builders.deal(tx, builders.funnel(tx), crm.cast.anna, contact_id=client)
        call = CallRows(tx, contact_id=client, caller_name="", deal_id=deal)
        return call.ring(crm.cast.anna).answer(crm.cast.anna).id, deal

    return await crm.database.write(story)


async def test_who_called_is_written_down_where_the_call_is(crm: Crm) -> None:
    call_id, _ = await unknown_caller(crm)
    browser = await crm.browser(crm.cast.anna)
    assert 'name="client_name"' in await popup(crm)
    answer = await browser.post(f"/popup/{call_id}/note", data={"client_name": "Vector"}, headers=FRAGMENT)
    text = await answer.text()
    assert (answer.status, "Vector" in text) == (200, True), text
    assert 'name="client_name"' not in text, "who has a name is not asked for it"


async def test_a_name_that_a_colleague_wrote_meanwhile_stays(crm: Crm) -> None:
    call_id, deal_id = await unknown_caller(crm)
    await crm.services.deals.name_client(crm.cast.olga, deal_id, "Orion")
    browser = await crm.browser(crm.cast.anna)
    data = {"client_name": "Orion Limited", "text": "wants a discount"}
    text = await (await browser.post(f"/popup/{call_id}/note", data=data, headers=FRAGMENT)).text()
    assert "Orion" in text
    assert "Orion Limited" not in text
    assert "wants a discount" in text, "the note is written all the same"


@pytest.mark.parametrize(("name", "status"), [("x" * 201, 422), (HOSTILE, 200), ("  ", 200)])
async def test_a_name_is_a_name_and_not_everything(crm: Crm, name: str, status: int) -> None:
    call_id, _ = await unknown_caller(crm)
    browser = await crm.browser(crm.cast.anna)
    answer = await browser.post(f"/popup/{call_id}/note", data={"client_name": name}, headers=FRAGMENT)
    assert answer.status == status
    assert "<script" not in await popup(crm)


async def test_nobody_names_another_sellers_client(crm: Crm) -> None:
    call_id, deal_id = await unknown_caller(crm)
    boris = await crm.browser(crm.cast.boris)
    answer = await boris.post(f"/popup/{call_id}/note", data={"client_name": "Mine"}, headers=FRAGMENT)
    assert answer.status == 404
    with pytest.raises(NotFound):
        await crm.services.deals.name_client(crm.cast.boris, deal_id, "Mine")


async def promised(crm: Crm, due_in: timedelta, note: str = "") -> None:
    """Anna's phone rings; she had promised this client an offer, and wrote a note."""

    def story(tx: Transaction) -> None:
        client = builders.contact(tx, "Vector")
        deal = builders.deal(tx, builders.funnel(tx), crm.cast.anna, contact_id=client)
        new = NewTask(TaskKind.OFFER, crm.cast.anna.id, NOW + due_in, NOW, deal)
        tasks.add(tx, new)
        if note:
            deal_notes.add(tx, deal, crm.cast.anna.id, note, NOW)
        CallRows(tx, contact_id=client, deal_id=deal).ring(crm.cast.anna)

    await crm.database.write(story)


@pytest.mark.parametrize(
    ("due_in", "said"), [(timedelta(days=-1), "1 day late"), (timedelta(hours=2), "today ")]
)
async def test_what_was_promised_is_read_before_saying_hello(crm: Crm, due_in: timedelta, said: str) -> None:
    await promised(crm, due_in, "wants <b>a discount</b>")
    text = await popup(crm)
    assert "Send offer" in text
    assert said in text
    assert "wants &lt;b&gt;a discount" in text


async def test_a_client_to_whom_nothing_was_promised_is_promised_nothing(crm: Crm) -> None:
    await unknown_caller(crm)
    assert "Promised" not in await popup(crm)


@pytest.mark.parametrize("outcome", [Outcome.MISSED, Outcome.VOICEMAIL])
async def test_who_was_missed_is_called_back_from_the_popup(crm: Crm, outcome: Outcome) -> None:
    crm.clock.now = NOW + timedelta(seconds=20)
    await crm.database.write(lambda tx: CallRows(tx).ring(crm.cast.anna).end(15, outcome))
    assert 'href="tel:+79051234567"' in await popup(crm)


async def test_another_sellers_missed_client_is_not_called_from_the_popup(crm: Crm) -> None:
    crm.clock.now = NOW + timedelta(seconds=20)

    def story(tx: Transaction) -> None:
        client = builders.contact(tx, "Vector")
        builders.deal(tx, builders.funnel(tx), crm.cast.anna, contact_id=client)
        CallRows(tx, contact_id=client).ring(crm.cast.boris).end(15, Outcome.MISSED)

    await crm.database.write(story)
    text = await popup(crm, "boris")
    assert 'data-phase="missed"' in text
    assert "tel:" not in text
