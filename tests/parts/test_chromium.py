"""The Chromium part shows our users' letters and remembers nothing between tests."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser

pytestmark = pytest.mark.browser


INSTALLED = ("DejaVu", "Noto")


@pytest.mark.parametrize("letters", ["Анна", "آرش"])
async def test_a_client_s_name_has_a_font(browser: Browser, letters: str) -> None:
    page = await browser.new_page()
    await page.set_content(f"<p>{letters}</p>")
    tools = await page.context.new_cdp_session(page)
    await tools.send("DOM.enable")
    await tools.send("CSS.enable")
    root = (await tools.send("DOM.getDocument"))["root"]["nodeId"]
    node = (await tools.send("DOM.querySelector", {"nodeId": root, "selector": "p"}))["nodeId"]
    fonts = (await tools.send("CSS.getPlatformFontsForNode", {"nodeId": node}))["fonts"]
    assert fonts
    assert all(used["familyName"].startswith(INSTALLED) for used in fonts)


async def test_a_context_starts_with_an_empty_profile(browser: Browser) -> None:
    first, second = await browser.new_context(), await browser.new_context()
    await first.add_cookies([{"name": "session", "value": "x", "url": "http://127.0.0.1"}])
    assert await second.cookies() == []
