"""Whether the program lives and is ready, for whoever watches it."""

from __future__ import annotations

from aiohttp import web

from pbx_crm.domain.pbx_link import LinkStatus
from pbx_crm.pages.request import services_of

ANSWERS = "answers"


async def live(_request: web.Request) -> web.StreamResponse:
    """GET /health/live: 200 as long as the event loop turns."""
    return web.json_response({"status": "live"})


async def ready(request: web.Request) -> web.StreamResponse:
    """GET /health/ready: 200 if the database answers and takes changes.

    A PBX link that is down is told, and is no reason.
    """
    services = services_of(request)
    states = services.pbx_link.states
    links = {pbx: state.status.value for pbx, state in sorted(states.items())}
    database = await _database(request)
    stored = database == ANSWERS
    # What another instance hears is stored for this one, too.
    hears_all = all(state.status in (LinkStatus.UP, LinkStatus.WAITING) for state in states.values())
    body = {
        "status": "ready" if stored else "not ready",
        "database": database,
        "pbx": links,
        "calls_are_seen": hears_all,
    }
    return web.json_response(body, status=200 if stored else 503)


async def _database(request: web.Request) -> str:
    health = services_of(request).health
    if not await health.database_answers():
        return "does not answer"
    return ANSWERS if health.database_takes_changes() else "takes no changes"
