"""Settings of recorded messages: sent, listened to, named, removed; nobody but heads comes in."""

from __future__ import annotations

import re
from io import BytesIO

import pytest
from aiohttp import ClientResponse, FormData

from pbx_crm.db import voice_messages
from pbx_crm.db.tables import audit
from pbx_crm.domain.voice_message import VoiceMessage
from tests.site import Browser, Crm
from tests.sounds import wav

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
