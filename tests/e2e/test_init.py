"""What `pbx-crm init` writes is loaded by a real Asterisk as it is, and lets the CRM in."""

from __future__ import annotations

from pathlib import Path

import pytest

from pbx_crm.commands.init import MANAGER_FILE, Answers, write_all
from pbx_crm.config import load
from pbx_crm.doctor import examine
from pbx_crm.domain.finding import Mark
from tests.databases import prepare
from tests.e2e.company import Company
from tests.e2e.company_config import shipped_samples

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(120)]
PLACE = "manager.d/pbx-crm.conf"


async def lets_in(company: Company, folder: Path, kind: str) -> set[str]:
    """What is in order once the generated file is copied to the PBX."""
    database = f"sqlite:///{folder}/crm.db"
    place = company.network.pbx
    answers = Answers(
        "office", place, 5038, "crm-user", kind, "127.0.0.1", "RU", "Europe/Moscow", "RUB", database
    )
    config = folder / "pbx_crm.toml"
    write_all(config, answers)
    prepare(database)
    company.asterisk.write({PLACE: (folder / MANAGER_FILE).read_text()})
    company.asterisk.cli("manager reload")
    try:
        found = await examine(load(config), config, listen=1)
    finally:
        company.asterisk.write({PLACE: shipped_samples(company.asterisk.major)[PLACE]})
        company.asterisk.cli("manager reload")
    assert [str(f.says) for f in found if f.mark is Mark.FAULT] == []
    return {finding.name for finding in found if finding.mark is Mark.GOOD}


async def test_asterisk_22_takes_it_as_it_is(company: Company, tmp_path: Path) -> None:
    assert {"login", "write", "read_system", "secret_file"} <= await lets_in(company, tmp_path, "asterisk")


async def test_asterisk_16_takes_it_as_it_is(old_company: Company, tmp_path: Path) -> None:
    found = await lets_in(old_company, tmp_path, "asterisk-16")
    assert {"login", "write", "read_system", "secret_file"} <= found
