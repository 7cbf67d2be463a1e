"""The strip of the frame that tells what phones are doing: a seller's own, for a head everybody's."""

from __future__ import annotations

from collections import Counter

from aiohttp import web

from pbx_crm.domain.person import Reach
from pbx_crm.domain.presence import ORDER, PhoneState
from pbx_crm.domain.sentence import N_
from pbx_crm.pages.render import render
from pbx_crm.pages.request import services_of, viewer_of

WORDS = {
    PhoneState.TALKING: N_("talking"),
    PhoneState.RINGING: N_("ringing"),
    PhoneState.DND: N_("do not disturb"),
    PhoneState.PAUSED: N_("paused"),
    PhoneState.FREE: N_("free"),
    PhoneState.UNREGISTERED: N_("not registered"),
    None: N_("not known"),
}


async def show(request: web.Request) -> web.StreamResponse:
    """GET /presence: the strip; nothing for whoever has no phone."""
    viewer = viewer_of(request)
    people = await services_of(request).telephony.presence.people(viewer)
    counts = Counter(person.state for person in people)
    values = {
        "people": people,
        "leads": viewer.scope.reach is Reach.ALL,
        "counts": [(state, counts[state]) for state in (*ORDER, None) if counts[state]],
        "words": WORDS,
    }
    return await render(request, "parts/presence.html", values)
