"""Figures for a monitoring system, which shows its token or comes from where it is expected."""

from __future__ import annotations

from aiohttp import web
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_1_0_0

from pbx_crm.pages.entry import bearer_of
from pbx_crm.pages.request import OPTIONS, is_passed_on, origin_of, services_of

NOWHERE = ""
"""Of a request that somebody unknown passed on: the address behind it is anybody's word."""


async def show(request: web.Request) -> web.StreamResponse:
    """GET /metrics: in Prometheus' text format; 403 for whoever `[metrics]` does not name."""
    address = NOWHERE if is_passed_on(request) else origin_of(request).address
    if not request.app[OPTIONS].metrics.admits(bearer_of(request), address):
        return web.Response(status=403, text="see [metrics] in the configuration\n")
    text = await services_of(request).metrics.text()
    return web.Response(body=text, headers={"Content-Type": CONTENT_TYPE_PLAIN_1_0_0})
