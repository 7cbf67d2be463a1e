"""Two web processes on one PostgreSQL: what happens in one is heard in the browsers of the other."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from pbx_crm.app import running
from pbx_crm.config import Settings, load
from pbx_crm.domain.person import Person, Role

ANNA = Person(1, "anna", "Anna", Role.SELLER)


def pages_only(folder: Path, url: str) -> Settings:
    """A process that serves pages and listens to no PBX."""
    config = folder / "pbx_crm.toml"
    config.write_text(
        f"""
pbx = []
[database]
url = "{url}"
[web]
port = 0
[crm]
region = "DE"
time_zone = "Europe/Berlin"
currency = "EUR"
"""
    )
    return load(config)


@pytest.mark.postgresql
async def test_a_signal_told_in_one_process_reaches_a_tab_of_another(
    tmp_path: Path, postgresql_url: str
) -> None:
    settings = pages_only(tmp_path, postgresql_url)
    heard: asyncio.Queue[frozenset[str]] = asyncio.Queue()
    async with running(settings) as one, running(settings) as other:
        other.services.live.subscribe(ANNA, heard.put_nowait)
        told = frozenset({"call"})
        for _ in range(50):
            one.services.live.tell(told, {ANNA.id})
            try:
                assert await asyncio.wait_for(heard.get(), 0.2) == told
                return
            except TimeoutError:
                continue  # the other process does not listen yet
    pytest.fail("the other process never heard of it")
