"""Settings: the ledger, in which every call the PBX wrote down on a day is accounted for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from aiohttp import web

from pbx_crm.domain.ledger import Entry, Fate
from pbx_crm.domain.person import Role
from pbx_crm.pages.call_query import choice_of, day_of
from pbx_crm.pages.render import render
from pbx_crm.pages.request import services_of, viewer_of
from pbx_crm.services.day_books import PbxDay

HERE = "/settings/ledger"
SHOWN_AT_MOST = 500
TROUBLES = (Fate.MISSING, Fate.GAP, Fate.GOES_ON)
"""What is listed unless one fate is asked for."""


@dataclass(frozen=True, slots=True)
class Page:
    """One PBX's book as the page shows it."""

    book: PbxDay
    entries: Sequence[Entry]
    hidden: int
    """How many entries there are beyond those shown."""


async def show(request: web.Request) -> web.StreamResponse:
    """GET /settings/ledger?day=&fate=: the day, today unless one is named, and the rows of one fate."""
    books = services_of(request).office.day_books
    day = _sensible(day_of(request.query.get("day")), books.today)
    fate = choice_of(Fate, request.query.get("fate"))
    view = {
        "here": HERE,
        "day": day,
        "is_today": day == books.today,
        "before": day - timedelta(days=1),
        "after": day + timedelta(days=1),
        "fate": fate,
        "pages": [_page(book, fate) for book in await books.close(day)],
        # Who looks after the telephony alone sees no client, and a call's page names one.
        "links": viewer_of(request).role is Role.HEAD,
    }
    return await render(request, "ledger.html", view)


def _sensible(day: date | None, today: date) -> date:
    return day if day is not None and date(2000, 1, 1) <= day <= today else today


def _page(book: PbxDay, fate: Fate | None) -> Page:
    wanted = TROUBLES if fate is None else (fate,)
    # What is missing comes first, however much else there is.
    entries = sorted((e for e in book.ledger.entries if e.fate in wanted), key=lambda e: wanted.index(e.fate))
    return Page(book, entries[:SHOWN_AT_MOST], max(0, len(entries) - SHOWN_AT_MOST))
