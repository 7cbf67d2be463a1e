"""Answers that are no page of their own."""

from __future__ import annotations

from http import HTTPStatus

from aiohttp import web


def see_other(url: str) -> web.Response:
    """Leads the browser on with a GET, so that a reload repeats no change."""
    return web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": url})
