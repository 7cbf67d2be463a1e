"""When the line to the PBX breaks, or the PBX itself: nothing doubled, nothing invented, nothing left open.

One office lives through all of it in order, as it would in a bad night; every test has clients of its own.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from pbx_crm.asterisk.recorded import read_recording
from pbx_crm.domain.call import Call, EndedBy, Outcome
from pbx_crm.domain.endpoint import PbxShape
from tests.e2e.company import Company
from tests.e2e.office import Office, Rows, office
from tests.e2e.served_crm import until
from tests.parts.sip.dialog import Dialog

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]

AWAY_SECONDS = 2.0
TOLERANCE_SECONDS = 1.5


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def here(company: Company, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    """The company with its CRM on SQLite."""
    async with office(tmp_path_factory.mktemp("crm"), company, sellers=1) as running:
        yield running


async def _talk(here: Office, client: str, team: int = 2) -> tuple[Dialog, Dialog]:
    """A client and seller 1 of the team, talking, and the CRM knows."""
    calling = here.company.teams[team].calls_in("01", client)
    phone = await here.company.teams[team].phone(1).next_call()
    phone.answer()
    await calling.until_answered()

    async def known() -> bool:
        return any(call["answered_by"] for call in await _calls(here, client))

    await until(known, what=f"the CRM to see {client} answered")
    return calling, phone


async def _calls(here: Office, client: str) -> Rows:
    return [call for call in await here.head.all("calls") if (call["external_number"] or "").endswith(client)]


async def _only_call_over(here: Office, client: str) -> dict[str, Any]:
    """The client's only call, once it is over."""

    async def over() -> Rows | None:
        found = await _calls(here, client)
        return found if found and all(call["ended_at"] for call in found) else None

    found = await until(over, what=f"the call of {client} to be over")
    assert len(found) == 1
    return found[0]


async def _heard(here: Office, *, is_up: bool) -> None:
    async def so() -> bool:
        return await here.crm.hears_the_pbx() is is_up

    await until(so, seconds=30, what="the link to be " + ("up" if is_up else "down"))


async def _gaps(here: Office) -> int:
    return (await here.head_page("/calls")).count('class="gap-row"')


async def test_a_call_that_outlives_a_cut_is_one_call_with_its_whole_talk(here: Office) -> None:
    calling, phone = await _talk(here, "79262220001")
    here.cable.cut()
    await asyncio.sleep(AWAY_SECONDS)
    assert "banner danger" in await here.head_page("/banner")
    here.cable.mend()
    await _heard(here, is_up=True)
    await calling.hang_up()
    await phone.until_ended()
    call = await _only_call_over(here, "79262220001")
    assert (call["outcome"], call["ended_by"], call["answered_by"]) == ("answered", "hangup", "201")
    assert calling.ended_at is not None
    assert phone.answered_at is not None
    talked = calling.ended_at - phone.answered_at
    assert abs(call["talk_seconds"] - talked) <= TOLERANCE_SECONDS
    assert await _gaps(here) == 1


async def test_a_call_that_ended_in_a_gap_is_settled_and_says_so(here: Office) -> None:
    gaps = await _gaps(here)
    calling, phone = await _talk(here, "79262220002")
    here.cable.cut()
    await calling.hang_up()
    await phone.until_ended()
    await asyncio.sleep(AWAY_SECONDS)
    here.cable.mend()
    call = await _only_call_over(here, "79262220002")
    assert (call["answered_by"], call["ended_by"]) == ("201", "gap")
    assert await _gaps(here) == gaps + 1


async def test_a_call_nobody_heard_is_not_invented(here: Office) -> None:
    before = len(await here.head.all("calls"))
    here.cable.cut()
    await _heard(here, is_up=False)
    calling = here.company.teams[3].calls_in("01", "79262220003")
    phone = await here.company.teams[3].phone(1).next_call()
    phone.answer()
    await calling.until_answered()
    await calling.hang_up()
    here.cable.mend()
    await _heard(here, is_up=True)
    await asyncio.sleep(1)
    assert len(await here.head.all("calls")) == before


