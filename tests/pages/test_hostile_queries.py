"""Whatever is written into an address is answered in words: no fault of ours, nothing of our insides."""

from __future__ import annotations

import re

import pytest
from aiohttp import ClientResponse
from yarl import URL

from pbx_crm.domain.session import SessionKind
from pbx_crm.pages.site import ROUTES
from tests import builders
from tests.site import Crm

NAMES = (
    *("q", "before", "after", "from", "to", "by", "part", "period", "order", "seller", "line", "funnel"),
    *("source", "band", "zone", "cursor", "limit", "who", "stage", "with", "number", "compare", "day"),
    *("step", "page", "year", "name", "person", "pbx", "waiting", "direction", "outcome", "owner_id"),
    *("stage_id", "funnel_id", "contact_id", "since", "month", "contracts", "fate", "shown", "reason"),
)
"""What our pages read from an address, and some that they do not."""
HOSTILE = (
    "'",
    "id) UNION SELECT password_hash FROM people --",
    "-9223372036854775809",
    "9" * 40,
    "%s%(x)s{{7*7}}",
    "..%2f..%2fetc%2fpasswd",
    "0001-01-01",
    "\u202e\ufeff\U0001f4a3\u0000",
)
INSIDES = re.compile(r"Traceback|sqlalchemy|sqlite3|psycopg|File \"", re.IGNORECASE)
PLACE = re.compile(r"\{(\w+)(?::[^{}]*(?:\{[^{}]*\}[^{}]*)*)?\}")
ENDLESS = ("/live", "/wall/")
"""A socket, and what only a link opens."""


def pages() -> list[str]:
    """Every address that can be asked for, with the first record of its kind."""
    found = {PLACE.sub("1", route.path) for route in ROUTES if route.method == "GET"}
    return sorted(path for path in found if not path.startswith(ENDLESS))


async def told(answer: ClientResponse) -> str:
    """The words of an answer, empty for a file."""
    return await answer.text() if answer.content_type.startswith(("text/", "application/json")) else ""


@pytest.mark.parametrize("written", HOSTILE, ids=lambda written: repr(written[:20]))
async def test_no_page_fails_on_what_is_written_into_its_address(crm: Crm, written: str) -> None:
    await crm.database.write(builders.funnel)
    olga = await crm.browser(crm.cast.olga)
    bearer = {"Authorization": f"Bearer {await crm.token(crm.cast.olga, SessionKind.API)}"}
    wrong = []
    for path in pages():
        url = URL(path).with_query(dict.fromkeys(NAMES, written))
        answer = await olga.get(url, headers=bearer, allow_redirects=False)
        if answer.status >= 500 or INSIDES.search(await told(answer)):
            wrong.append(f"{answer.status} {path}")
    assert wrong == []
