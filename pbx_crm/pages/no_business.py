"""Settings: numbers that look like no clients, each with what skipping it would have saved."""

from __future__ import annotations

from aiohttp import web

from pbx_crm.domain.no_business import LOOKS_BACK_DAYS, Habit
from pbx_crm.domain.sentence import N_
from pbx_crm.pages.lines import HERE
from pbx_crm.pages.render import render
from pbx_crm.pages.request import services_of, viewer_of

HABITS = {
    Habit.HANGS_UP: N_("every talk was over at once"),
    Habit.ASKS_ROUND: N_("short talks, each time with somebody else"),
}


async def show(request: web.Request) -> web.StreamResponse:
    """GET /settings/skip-rules/proposals: the list, with a rule to make of each line."""
    found = await services_of(request).setup.no_business.proposals(viewer_of(request))
    values = {
        "here": HERE,
        "proposals": found,
        "habits": HABITS,
        "days": LOOKS_BACK_DAYS,
        "cards": sum(proposal.cards for proposal in found),
    }
    return await render(request, "no_business.html", values)
