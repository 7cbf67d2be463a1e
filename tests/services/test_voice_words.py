"""What a robot's call came to where nobody was told at once, or where no person picked up."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path

import pytest

from pbx_crm.asterisk.cel_calls import CelCalls
from pbx_crm.asterisk.cel_file import CelFile
from pbx_crm.db.engine import Database
from pbx_crm.db.tables import deals
from pbx_crm.domain.endpoint import PbxShape
from pbx_crm.domain.voice_call import VoiceResult
from pbx_crm.services.reconcile import Reconcile
from tests.company import PBX
from tests.services.voice_desk import Desk, rule


@pytest.fixture
async def desk(database: Database) -> Desk:
    made = Desk(database)
    await made.house.furnish()
    return made


async def test_what_was_pressed_while_the_crm_was_down_is_found_in_cel(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "pbx-crm.csv"
    path.write_text("eventtype,eventtime,channame,uniqueid,linkedid,eventextra\n")
    records = CelCalls(CelFile(path, UTC), PbxShape())
    company = desk.company
    reconcile = Reconcile(desk.database, company.intake, company.live, desk.clock, desk.calls)
    await reconcile.run(PBX, records)
    call, stranger = await desk.called(), "crm-voice-of-somebody-else"
    with path.open("a") as cel:
        for channel_id in (call.channel_id, stranger):
            row = f"PBX_CRM_VOICE,{desk.clock():%F %T},Local/1,{channel_id},{channel_id}"
            cel.write(f'{row},"{{""extra"":""{channel_id} 9""}}"\n')
    await desk.later(minutes=10)
    assert (await desk.house.now(call)).result is VoiceResult.UNKNOWN
    for _ in range(2):
        await reconcile.run(PBX, records)
    assert (await desk.house.now(call)).result is VoiceResult.OPTED_OUT
    assert await desk.is_banned()


async def test_an_answering_machine_is_no_client_who_listened(desk: Desk) -> None:
    await rule(desk, voice_result=VoiceResult.HEARD, to_stage_id=desk.company.funnel.stages[2].id)
    call = await desk.called()
    assert (await desk.says(call, "machine")).result is VoiceResult.MACHINE
    assert "an answering machine picked up" in await desk.words(call)
    assert (await desk.company.one(deals))["stage_id"] == desk.company.funnel.stages[1].id
