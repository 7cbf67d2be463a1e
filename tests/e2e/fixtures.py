"""A running company for every module that asks for one."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.e2e.company import Company
from tests.parts.inventory import INVENTORY


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def company() -> AsyncIterator[Company]:
    """A company on Asterisk 22, phones switched on; one for the whole module (about 1 s)."""
    async for running in _running(22):
        yield running


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def old_company() -> AsyncIterator[Company]:
    """The same company on Asterisk 16."""
    async for running in _running(16):
        yield running


async def _running(major: int) -> AsyncIterator[Company]:
    async with Company(major) as company:
        INVENTORY.has(f"Asterisk {major}", company.asterisk.version())
        yield company
