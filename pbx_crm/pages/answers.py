"""Answers that are no page of their own."""

from __future__ import annotations

import json
from http import HTTPStatus

from aiohttp import web

from pbx_crm.pages.request import is_fragment


def see_other(url: str) -> web.Response:
    """Leads the browser on with a GET, so that a reload repeats no change."""
    return web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": url})


def telling(answer: web.Response, *topics: str) -> web.Response:
    """The same answer, which also makes these regions of the page fetch themselves anew."""
    answer.headers["HX-Trigger"] = json.dumps({topic: {"target": "body"} for topic in topics})
    return answer


def elsewhere(request: web.Request, url: str) -> web.Response:
    """Leads the whole page on, also when only a part of it asked."""
    if is_fragment(request):
        return web.Response(headers={"HX-Redirect": url})
    return see_other(url)
