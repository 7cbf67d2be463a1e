"""Presence on a real Asterisk: the head's strip follows the phones, also after the link was lost."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import pytest
import pytest_asyncio

from tests.e2e.company import Company
from tests.e2e.office import Office, office
from tests.e2e.playing import tapping
from tests.e2e.served_crm import until
from tests.parts.sip.party import Party

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]

ROW = re.compile(r'<li><span class="lamp is-(\w+)".*?<bdi>(\w+)</bdi>', re.DOTALL)


# Asterisk looks every 30 s whether a registration has run out.
PATIENCE_SECONDS = 60.0


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def here(company: Company, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    """Two sellers and their phones."""
    async with office(tmp_path_factory.mktemp("crm"), company, sellers=2) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def old_one(old_company: Company, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    """The same on Asterisk 16."""
    async with office(tmp_path_factory.mktemp("crm"), old_company, sellers=2) as running:
        yield running


async def shows(here: Office, **wanted: str) -> None:
    """Returns once the head's strip shows these."""

    async def shown() -> bool:
        strip = dict((name, state) for state, name in ROW.findall(await here.head_page("/presence")))
        return all(strip.get(name.title()) == state for name, state in wanted.items())

    await until(shown, seconds=PATIENCE_SECONDS, what=f"the strip to show {wanted}")


async def a_call_is_followed(here: Office) -> None:
    team = here.company.teams[2]
    await shows(here, anna="free", boris="free")
    client = team.calls_in("01", "79160003399")
    anna = await team.phone(1).next_call()
    await shows(here, anna="ringing", boris="free")
    anna.answer()
    await client.until_answered()
    await shows(here, anna="talking", boris="free")
    await client.hang_up()
    await anna.until_ended()
    await shows(here, anna="free")


async def test_the_strip_follows_a_call(here: Office) -> None:
    await a_call_is_followed(here)


async def test_and_on_asterisk_16(old_one: Office) -> None:
    await a_call_is_followed(old_one)


async def test_do_not_disturb_and_a_pause_are_shown(here: Office) -> None:
    asterisk = here.company.asterisk
    for team in here.company.teams:
        asterisk.cli(f"devstate change Custom:DND{team}02 INUSE")
        for queue in ("90", "91"):
            member = f"PJSIP/{team}01" if queue == "90" else f"Local/{team}01@from-queue/n"
            asterisk.cli(f"queue pause member {member} queue {team}{queue}")
    await shows(here, anna="paused", boris="dnd")
    here.cable.cut()
    await shows(here, anna="unknown", boris="unknown")
    here.cable.mend()
    await shows(here, anna="paused", boris="dnd")
    for team in here.company.teams:
        asterisk.cli(f"devstate change Custom:DND{team}02 NOT_INUSE")
        asterisk.cli(f"queue unpause member PJSIP/{team}01 queue {team}90")
    await shows(here, anna="free", boris="free")


async def test_what_changed_while_the_link_was_cut_is_shown_after_it(here: Office) -> None:
    team = here.company.teams[2]
    here.cable.cut()
    await shows(here, anna="unknown")
    client = team.calls_in("01", "79160003388")
    anna = await team.phone(1).next_call()
    anna.answer()
    await client.until_answered()
    here.cable.mend()
    await shows(here, anna="talking")
    await client.hang_up()
    await anna.until_ended()
    await shows(here, anna="free")


async def test_a_phone_that_is_nowhere_is_shown_until_it_registers_and_after_it_ran_out(here: Office) -> None:
    phones = [team.phone(1) for team in here.company.teams.values()]
    with registering(here.company, phones):
        here.cable.cut()
        await shows(here, anna="unknown")
        here.cable.mend()
        await shows(here, anna="unregistered", boris="free")
        await phones[0].register(60)
        await shows(here, anna="free")
        await phones[0].register(0)
        await shows(here, anna="unregistered")
        await phones[0].register(2)
        await shows(here, anna="free")
        await shows(here, anna="unregistered")


@contextmanager
def registering(company: Company, phones: list[Party]) -> Iterator[None]:
    """These phones have no fixed place while the block lasts: they must say where they are."""
    fixed = (company.asterisk.home / "etc" / "pjsip.conf").read_text()
    # The registrar looks the place up by a name only where endpoints are known by one.
    moving = fixed.replace("identify_by = ip", "identify_by = ip,username")
    for phone in phones:
        place = f"contact = sip:{phone.name}@{phone.address}:5060\n"
        assert place in moving
        moving = moving.replace(place, "max_contacts = 1\nremove_existing = yes\nminimum_expiration = 1\n")
    _load(company, moving)
    try:
        yield
    finally:
        _load(company, fixed)


def _load(company: Company, pjsip: str) -> None:
    company.asterisk.write({"pjsip.conf": pjsip})
    company.asterisk.cli("module reload res_pjsip.so")


async def test_states_of_queues_stay_at_home(company: Company) -> None:
    team = company.teams[3]
    async with tapping(company, "pbx-crm") as tap:
        client = team.calls_in("10", "79160003377")
        legs = [await team.phone(seller).next_call() for seller in (1, 2, 3)]
        await client.hang_up()
        for leg in legs:
            await leg.until_ended()
        await tap.until("Device: PJSIP/301\r\n")
    told = re.findall(r"Device: (\S+)", tap.data.decode(errors="replace"))
    assert {name.partition("/")[0] for name in told} == {"PJSIP"}
