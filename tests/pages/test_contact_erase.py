"""The page on which a head erases a client: what would go, what could not, and nobody else's business."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from pbx_crm.db.engine import Transaction
from pbx_crm.domain.call import Outcome
from pbx_crm.outside.recording_folder import RecordingFolder
from pbx_crm.outside.sox import Player
from tests import builders
from tests.builders import NOW
from tests.call_rows import CallRows
from tests.site import Browser, Crm

SURE = {"sure": "yes"}


@pytest.fixture
def office(crm: Crm, tmp_path: Path) -> Iterator[Crm]:
    """The site of a company whose PBX records."""
    player = Player(sox="")
    (tmp_path / "monitor").mkdir()
    (tmp_path / "monitor" / "17.1.wav").write_bytes(b"RIFF")
    shelf = RecordingFolder(tmp_path / "monitor", ZoneInfo("Europe/Moscow"))
    crm.services.office.recordings.offer({"main": shelf}, player)
    yield crm
    player.close()


async def client(crm: Crm, pbx: str = "main") -> int:
    """Anna's client, with a recorded call."""

    def make(tx: Transaction) -> int:
        contact_id = builders.contact(tx, "<b>Vector</b>", "+79051234567")
        builders.deal(tx, builders.funnel(tx), crm.cast.anna, contact_id=contact_id)
        row = CallRows(tx, NOW, linkedid="17.1", recorded=True, contact_id=contact_id, pbx=pbx)
        row.ring(crm.cast.anna).answer(crm.cast.anna).end(60, Outcome.ANSWERED)
        return contact_id

    return await crm.database.write(make)


async def page(browser: Browser, path: str) -> tuple[int, str]:
    """A page as it comes."""
    answer = await browser.get(path)
    return answer.status, await answer.text()


async def send(browser: Browser, path: str, form: dict[str, str]) -> tuple[int, str]:
    """A form as it is answered."""
    answer = await browser.post(path, data=form)
    return answer.status, await answer.text()


async def test_a_head_sees_what_would_go_and_erases_it(office: Crm) -> None:
    contact_id = await client(office)
    olga = await office.browser(office.cast.olga)
    status, told = await page(olga, f"/contacts/{contact_id}/erase")
    assert (status, "recordings of 1 call," in told, "&lt;b&gt;Vector" in told) == (200, True, True)
    assert f"/contacts/{contact_id}/erase" in (await page(olga, f"/contacts/{contact_id}"))[1]
    status, told = await send(olga, f"/contacts/{contact_id}/erase", SURE)
    assert (status, "1 recording was deleted" in told) == (200, True)
    assert (await page(olga, f"/contacts/{contact_id}"))[0] == 404
    assert (await send(olga, f"/contacts/{contact_id}/erase", SURE))[0] == 404, "sent twice is done once"


async def test_who_did_not_tick_that_they_know_erases_nobody(office: Crm) -> None:
    contact_id = await client(office)
    olga = await office.browser(office.cast.olga)
    status, told = await send(olga, f"/contacts/{contact_id}/erase", {})
    assert (status, "Tick this first" in told) == (422, True)
    assert (await page(olga, f"/contacts/{contact_id}"))[0] == 200


async def test_what_could_not_be_deleted_is_named_and_asked_about(office: Crm) -> None:
    contact_id = await client(office, pbx="branch")
    olga = await office.browser(office.cast.olga)
    status, told = await send(olga, f"/contacts/{contact_id}/erase", SURE)
    assert status == 409
    assert "no folder of recordings of branch" in told
    assert 'name="even_if_left"' in told
    status, told = await send(olga, f"/contacts/{contact_id}/erase", {**SURE, "even_if_left": "yes"})
    assert (status, "Delete these yourself" in told) == (200, True)


async def test_a_client_on_the_telephone_is_erased_afterwards(office: Crm) -> None:
    contact_id = await client(office)

    def rings(tx: Transaction) -> None:
        CallRows(tx, NOW, contact_id=contact_id).ring(office.cast.anna)

    await office.database.write(rings)
    olga = await office.browser(office.cast.olga)
    status, told = await send(olga, f"/contacts/{contact_id}/erase", SURE)
    assert (status, "on the telephone just now" in told) == (409, True)


async def test_a_seller_erases_nobody_and_is_not_offered_it(office: Crm) -> None:
    contact_id = await client(office)
    anna = await office.browser(office.cast.anna)
    assert "/erase" not in (await page(anna, f"/contacts/{contact_id}"))[1]
    assert (await page(anna, f"/contacts/{contact_id}/erase"))[0] == 403
    assert (await send(anna, f"/contacts/{contact_id}/erase", SURE))[0] == 403
    assert (await page(anna, f"/contacts/{contact_id}"))[0] == 200
