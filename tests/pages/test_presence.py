"""The strip of the frame: a head sees the floor at a glance, a seller their own lamp."""

from __future__ import annotations

from pbx_crm.db import extensions
from pbx_crm.db.engine import Transaction
from pbx_crm.domain.endpoint import PbxShape
from pbx_crm.domain.presence import DeviceSeen
from tests.builders import NOW
from tests.site import Crm


async def on_the_phone(crm: Crm) -> None:
    """Anna talks, Boris is free."""

    def links(tx: Transaction) -> None:
        extensions.link(tx, "office", "101", crm.cast.anna.id, NOW)
        extensions.link(tx, "office", "102", crm.cast.boris.id, NOW)

    await crm.database.write(links)
    presence = crm.services.telephony.presence
    presence.lost("office", PbxShape())
    presence.heard("office", DeviceSeen("PJSIP/101", "INUSE"))
    presence.heard("office", DeviceSeen("PJSIP/102", "NOT_INUSE"))
    await presence.store("office")


async def test_a_head_sees_who_talks_and_who_is_free(crm: Crm) -> None:
    await on_the_phone(crm)
    strip = await (await (await crm.browser(crm.cast.olga)).get("/presence")).text()
    assert [name in strip for name in ("Anna", "Boris")] == [True, True]
    assert strip.count("lamp is-talking") == strip.count("lamp is-free") == 2, (
        "in the summary and in the list"
    )


async def test_a_seller_sees_their_own_lamp_only(crm: Crm) -> None:
    await on_the_phone(crm)
    strip = await (await (await crm.browser(crm.cast.boris)).get("/presence")).text()
    assert "is-free" in strip
    assert "Anna" not in strip
    assert "is-talking" not in strip


async def test_a_seller_is_told_that_no_call_reaches_their_phone_and_when_it_does_again(crm: Crm) -> None:
    await on_the_phone(crm)
    presence = crm.services.telephony.presence
    boris, anna = await crm.browser(crm.cast.boris), await crm.browser(crm.cast.anna)
    for device, is_told in (("UNAVAILABLE", True), ("NOT_INUSE", False)):
        presence.heard("office", DeviceSeen("PJSIP/102", device))
        await presence.store("office")
        assert ("not registered at the PBX" in await (await boris.get("/presence")).text()) == is_told
        assert "not registered at the PBX" not in await (await anna.get("/presence")).text()
    assert 'id="own-phone"' in await (await boris.get("/today")).text()


async def test_whoever_has_no_phone_sees_no_strip(crm: Crm) -> None:
    strip = await (await (await crm.browser(crm.cast.anna)).get("/presence")).text()
    assert strip.strip() == ""
