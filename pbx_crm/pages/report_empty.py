"""A report without a call: what it says instead."""

from __future__ import annotations

from datetime import datetime

from aiohttp import web

from pbx_crm.pages.report_head import ReportHead
from pbx_crm.pages.request import services_of, viewer_of


async def emptiness(request: web.Request, head: ReportHead, *, is_empty: bool) -> dict[str, object]:
    """Whether there is no call, and since when there are any."""
    first: datetime | None = None
    if is_empty:
        first = await services_of(request).reports.first_call(viewer_of(request).scope)
    return {"is_empty": is_empty, "first_call": first, "first_url": head.since(first) if first else ""}
