"""No page lies behind an address that one must know: links lead to each, and every link leads somewhere."""

from __future__ import annotations

import re

import pytest

from pbx_crm.domain.person import Person
from pbx_crm.pages.access import Access
from pbx_crm.pages.site import ROUTES
from tests import builders
from tests.site import Crm

LINK = re.compile(r'(?:href|hx-get|action)="(/[^"?#]*)')
PAGES = {
    route.path
    for route in ROUTES
    if route.method == "GET"
    and route.access not in (Access.PUBLIC, Access.PBX)
    and not re.search(r"[{.]", route.path)
    and not route.path.startswith("/api/")
}
SHOWN_WHEN_THERE_IS_SOMETHING = {
    # Each stands behind a figure of its report, and a figure needs calls, meetings or deals.
    "/reports/calls/meetings",
    "/reports/cold/meetings",
    "/reports/funnel/deals",
    "/reports/losses/deals",
    "/reports/forecast/deals",
    "/reports/carried/deals",
}
FIRST = "/"


@pytest.fixture
async def crm_with_a_board(crm: Crm) -> Crm:
    """A company that has a funnel, and in it a deal."""
    funnel = await crm.database.write(builders.funnel)
    await crm.database.write(lambda tx: builders.deal(tx, funnel, crm.cast.anna))
    return crm


async def reached(crm: Crm, who: Person) -> dict[str, int]:
    """Status of each page this person comes to by links, beginning at the first."""
    browser = await crm.browser(who)
    found: dict[str, int] = {}
    waiting = [FIRST]
    while waiting:
        path = waiting.pop()
        if path in found or (path not in PAGES and path != FIRST):
            continue
        answer = await browser.get(path)
        found[path] = answer.status
        waiting += LINK.findall(await answer.text())
    return found


async def test_a_head_comes_to_every_page_by_links(crm_with_a_board: Crm) -> None:
    crm = crm_with_a_board
    seen = {**await reached(crm, crm.cast.olga), **await reached(crm, crm.cast.peter)}
    assert PAGES - set(seen) - SHOWN_WHEN_THERE_IS_SOMETHING == set()


@pytest.mark.parametrize("name", ["anna", "olga", "peter"])
async def test_nobody_is_offered_a_page_that_refuses_them(crm_with_a_board: Crm, name: str) -> None:
    crm = crm_with_a_board
    refused = {
        path for path, status in (await reached(crm, getattr(crm.cast, name))).items() if status >= 400
    }
    assert refused == set()
