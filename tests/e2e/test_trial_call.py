"""`pbx-crm doctor --test-call` on a real Asterisk: the phone rings, and the call is followed to the CRM."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from pbx_crm.config import load
from pbx_crm.doctor import try_call
from pbx_crm.domain.finding import Mark
from tests.e2e.company import Company
from tests.e2e.company_config import shipped_samples
from tests.e2e.office import Office, office
from tests.e2e.stories import TALK_SECONDS
from tests.parts.sip.party import is_unknown, picks_up

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]

USER = "manager.d/pbx-crm.conf"
CEL = 'dial_context = "pbx-crm-dial"\n[pbx.cel]\nkind = "csv"\npath = "{path}"\ntime_zone = "UTC"\n'


def let(company: Company, writes: str) -> None:
    """The AMI user has these write classes."""
    company.asterisk.write({USER: shipped_samples()[USER].replace("write = reporting", f"write = {writes}")})
    company.asterisk.cli("manager reload")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the CRM lies."""
    return tmp_path_factory.mktemp("crm")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def here(company: Company, folder: Path) -> AsyncIterator[Office]:
    """The company with its CRM; the admin lets it start calls."""
    let(company, "reporting,originate")
    cel = CEL.format(path=company.asterisk.home / "log/cel-custom/pbx-crm.csv")
    async with office(folder, company, sellers=1, pbx_settings=cel) as running:
        yield running
    let(company, "reporting")


async def tried(folder: Path, first: str, second: str = "") -> dict[str, Mark]:
    """What the doctor finds, by name."""
    settings = load(folder / "pbx_crm.toml")
    found = await try_call(settings, settings.pbx[0], first, second)
    return {finding.name: finding.mark for finding in found}


async def test_a_call_between_two_phones_is_followed_to_the_crm(here: Office, folder: Path) -> None:
    trying = asyncio.create_task(tried(folder, "201", "202"))
    first = await here.company.teams[2].phone(1).next_call()
    first.answer()
    second = await here.company.teams[2].phone(2).next_call()
    second.answer()
    await asyncio.sleep(TALK_SECONDS)
    await second.hang_up()
    assert await trying == {"trial_answer": Mark.GOOD, "trial_cel": Mark.GOOD, "trial_crm": Mark.GOOD}


async def test_one_phone_alone_shows_the_way_to_the_records(here: Office, folder: Path) -> None:
    phone = here.company.teams[2].phone(1)
    phone.manners[phone.name] = picks_up
    assert await tried(folder, "201") == {"trial_answer": Mark.GOOD, "trial_cel": Mark.GOOD}
    phone.forget()


async def test_a_phone_nobody_picks_up_is_not_called_broken(here: Office, folder: Path) -> None:
    trying = asyncio.create_task(tried(folder, "204"))
    ringing = await here.company.teams[2].phone(4).next_call()
    ringing.reject(480, "Nobody There")
    assert (await trying)["trial_answer"] is Mark.UNSEEN


async def test_a_phone_that_does_not_ring_is_named(here: Office, folder: Path) -> None:
    phone = here.company.teams[2].phone(3)
    phone.manners[phone.name] = is_unknown
    assert await tried(folder, "203") == {"trial_silent": Mark.FAULT}


async def test_a_right_that_lacks_is_named(here: Office, folder: Path) -> None:
    let(here.company, "reporting")
    assert await tried(folder, "201") == {"trial_refused": Mark.FAULT}
    let(here.company, "reporting,originate")
