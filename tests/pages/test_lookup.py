"""The address that dialplans ask: one line for the PBX, nothing for anybody else."""

from __future__ import annotations

from datetime import timedelta
from ipaddress import ip_network

import pytest
from structlog.testing import capture_logs

from pbx_crm.db import extensions
from pbx_crm.db.engine import Transaction
from pbx_crm.domain.errors import StoreUnavailable
from pbx_crm.domain.pbx_door import PbxDoor
from pbx_crm.services.caller_lookup import CallerLookup
from tests import builders
from tests.builders import NOW
from tests.site import Browser, Crm

TOKEN, FAR = "t" * 32, "f" * 32
NUMBER = "79160004455"


@pytest.fixture
async def pbx(crm: Crm) -> Browser:
    """The office's PBX, asking from loopback; a second PBX may ask from elsewhere only."""
    doors = crm.services.telephony.doors
    doors.open(PbxDoor("office", TOKEN, (ip_network("127.0.0.0/8"),)))
    doors.open(PbxDoor("office", FAR, (ip_network("192.0.2.5"),)))

    def happened(tx: Transaction) -> None:
        extensions.link(tx, "office", "201", crm.cast.anna.id, NOW)
        client = builders.contact(tx, "Вектор", f"+{NUMBER}")
        builders.deal(tx, builders.funnel(tx), crm.cast.anna, contact_id=client)

    await crm.database.write(happened)
    return await crm.browser()


async def test_the_pbx_is_told_in_one_short_line(pbx: Browser) -> None:
    answer = await pbx.post("/pbx/lookup", data={"token": TOKEN, "number": NUMBER})
    assert (answer.status, await answer.text()) == (200, "crm:201:12:Вектор")
    assert answer.content_type == "text/plain"
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    "form",
    [
        {"token": "wrong" * 6, "number": NUMBER},
        {"token": FAR, "number": NUMBER},
        {"token": "", "number": NUMBER},
        {"number": NUMBER},
        {"token": TOKEN, "number": NUMBER, "more": "x" * 2000},
    ],
    ids=["wrong", "from elsewhere", "empty", "none", "too long"],
)
async def test_nobody_else_is_told_anything(pbx: Browser, form: dict[str, str]) -> None:
    answer = await pbx.post("/pbx/lookup", data=form)
    assert (answer.status, await answer.text()) == (403, "who is asking?")


async def test_a_token_in_the_address_opens_nothing(pbx: Browser) -> None:
    answer = await pbx.post(f"/pbx/lookup?token={TOKEN}&number={NUMBER}")
    assert answer.status == 403
    assert (await pbx.get(f"/pbx/lookup?token={TOKEN}")).status == 405


async def test_bytes_that_are_no_form_are_refused_like_a_stranger(pbx: Browser) -> None:
    for body in (b"\xff\xfe\x00token", b"%%%&&&===", b'{"token": "x"}', b""):
        assert (await pbx.post("/pbx/lookup", data=body)).status == 403


async def test_a_session_of_a_person_is_no_token(crm: Crm, pbx: Browser) -> None:
    head = await crm.browser(crm.cast.olga)
    assert (await head.post("/pbx/lookup", data={"number": NUMBER})).status == 403


async def test_an_answer_that_takes_too_long_is_no_answer(
    crm: Crm, pbx: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def too_long(*_: object) -> None:
        raise StoreUnavailable

    monkeypatch.setattr(CallerLookup, "answer", too_long)
    answer = await pbx.post("/pbx/lookup", data={"token": TOKEN, "number": NUMBER})
    assert (answer.status, await answer.text()) == (503, "not now")


async def test_a_wrong_token_is_noted_once_a_minute_and_not_with_itself(crm: Crm, pbx: Browser) -> None:
    with capture_logs() as told:
        for _ in range(3):
            await pbx.post("/pbx/lookup", data={"token": "guess" * 5, "number": NUMBER})
        crm.clock.go_on(timedelta(seconds=61))
        await pbx.post("/pbx/lookup", data={"token": "guess" * 5, "number": NUMBER})
    assert [one["event"] for one in told] == ["a dialplan's question was refused: wrong token or address"] * 2
    assert "guess" not in str(told)
    assert NUMBER not in str(told)
