"""A real Chromium, headless, driven by Playwright; it is Debian's, nothing is downloaded.

Root may run it only without its sandbox; nothing but our own pages on loopback is ever opened in it.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from tests.parts.inventory import INVENTORY

PART = "Chromium"
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def _executable() -> str:
    named = os.environ.get("PBX_CRM_CHROMIUM")
    found = named or shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        INVENTORY.lacks(PART, "no chromium on this machine")
    return found


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """A browser with an empty profile, closed at the end (about 1 s to start)."""
    path = _executable()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=FLAGS)
        INVENTORY.has(PART, browser.version)
        try:
            yield browser
        finally:
            await browser.close()


@pytest_asyncio.fixture
async def browser() -> AsyncIterator[Browser]:
    """A browser for one test."""
    async with chromium() as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def module_browser() -> AsyncIterator[Browser]:
    """A browser for a module whose tests share the module's event loop; take a new context each."""
    async with chromium() as running:
        yield running
