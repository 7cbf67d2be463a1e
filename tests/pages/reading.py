"""Reading a report as a person does: its page, and the file it gives."""

from __future__ import annotations

import csv
import re
from html import unescape
from io import StringIO

from tests.site import Crm


async def page(crm: Crm, address: str, name: str = "olga", language: str = "en") -> str:
    """The page as this person gets it, in the words they read."""
    return unescape(await _got(crm, address, name, language))


async def file_rows(crm: Crm, address: str, name: str = "olga") -> list[dict[str, str]]:
    """The rows of the CSV as this person gets it, by the words of its first line."""
    text = await _got(crm, address, name, "en")
    return list(csv.DictReader(StringIO(text.removeprefix("\ufeff"))))


async def rows_at(crm: Crm, address: str, name: str = "olga") -> int:
    """How many calls, deals, waits or meetings the list at this address shows."""
    return len(re.findall(r'id="(?:call-row|deal-row|wait|meeting)-\d+"', await page(crm, address, name)))


async def assert_opens(crm: Crm, figure: tuple[str, str]) -> None:
    """The figure's link lists as many deals as the figure says, and so does the file beside the list."""
    url, count = figure
    listed = re.findall(r'id="deal-row-\d+"', await page(crm, url))
    in_file = await file_rows(crm, url.replace("?", ".csv?", 1))
    assert len(listed) == len(in_file) == int(count), url


async def _got(crm: Crm, address: str, name: str, language: str) -> str:
    browser = await crm.browser(getattr(crm.cast, name))
    answer = await browser.get(address, headers={"Accept-Language": language})
    text = await answer.text()
    assert answer.status == 200, text
    return text
