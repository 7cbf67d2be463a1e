"""Settings of recorded messages: sent, listened to, named, removed; nobody but heads comes in."""

from __future__ import annotations

import re
from datetime import time
from io import BytesIO
from ipaddress import ip_network

import pytest
from aiohttp import ClientResponse, FormData

from pbx_crm.db import contact_edits, extensions, voice_messages
from pbx_crm.db.tables import audit
from pbx_crm.domain.pbx_door import PbxDoor
from pbx_crm.domain.phone import NumberPlan
from pbx_crm.domain.voice_call import VoiceRules
from pbx_crm.domain.voice_message import VoiceMessage
from pbx_crm.services.voice_calls import VoiceOutlet
from tests import builders
from tests.builders import NOW
from tests.services.voice_desk import WrittenCaller
from tests.site import Browser, Crm
from tests.sounds import wav
from tests.voice_house import VoiceHouse

HERE = "/settings/voice"


@pytest.fixture
async def olga(crm: Crm) -> Browser:
    return await crm.browser(crm.cast.olga)


async def send(browser: Browser, content: bytes, name: str = "Напоминание.wav") -> ClientResponse:
    """Sends a sound as the page's form does."""
    form = FormData(quote_fields=False)
    form.add_field("file", BytesIO(content), filename=name, content_type="audio/wav")
    return await browser.post(HERE, data=form)


async def stored(crm: Crm) -> list[VoiceMessage]:
    return await crm.database.read(voice_messages.everything)


async def test_the_head_sends_a_message_and_listens_to_it(crm: Crm, olga: Browser) -> None:
    page = await (await send(olga, wav(4))).text()
    (message,) = await stored(crm)
    assert (message.name, message.sound.seconds, message.keys) == ("Напоминание", 4, "129")
    assert "Напоминание" in page
    heard = await olga.get(f"{HERE}/{message.id}/sound", headers={"Range": "bytes=0-43"})
    assert (heard.status, heard.headers["Content-Type"]) == (206, "audio/wav")
    assert await heard.read() == wav(4)[:44]
    assert f'src="{HERE}/{message.id}/sound"' in page


async def test_a_message_is_renamed_and_says_which_keys_it_offers(crm: Crm, olga: Browser) -> None:
    await send(olga, wav())
    (message,) = await stored(crm)
    await olga.post(f"{HERE}/{message.id}", data={"name": "Tomorrow", "offers_opt_out": "yes"})
    (changed,) = await stored(crm)
    assert (changed.name, changed.keys) == ("Tomorrow", "19")


async def test_two_files_of_one_name_are_two_messages(crm: Crm, olga: Browser) -> None:
    await send(olga, wav(1))
    await send(olga, wav(2))
    first, second = await stored(crm)
    assert [first.name, second.name] == ["Напоминание", "Напоминание 2"]
    answer = await olga.post(f"{HERE}/{second.id}", data={"name": "Напоминание"})
    assert answer.status == 422
    assert "There is a message of this name already." in await answer.text()


@pytest.mark.parametrize("name", ["", "x" * 101])
async def test_a_message_keeps_its_name_where_the_new_one_is_none(crm: Crm, olga: Browser, name: str) -> None:
    await send(olga, wav())
    (message,) = await stored(crm)
    answer = await olga.post(f"{HERE}/{message.id}", data={"name": name})
    assert answer.status == 422
    assert await stored(crm) == [message]


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (b"music", "song.mp3", "install sox"),
        (b"offer", "offer.pdf", "Send a WAV"),
        (wav(130), "long.wav", "1 to 120 seconds"),
    ],
)
async def test_what_is_no_message_is_refused_in_words(
    crm: Crm, olga: Browser, content: bytes, name: str, words: str
) -> None:
    answer = await send(olga, content, name)
    assert answer.status == 422
    assert words in await answer.text()
    assert await stored(crm) == []


async def test_a_form_without_a_file_says_so(olga: Browser) -> None:
    answer = await olga.post(HERE, data={"file": "none"})
    assert answer.status == 422
    assert "Choose a file." in await answer.text()


async def test_a_removed_message_is_gone_with_its_sound(crm: Crm, olga: Browser) -> None:
    await send(olga, wav())
    (message,) = await stored(crm)
    await olga.post(f"{HERE}/{message.id}/drop", data={})
    assert await stored(crm) == []
    assert (await olga.get(f"{HERE}/{message.id}/sound")).status == 404


async def test_calling_is_off_until_the_head_switches_it_on(crm: Crm, olga: Browser) -> None:
    assert "Off: no client is called" in await (await olga.get(HERE)).text()
    page = await (await olga.post(f"{HERE}/switch", data={"on": "yes"})).text()
    assert "On: robots that are switched on" in page
    assert "Off: no client" in await (await olga.post(f"{HERE}/switch", data={"on": "no"})).text()
    acts = await crm.database.read(lambda tx: list(tx.execute(audit.select()).mappings()))
    assert [row["act"] for row in acts if "voice" in row["act"]] == [
        "voice messages on",
        "voice messages off",
    ]


async def test_a_name_is_text_and_nothing_else(olga: Browser) -> None:
    page = await (await send(olga, wav(), "<script>alert(1)<script>.wav")).text()
    assert "<script>alert" not in page
    assert re.search(r"&lt;script&gt;alert", page)


async def test_sellers_and_admins_find_no_messages(crm: Crm, olga: Browser) -> None:
    await send(olga, wav())
    (message,) = await stored(crm)
    for person in (crm.cast.anna, crm.cast.peter):
        browser = await crm.browser(person)
        assert (await browser.get(f"{HERE}/{message.id}/sound")).status in (403, 404)
        assert (await send(browser, wav())).status == 403


TOKEN = "t" * 32


