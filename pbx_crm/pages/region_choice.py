"""Regions to choose from, named in the reader's language."""

from __future__ import annotations

from aiohttp import web

from pbx_crm.pages.render import wording_of
from pbx_crm.pages.request import services_of


async def region_choices(request: web.Request, chosen: int | None) -> list[tuple[int, str]]:
    """(id, name) of the regions the plan tells apart, countries first, and of the one chosen already."""
    regions, wording = services_of(request).clients.regions, wording_of(request)
    known = {region.id: region for region in await regions.choices()}
    if chosen is not None and chosen not in known and (own := await regions.named(chosen)) is not None:
        known[chosen] = own
    named = [(region.id, wording.region(region.place)) for region in known.values()]
    return sorted(named, key=lambda pair: (not known[pair[0]].place.is_country, pair[1].casefold()))
