"""What every page carries to stay live: where its tab listens, and the banner about the PBX link."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from pbx_crm.domain.pbx_link import Notice
from pbx_crm.pages.live import address_for
from pbx_crm.pages.request import services_of, visitor_of


@dataclass(frozen=True, slots=True)
class LiveFrame:
    """The live parts of one page as it is sent."""

    address: str
    """Empty for a visitor, whose page does not listen."""
    notices: tuple[Notice, ...]
    dials: bool = False
    """Whether a click on a number can ring the viewer's phone."""
    hangs_up: bool = False


def live_frame_for(request: web.Request) -> LiveFrame:
    """The live parts for whoever asks."""
    viewer = visitor_of(request)
    notices = services_of(request).pbx_link.notices(viewer) if viewer else ()
    dialling = services_of(request).dialling
    return LiveFrame(address_for(request), notices, dialling.is_offered, dialling.hangs_up)