@pytest.fixture
async def pbx(crm: Crm) -> Browser:
    """The office's PBX, asking from loopback; another's may come from elsewhere only."""
    doors = crm.services.telephony.doors
    doors.open(PbxDoor("office", TOKEN, (ip_network("127.0.0.0/8"),)))
    return await crm.browser()


@pytest.fixture
async def house(crm: Crm) -> VoiceHouse:
    """A house whose robots call over the office's PBX."""
    made = VoiceHouse(crm.database, await crm.database.write(builders.funnel), crm.cast.anna, crm.clock)
    await made.furnish()
    crm.services.voice.calls.offer(
        "office", VoiceOutlet(WrittenCaller(), NumberPlan("RU"), VoiceRules("RU", hours=(time(0), time(23))))
    )
    return made


async def test_the_pbx_fetches_a_recording_by_its_digest_and_nobody_else_does(
    crm: Crm, olga: Browser, pbx: Browser
) -> None:
    await send(olga, wav())
    (message,) = await stored(crm)
    answer = await pbx.get(f"/pbx/voice/{message.sound.digest}.wav")
    assert (answer.status, await answer.read()) == (200, wav())
    assert (await pbx.get(f"/pbx/voice/{'0' * 64}.wav")).status == 404
    assert (await pbx.get("/pbx/voice/..%2F..%2Fcrm.db.wav")).status == 404
    await crm.database.write(lambda tx: voice_messages.drop(tx, message.id))


async def test_from_another_address_no_recording_is_fetched(crm: Crm, olga: Browser) -> None:
    await send(olga, wav())
    (message,) = await stored(crm)
    crm.services.telephony.doors.open(PbxDoor("office", TOKEN, (ip_network("192.0.2.5"),)))
    stranger = await crm.browser()
    assert (await stranger.get(f"/pbx/voice/{message.sound.digest}.wav")).status == 403


async def test_the_dialplan_reports_a_key_and_the_page_shows_it(
    crm: Crm, olga: Browser, pbx: Browser, house: VoiceHouse
) -> None:
    call = await house.plan("+79161234567")
    assert await crm.services.voice.calls.sweep() == 1
    assert "being called" in await (await olga.get(HERE)).text()
    channel_id = (await house.now(call)).channel_id or ""
    wrong = await pbx.post("/pbx/voice", data={"token": "x" * 32, "call": channel_id, "said": "9"})
    assert (wrong.status, (await house.now(call)).result) == (403, None)
    answer = await pbx.post("/pbx/voice", data={"token": TOKEN, "call": channel_id, "said": "1"})
    assert await answer.text() == "crm:done"
    page = await (await olga.get(HERE)).text()
    assert "confirmed" in page
    card = await (await olga.get(f"/deals/{call.deal_id}")).text()
    assert "the client confirmed (pressed 1)" in card


async def test_a_report_about_no_call_of_ours_is_answered_and_forgotten(pbx: Browser) -> None:
    for call, said in (("crm-voice-0", "1"), ("", ""), ("' OR 1=1 --", "9"), ("crm-voice-0", "x" * 500)):
        answer = await pbx.post("/pbx/voice", data={"token": TOKEN, "call": call, "said": said})
        assert (answer.status, await answer.text()) == (200, "crm:card")


async def test_the_head_takes_back_that_a_client_wants_no_more_calls(
    crm: Crm, olga: Browser, pbx: Browser, house: VoiceHouse
) -> None:
    call = await house.plan("+79161234567")
    await crm.services.voice.calls.sweep()
    channel_id = (await house.now(call)).channel_id or ""
    await pbx.post("/pbx/voice", data={"token": TOKEN, "call": channel_id, "said": "9"})
    card = await (await olga.get(f"/deals/{call.deal_id}")).text()
    found = re.search(rf"/deals/{call.deal_id}/acts/\d+/undo", card)
    assert found is not None
    await olga.post(found.group(), data={})
    assert not await crm.database.read(contact_edits.is_not_to_be_called, "+79161234567")


async def test_the_head_has_a_message_played_on_their_own_phone(
    crm: Crm, olga: Browser, house: VoiceHouse
) -> None:
    await crm.database.write(lambda tx: extensions.link(tx, "office", "200", crm.cast.olga.id, NOW))
    page = await (await olga.get(HERE)).text()
    assert "Call me and play it" in page
    answer = await olga.post(f"{HERE}/{house.message_id}/try", data={"request_key": "k"})
    assert answer.status == 200


async def test_a_robot_is_given_a_message_and_the_message_then_stays(
    crm: Crm, olga: Browser, house: VoiceHouse
) -> None:
    form = {"funnel_id": str(house.funnel.id), "name": "Reminder", "occasion": "meeting", "hours": "24"}
    wrong = await olga.post("/settings/robots", data={**form, "voice_id": "999"})
    assert "There is no such message." in await wrong.text()
    page = await olga.post("/settings/robots", data={**form, "voice_id": str(house.message_id)})
    assert "calls the client" in await page.text()
    assert "a meeting is 24 hours away" in await page.text()
    refused = await olga.post(f"{HERE}/{house.message_id}/drop", data={})
    assert "A robot calls with this message" in await refused.text()


async def test_a_trigger_waits_for_what_was_pressed(crm: Crm, olga: Browser, house: VoiceHouse) -> None:
    form = {
        "funnel_id": str(house.funnel.id),
        "name": "Comes",
        "voice_result": "confirmed",
        "priority": "high",
    }
    page = await (await olga.post("/settings/triggers", data=form)).text()
    assert "Voice message: confirmed" in page
    wrong = await olga.post("/settings/triggers", data={**form, "name": "No", "voice_result": "shouted"})
    assert wrong.status == 422
