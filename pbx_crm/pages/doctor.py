"""Settings: the doctor, who looks at the PBX, the files and the records, and names the line to change."""

from __future__ import annotations

from aiohttp import web

from pbx_crm.domain.finding import Finding, Mark
from pbx_crm.pages.render import render
from pbx_crm.pages.request import services_of

HERE = "/settings/doctor"
ORDER = (Mark.FAULT, Mark.WARNING, Mark.UNSEEN, Mark.GOOD)


async def show(request: web.Request) -> web.StreamResponse:
    """GET /settings/doctor: the page; nothing is looked at until somebody asks."""
    return await render(request, "doctor.html", {"here": HERE, "findings": None, "at": None})


async def run(request: web.Request) -> web.StreamResponse:
    """POST /settings/doctor: looks, and shows what was found, the worst first."""
    services = services_of(request)
    found = sorted(await services.checkup.run(), key=_rank)
    return await render(request, "doctor.html", {"here": HERE, "findings": found, "at": services.clock()})


def _rank(finding: Finding) -> int:
    return ORDER.index(finding.mark)
