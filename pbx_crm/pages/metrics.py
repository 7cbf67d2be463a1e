"""Figures for a monitoring system."""

from __future__ import annotations

from aiohttp import web
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_1_0_0

from pbx_crm.pages.request import services_of


async def show(request: web.Request) -> web.StreamResponse:
    """GET /metrics: in Prometheus' text format."""
    text = await services_of(request).metrics.text()
    return web.Response(body=text, headers={"Content-Type": CONTENT_TYPE_PLAIN_1_0_0})
