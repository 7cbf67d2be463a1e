"""Scripts of the head keep recorded messages: sent, heard, named, removed, and the switch of all calls."""

from __future__ import annotations

from datetime import time
from io import BytesIO
from typing import Any

import pytest
from aiohttp import FormData

from pbx_crm.db import extensions
from pbx_crm.domain.phone import NumberPlan
from pbx_crm.domain.voice_call import VoiceRules
from pbx_crm.services.voice_calls import VoiceOutlet
from tests import builders
from tests.builders import NOW
from tests.pages.test_api import Script, script
from tests.services.voice_desk import WrittenCaller
from tests.site import Crm
from tests.sounds import wav

HERE = "voice-messages"


@pytest.fixture
async def head(crm: Crm) -> Script:
    return await script(crm, crm.cast.olga)


async def send(head: Script, content: bytes, name: str = "Tomorrow.wav") -> tuple[int, Any]:
    """Sends a sound."""
    form = FormData()
    form.add_field("file", BytesIO(content), filename=name)
    return await head.ask("POST", HERE, data=form)


async def test_a_message_is_sent_named_heard_and_removed(head: Script) -> None:
    status, made = await send(head, wav(4))
    assert (status, made["name"], made["seconds"]) == (201, "Tomorrow", 4)
    one = f"{HERE}/{made['id']}"
    status, changed = await head.ask("PUT", one, json={"name": "Visit", "offers_opt_out": False})
    assert (changed["name"], changed["offers_talk"], changed["offers_opt_out"]) == ("Visit", True, False)
    headers = {"Authorization": f"Bearer {head.token}"}
    heard = await head.browser.get(f"/api/v1/{one}/sound", headers=headers)
    assert (heard.status, await heard.read()) == (200, wav(4))
    assert await head.ask("DELETE", one) == (200, {"done": True})
    told = await head.get(HERE)
    assert (told["messages"], told["takes_files"]) == ([], True)
    for method in ("PUT", "DELETE"):
        assert (await head.ask(method, one, json={"name": "Visit"}))[0] == 404


async def test_robots_call_only_while_the_head_lets_them(head: Script) -> None:
    for is_on in (True, True, False):
        status, told = await head.ask("POST", f"{HERE}/switch", json={"is_on": is_on})
        assert (status, told["is_on"]) == (200, is_on)
    assert not (await head.get(HERE))["is_on"]


async def test_what_is_no_sound_and_no_name_is_refused(head: Script) -> None:
    status, told = await send(head, b"not a sound")
    assert (status, list(told["details"])) == (422, ["file"])
    made = (await send(head, wav()))[1]
    status, told = await head.ask("PUT", f"{HERE}/{made['id']}", json={"name": ""})
    assert (status, list(told["details"])) == (422, ["name"])


async def test_a_seller_keeps_no_messages(crm: Crm, head: Script) -> None:
    anna = await script(crm, crm.cast.anna)
    assert (await anna.ask("GET", HERE))[0] == 403
    assert (await anna.ask("POST", f"{HERE}/switch", json={"is_on": True}))[0] == 403


async def test_a_robot_calls_with_a_message_that_there_is(crm: Crm, head: Script) -> None:
    funnel = await crm.database.write(builders.funnel)
    message = (await send(head, wav()))[1]
    terms = {"name": "Remind", "occasion": "meeting", "hours": 2}
    wish = {**terms, "funnel_id": funnel.id, "voice_id": message["id"]}
    status, made = await head.ask("POST", "robots", json=wish)
    assert (status, made["voice_id"]) == (201, message["id"])
    status, told = await head.ask("PUT", f"robots/{made['id']}", json={**terms, "voice_id": 999})
    assert (status, list(told["details"])) == (422, ["voice_id"])
    assert (await head.ask("DELETE", f"{HERE}/{message['id']}"))[1]["error"] == "message_in_use"


def phone_of_the_house(crm: Crm) -> WrittenCaller:
    """A PBX over which messages are tried."""
    caller = WrittenCaller()
    rules = VoiceRules("RU", hours=(time(0), time(23)))
    crm.services.voice.calls.offer("office", VoiceOutlet(caller, NumberPlan("RU"), rules))
    return caller


async def test_a_message_is_played_once_on_the_heads_own_phone(crm: Crm, head: Script) -> None:
    caller = phone_of_the_house(crm)
    await crm.database.write(lambda tx: extensions.link(tx, "office", "200", crm.cast.olga.id, NOW))
    hear = f"{HERE}/{(await send(head, wav()))[1]['id']}/try"
    for _ in range(2):
        assert await head.ask("POST", hear, json={"request_key": "once"}) == (200, {"done": True})
    assert [extension for extension, _ in caller.tried] == ["200"]
    assert (await head.ask("POST", hear, json={}))[0] == 200
    assert len(caller.tried) == 2, "without a key every wish is another one"


async def test_a_message_is_not_tried_where_no_phone_can_ring(crm: Crm, head: Script) -> None:
    hear = f"{HERE}/{(await send(head, wav()))[1]['id']}/try"
    status, told = await head.ask("POST", hear, json={})
    assert (status, told["error"]) == (400, "not_by_click")
    caller = phone_of_the_house(crm)
    status, told = await head.ask("POST", hear, json={})
    assert (status, told["error"]) == (400, "no_phone")
    assert (await head.ask("POST", f"{HERE}/999/try", json={}))[0] == 404
    assert caller.tried == []
