"""The bare address: each person is led to the page they work with."""

from __future__ import annotations

from aiohttp import web

from pbx_crm.pages.access import Access
from pbx_crm.pages.answers import see_other
from pbx_crm.pages.request import viewer_of


async def show(request: web.Request) -> web.StreamResponse:
    """GET /: the board, or the settings for an admin who sees no client data."""
    sells = Access.CLIENT_DATA.admits(viewer_of(request))
    return see_other("/board" if sells else "/settings")
