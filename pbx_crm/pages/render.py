"""Pages out of templates: in the reader's language and zone, everything escaped, nothing undefined."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from datetime import tzinfo
from functools import lru_cache
from secrets import token_urlsafe
from time import monotonic
from typing import Any

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context

from pbx_crm.pages import static, wording
from pbx_crm.pages.frame import frame_for
from pbx_crm.pages.i18n import Language, catalogue, choose
from pbx_crm.pages.live_frame import live_frame_for
from pbx_crm.pages.request import LANGUAGE_COOKIE, services_of, session_of, visitor_of
from pbx_crm.pages.settings_menu import settings_menu
from pbx_crm.pages.web_files import TEMPLATES
from pbx_crm.pages.wording import Wording, zone_named


@lru_cache
def environment(language_code: str) -> Environment:
    """The templates of one language; parts that are the same in all are shared by the operating system."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
        auto_reload=False,
    )
    made.policies["ext.i18n.trimmed"] = True
    made.install_gettext_translations(catalogue(language_code), newstyle=True)  # type: ignore[attr-defined]
    made.globals["static"] = static.url
    made.globals["settings_menu"] = settings_menu
    made.globals["product"] = PRODUCT
    made.globals["fresh_key"] = _fresh_key
    made.filters["phone"] = wording.phone
    made.filters["initial"] = wording.initial
    for name in FROM_WORDING:
        made.filters[name] = _filter(name)
    return made


PRODUCT = "pbx_crm"
TURN_SECONDS = 0.004
"""How long the loop stays with one page. A board of 600 cards takes 80 ms to draw; Asterisk closes a link
that is not read for 100 ms, and a call must reach its popup meanwhile."""
FROM_WORDING = (
    *("number", "money", "short_money", "plain", "clock", "day", "moment", "exact", "since", "timespan"),
    *("iso", "input_time", "worded", "short_since", "gettext", "percent", "lasting", "month", "period"),
    *("filesize", "region", "time_there", "day_field", "moment_field"),
)


def _fresh_key() -> str:
    """A key for a form that must do its work once, however often it is sent."""
    return token_urlsafe(12)


def _filter(name: str) -> Any:
    @pass_context
    def reworded(context: Context, *values: Any) -> str:
        said: str = getattr(context["wording"], name)(*values)
        return said

    return reworded


def language_of(request: web.Request) -> Language:
    """The language this reader gets."""
    viewer = visitor_of(request)
    cookie = request.cookies.get(LANGUAGE_COOKIE)
    accepted = request.headers.get("Accept-Language", "")
    default = services_of(request).installation.language
    return choose(viewer.language if viewer else None, cookie, accepted, default)


def zone_of(request: web.Request) -> tzinfo:
    """The zone of this reader's days: their own, else the installation's."""
    viewer = visitor_of(request)
    return zone_named(viewer.time_zone if viewer else None, services_of(request).installation.time_zone)


def days_zone_of(request: web.Request, in_firm_zone: bool) -> tzinfo:
    """The zone of the days asked for: the company's if it is asked for, else the reader's."""
    return zone_named(services_of(request).installation.time_zone) if in_firm_zone else zone_of(request)


def wording_of(request: web.Request) -> Wording:
    """How this reader sees numbers, times and sentences."""
    return Wording(language_of(request), zone_of(request), services_of(request).clock())


def _page(request: web.Request, template: str, values: Mapping[str, Any]) -> Iterator[str]:
    """The template piece by piece, as it is filled."""
    reader = wording_of(request)
    here = session_of(request)
    frame = frame_for(here, request.path, reader.language)
    page = environment(reader.language.code).get_template(template)
    live = live_frame_for(request)
    return page.generate(wording=reader, language=reader.language, frame=frame, live=live, **values)


async def joined(pieces: Iterator[str]) -> str:
    """All of it, made in turns: a big page lets calls and other readers in between."""
    text, turn_ends = [], monotonic() + TURN_SECONDS
    for piece in pieces:
        text.append(piece)
        if monotonic() > turn_ends:
            await asyncio.sleep(0)
            turn_ends = monotonic() + TURN_SECONDS
    return "".join(text)


async def render(
    request: web.Request, template: str, values: Mapping[str, Any] | None = None, *, status: int = 200
) -> web.Response:
    """The filled template as an answer; a value the template asks for and does not get is an error."""
    text = await joined(_page(request, template, values or {}))
    # The same address answers a browser with a page and htmx with a part of it.
    headers = {"Vary": "HX-Request"}
    return web.Response(text=text, status=status, content_type="text/html", headers=headers)