async def test_a_call_that_began_in_a_gap_is_found_living(here: Office) -> None:
    here.cable.cut()
    await _heard(here, is_up=False)
    calling = here.company.teams[4].calls_in("01", "79262220004")
    phone = await here.company.teams[4].phone(1).next_call()
    phone.answer()
    await calling.until_answered()
    here.cable.mend()
    await _heard(here, is_up=True)
    await asyncio.sleep(1)
    await calling.hang_up()
    await phone.until_ended()
    call = await _only_call_over(here, "79262220004")
    assert (call["direction"], call["outcome"], call["answered_by"]) == ("in", "answered", "401")


async def test_the_crm_s_own_power_cut_doubles_nothing(here: Office) -> None:
    deals = len(await here.head.all("deals"))
    calling, phone = await _talk(here, "79262220005")
    await here.crm.stop(how=signal.SIGKILL)
    await asyncio.sleep(AWAY_SECONDS)
    await here.crm.start()
    await here.log_in_again()
    await asyncio.sleep(1)
    await calling.hang_up()
    await phone.until_ended()
    call = await _only_call_over(here, "79262220005")
    assert (call["outcome"], call["answered_by"]) == ("answered", "201")
    assert len(await here.head.all("deals")) == deals + 1


async def test_a_restart_of_asterisk_ends_its_calls_and_the_next_one_is_heard(here: Office) -> None:
    calling, _ = await _talk(here, "79262220006")
    # A bridge of under 50 ms is an answer that crossed with a cancellation, not a talk (docs/calls.md).
    await asyncio.sleep(0.5)
    await asyncio.to_thread(here.company.asterisk.restart)
    call = await _only_call_over(here, "79262220006")
    assert (call["outcome"], call["answered_by"]) == ("answered", "201")
    await calling.hang_up()
    await asyncio.to_thread(here.company.asterisk.wait_until_booted)
    await _heard(here, is_up=True)
    calling, phone = await _talk(here, "79262220007")
    await calling.hang_up()
    await phone.until_ended()
    assert (await _only_call_over(here, "79262220007"))["ended_by"] == "hangup"


async def test_a_crash_of_asterisk_leaves_no_call_open(here: Office) -> None:
    gaps = await _gaps(here)
    calling, phone = await _talk(here, "79262220008")
    await asyncio.to_thread(here.company.asterisk.kill)
    await asyncio.sleep(AWAY_SECONDS)
    await asyncio.to_thread(here.company.asterisk.start)
    call = await _only_call_over(here, "79262220008")
    assert (call["answered_by"], call["ended_by"]) == ("201", "pbx_restart")
    assert await _gaps(here) == gaps + 1
    calling.forget()
    phone.forget()


async def test_what_a_crashed_asterisk_wrote_down_closes_its_calls_too(here: Office) -> None:
    """For a CRM that was away meanwhile: the log has a beginning and an answer, and no end."""
    calling, phone = await _talk(here, "79262220009")
    await asyncio.sleep(0.5)
    await asyncio.to_thread(here.company.asterisk.kill)
    await asyncio.to_thread(here.company.asterisk.start)
    await _heard(here, is_up=True)
    after, answering = await _talk(here, "79262220010")
    await after.hang_up()
    await answering.until_ended()

    async def told_to_its_end() -> bool:
        # Asterisk writes a call down a moment after the phones know that it is over.
        over = _written(here).get("79262220010")
        return over is not None and over.ended_by is EndedBy.HANGUP

    await until(told_to_its_end)
    told = _written(here)
    call = told["79262220009"]
    assert (call.answered_by, call.outcome, call.ended_by) == ("201", Outcome.ANSWERED, EndedBy.PBX_RESTART)
    assert call.talk_seconds <= 2
    calling.forget()
    phone.forget()


def _written(here: Office) -> dict[str | None, Call]:
    """The calls of the log that Asterisk's own cel_custom wrote, by client."""
    log = here.company.asterisk.home / "log/cel-custom/pbx-crm.csv"
    return {call.external_number: call for call in read_recording(log, "cel", PbxShape()).calls}


async def test_after_all_that_each_client_still_has_one_card(here: Office) -> None:
    calls = [call for call in await here.head.all("calls") if call["direction"] == "in"]
    deals = await here.head.all("deals")
    assert len({call["deal_id"] for call in calls}) == len({call["contact_id"] for call in calls})
    assert {deal["id"] for deal in deals} == {call["deal_id"] for call in calls}
