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
    stores: bool = True
    """Whether changes can be stored just now."""
    dials: bool = False
    """Whether a click on a number can ring the viewer's phone."""
    hangs_up: bool = False


def live_frame_for(request: web.Request) -> LiveFrame:
    """The live parts for whoever asks."""
    viewer = visitor_of(request)
    services = services_of(request)
    notices = services.pbx_link.notices(viewer) if viewer else ()
    return LiveFrame(
        address_for(request),
        notices,
        services.health.database_takes_changes(),
        services.dialling.is_offered,
        services.dialling.hangs_up,
    )
