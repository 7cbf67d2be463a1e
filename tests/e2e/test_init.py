"""What `pbx-crm init` writes a real Asterisk loads as it is: it lets the CRM in, and asks it who calls."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from pbx_crm.app import App, running
from pbx_crm.commands.init import GLOBALS_FILE, MANAGER_FILE, Answers, write_all
from pbx_crm.config import load
from pbx_crm.db import funnels
from pbx_crm.db.engine import Transaction
from pbx_crm.doctor import examine
from pbx_crm.domain.finding import Finding, Mark
from pbx_crm.domain.funnel import PRESETS
from pbx_crm.domain.person import Role
from pbx_crm.services.clock import utc_now
from pbx_crm.services.staff import PersonForm
from tests import builders
from tests.databases import prepare
from tests.e2e.company import Company
from tests.e2e.company_config import our_files, shipped_samples
from tests.parts.ami_tap import PORT
from tests.parts.cut_cable import CutCable
from tests.parts.loopback import free_port

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]
USER, GLOBALS, EXTENSIONS = "manager.d/pbx-crm.conf", "extensions.d/pbx-crm-globals.conf", "extensions.conf"
CLIENT = "79160004411"


async def copied_and_running(company: Company, folder: Path, kind: str) -> list[Finding]:
    """What the doctor says, and a known client's call did, once the generated files are on the PBX."""
    cable = CutCable(company.network.pbx, PORT)
    host, port = await cable.open()
    database = f"sqlite:///{folder}/crm.db"
    answers = Answers(
        *("office", host, port, "crm-user", kind, "127.0.0.1", "RU", "Europe/Moscow", "RUB", database),
        web_port=free_port(),
    )
    config = folder / "pbx_crm.toml"
    write_all(config, answers)
    prepare(database)
    copy(company, folder)
    try:
        async with running(load(config)) as app:
            await know_the_client(app)
            found = await examine(load(config), config, listen=1)
            await a_known_client_reaches_their_seller(company)
    finally:
        take_away(company)
        await cable.close()
    return found


def copy(company: Company, folder: Path) -> None:
    """As the command says: two files, and a line in [globals]."""
    include = f'[globals]\n#include "{GLOBALS}"\n'
    files = {
        USER: (folder / MANAGER_FILE).read_text(),
        GLOBALS: (folder / GLOBALS_FILE).read_text(),
        EXTENSIONS: our_files()[EXTENSIONS].replace("[globals]\n", include),
    }
    reload(company, files)


def take_away(company: Company) -> None:
    """The company as it was."""
    reload(
        company, {USER: shipped_samples(company.asterisk.major)[USER], EXTENSIONS: our_files()[EXTENSIONS]}
    )
    company.asterisk.cli('dialplan set global PBX_CRM_URL ""')


def reload(company: Company, files: dict[str, str]) -> None:
    """Asterisk reads these."""
    company.asterisk.write(files)
    for what in ("manager", "dialplan"):
        company.asterisk.cli(f"{what} reload")


async def know_the_client(app: App) -> None:
    """A seller on extension 201 whose client this is."""
    form = PersonForm("anna", "Anna", Role.SELLER)
    staff = app.services.staff
    person_id = await staff.add(None, form, "a long one for the lab")
    await staff.link(None, "office", "201", person_id, utc_now() - timedelta(days=1))
    anna = await staff.by_login("anna")
    assert anna is not None

    def make(tx: Transaction) -> None:
        client = builders.contact(tx, "Vector", f"+{CLIENT}")
        builders.deal(tx, funnels.first(tx, PRESETS[0], "RUB"), anna, contact_id=client)

    await app.database.write(make)


async def a_known_client_reaches_their_seller(company: Company) -> None:
    """Behind this number the client's own seller is rung before the usual route, which is 202."""
    team = company.teams[2]
    calling = team.calls_in("70", CLIENT)
    rung = await team.phone(1).next_call()
    assert rung.invite is not None
    assert '"Vector"' in rung.invite.get("from")
    await calling.hang_up()
    await rung.until_ended()


def says(found: list[Finding]) -> set[str]:
    """What is in order; nothing may be a fault."""
    assert [str(f.says) for f in found if f.mark is Mark.FAULT] == []
    return {finding.name for finding in found if finding.mark is Mark.GOOD}


IN_ORDER = {"login", "write", "read_system", "secret_file", "lookup"}


async def test_asterisk_22_takes_it_as_it_is(company: Company, tmp_path: Path) -> None:
    assert says(await copied_and_running(company, tmp_path, "asterisk")) >= IN_ORDER


async def test_asterisk_16_takes_it_as_it_is(old_company: Company, tmp_path: Path) -> None:
    assert says(await copied_and_running(old_company, tmp_path, "asterisk-16")) >= IN_ORDER
