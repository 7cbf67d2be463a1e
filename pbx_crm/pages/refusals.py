"""What a person is told when something cannot be done: class of error → status and sentence."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import quote

import structlog
from aiohttp import web
from yarl import URL

from pbx_crm.domain.errors import (
    BadInput,
    Conflict,
    CrmError,
    NotAllowed,
    NotFound,
    NotLoggedIn,
    PbxUnreachable,
    Refused,
    SecondFactorWanted,
    StoreUnavailable,
    WrongLogin,
)
from pbx_crm.domain.passage import GateClosed
from pbx_crm.domain.sentence import N_
from pbx_crm.pages.access import Handler
from pbx_crm.pages.answers import see_other
from pbx_crm.pages.api.contract import missing_of
from pbx_crm.pages.render import render, wording_of
from pbx_crm.pages.request import REQUEST_ID, is_api, is_fragment, wants_websocket

STATUS: dict[type[Exception], HTTPStatus] = {
    NotFound: HTTPStatus.NOT_FOUND,
    NotAllowed: HTTPStatus.FORBIDDEN,
    NotLoggedIn: HTTPStatus.UNAUTHORIZED,
    SecondFactorWanted: HTTPStatus.FORBIDDEN,
    WrongLogin: HTTPStatus.UNAUTHORIZED,
    Conflict: HTTPStatus.CONFLICT,
    BadInput: HTTPStatus.UNPROCESSABLE_ENTITY,
    PbxUnreachable: HTTPStatus.SERVICE_UNAVAILABLE,
    StoreUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    Refused: HTTPStatus.BAD_REQUEST,
}
SENTENCES = {
    HTTPStatus.NOT_FOUND: NotFound.__doc__,
    HTTPStatus.METHOD_NOT_ALLOWED: N_("This address does not take such a request."),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: N_("This is too large."),
}
SECOND_FACTOR = "/me/second-factor"
BROKEN = N_("Something went wrong here. Nothing was changed; please try again.")
log = structlog.get_logger(__name__)


def id_of(error: Exception) -> str:
    """The stable name of an error for programs: `BadInput` is `bad_input`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", type(error).__name__).lower()


def status_of(error: Exception) -> HTTPStatus:
    """The HTTP status of an error of our tree; the nearest class decides."""
    return next(STATUS[cls] for cls in type(error).__mro__ if cls in STATUS)


@web.middleware
async def answer_refusals(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turns errors into answers: a refusal with its sentence, anything else into a 500 with an id."""
    request[REQUEST_ID] = uuid.uuid4().hex[:12]
    try:
        return await handler(request)
    except (Refused, PbxUnreachable) as error:
        return await _refusal(request, error)
    except StoreUnavailable as error:
        log.error(
            "the database cannot be used",
            request=request[REQUEST_ID],
            path=request.path,
            why=str(error.__cause__),
        )
        return await _refusal(request, error)
    except web.HTTPException as answer:
        if answer.status < HTTPStatus.BAD_REQUEST:
            raise
        status = HTTPStatus(answer.status)
        sentence = wording_of(request).gettext(_sentence_for(answer))
        return await _problem(request, status, status.name.lower(), sentence)
    except Exception as error:
        if isinstance(error, ConnectionError) and _has_left(request):
            # A player that seeks hangs up and asks anew: nothing failed, and nobody waits for this answer.
            return web.Response()
        log.exception("a request failed", request=request[REQUEST_ID], path=request.path)
        return await _problem(
            request,
            HTTPStatus.INTERNAL_SERVER_ERROR,
            "internal_error",
            wording_of(request).gettext(BROKEN),
        )


def _has_left(request: web.Request) -> bool:
    return request.transport is None or request.transport.is_closing()


def _sentence_for(answer: web.HTTPException) -> str:
    return SENTENCES.get(HTTPStatus(answer.status)) or answer.reason


async def _refusal(request: web.Request, error: Exception) -> web.StreamResponse:
    status = status_of(error)
    if status is HTTPStatus.UNAUTHORIZED and not is_api(request) and not wants_websocket(request):
        return _to_login(request)
    if isinstance(error, SecondFactorWanted):
        return _to_second_factor(request)
    reader = wording_of(request)
    reasons = reader.reasons_of(error) if isinstance(error, BadInput) else {}
    sentence = reader.gettext(str(error))
    if isinstance(error, CrmError) and "%(" in sentence:
        sentence %= error.details
    more = {"missing": missing_of(error)} if isinstance(error, GateClosed) else {}
    return await _problem(request, status, id_of(error), sentence, reasons, more)


def _to_login(request: web.Request) -> web.StreamResponse:
    if is_fragment(request):
        # The part of a page cannot show a log-in form; the whole page goes there, and comes back to itself.
        page = _page_of(request)
        came_from = f"?next={quote(page, safe='')}" if page else ""
        return web.Response(status=HTTPStatus.UNAUTHORIZED, headers={"HX-Redirect": f"/login{came_from}"})
    came_for = f"?next={quote(request.path_qs, safe='/')}" if request.method == "GET" else ""
    return see_other(f"/login{came_for}")


def _to_second_factor(request: web.Request) -> web.Response:
    if is_fragment(request):
        return web.Response(status=HTTPStatus.FORBIDDEN, headers={"HX-Redirect": SECOND_FACTOR})
    return see_other(SECOND_FACTOR)


def _page_of(request: web.Request) -> str:
    """Path and query of the page a part belongs to; empty if none of ours: anybody may send anything."""
    try:
        page = URL(request.headers.get("HX-Current-URL", ""))
    except ValueError:
        return ""
    return page.raw_path_qs if page.absolute and page.host == request.url.host else ""


async def _problem(
    request: web.Request,
    status: HTTPStatus,
    kind: str,
    sentence: str,
    reasons: dict[str, str] | None = None,
    more: Mapping[str, object] | None = None,
) -> web.StreamResponse:
    if is_api(request):
        body = {"error": kind, "message": sentence, "details": reasons or {}, **(more or {})}
        return web.json_response(body, status=status)
    template = "parts/problem.html" if is_fragment(request) else "error.html"
    values = {
        "status": status.value,
        "sentence": sentence,
        "reasons": reasons or {},
        "request_id": request[REQUEST_ID] if status >= HTTPStatus.INTERNAL_SERVER_ERROR else "",
    }
    return await render(request, template, values, status=status)
