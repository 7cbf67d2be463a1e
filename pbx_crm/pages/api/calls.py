"""Calls in the API: a list with filters, and one call leg by leg."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from aiohttp import web
from pydantic import Field

from pbx_crm.domain.call import Direction, EndedBy, LegKind, LegResult, MissedReason, Outcome, TransferKind
from pbx_crm.domain.call_log import CallFilter, CallRow, CallStory, Place
from pbx_crm.domain.call_record import CallFacts
from pbx_crm.pages.api import cursor
from pbx_crm.pages.api.contract import Given, Id, Moment, api
from pbx_crm.pages.api.cursor import PageQuery
from pbx_crm.pages.people import id_in
from pbx_crm.pages.request import services_of, viewer_of


class CallQuery(PageQuery):
    """Filters of the list; what is left out narrows nothing."""

    since: Moment | None = None
    until: Moment | None = None
    direction: Direction | None = None
    outcome: Outcome | None = None
    person_id: Id | None = None
    text: str = Field(default="", max_length=100)


class ApiCall(Given):
    """A call. Times are UTC; seconds are whole calls', `talk_by` is by extension."""

    id: int
    pbx: str
    linkedid: str
    direction: Direction
    outcome: Outcome | None = Field(description="null while the call is open, or if a gap hid how it ended")
    reason: MissedReason | None
    started_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    ended_by: EndedBy | None
    external_number: str | None = Field(description="null if withheld, or another seller's client")
    caller_name: str | None
    client_name: str | None
    client_of: str | None = Field(description="the other seller whose client it is")
    did: str | None
    queue: str | None
    trunk: str | None
    line_id: int | None
    line: str | None
    rang: tuple[str, ...]
    seller: str | None
    answered_by: str | None
    final_agent: str | None
    wait_seconds: float
    ring_seconds: float
    talk_seconds: float
    hold_seconds: float
    talk_by: dict[str, float]
    recorded: bool
    contact_id: int | None
    deal_id: int | None


class ApiLeg(Given):
    """One phone's part in a call."""

    who: str
    extension: str | None
    kind: LegKind
    started_at: datetime
    rang_at: datetime | None
    answered_at: datetime | None
    ended_at: datetime | None
    result: LegResult | None
    talks: tuple[tuple[datetime, datetime | None], ...]


class ApiTransfer(Given):
    """A hand-over."""

    at: datetime
    kind: TransferKind
    source: str | None
    target: str | None
    completed: bool


class ApiCallStory(ApiCall):
    """A call with its legs and hand-overs, and the rule that chose its owner."""

    legs: tuple[ApiLeg, ...]
    transfers: tuple[ApiTransfer, ...]
    owner_rule: dict[str, Any]
    skipped_by: str | None


class ApiCalls(Given):
    """Calls, newest first; `next_cursor` leads to older ones."""

    calls: tuple[ApiCall, ...]
    next_cursor: str | None


@api(ApiCalls, query=CallQuery)
async def list_calls(request: web.Request, query: CallQuery) -> ApiCalls:
    """GET /api/v1/calls: calls the token's person may see, newest first."""
    wanted = CallFilter(
        since=query.since,
        until=query.until,
        direction=query.direction,
        outcome=query.outcome,
        person_id=query.person_id,
        text=query.text,
    )
    before = Place(*query.place) if query.place else None
    found = await services_of(request).call_archive.page(viewer_of(request), wanted, before, query.limit)
    calls = tuple(ApiCall.model_validate(_fields(record.row, record.facts)) for record in found.records)
    following = found.following
    return ApiCalls(
        calls=calls,
        next_cursor=cursor.written(following.started_at, following.call_id) if following else None,
    )


@api(ApiCallStory)
async def get_call(request: web.Request) -> ApiCallStory:
    """GET /api/v1/calls/{call}: one call leg by leg, and why it belongs to whom it belongs."""
    call_id = id_in(request.match_info["call"])
    story, facts = await services_of(request).call_archive.one(viewer_of(request), call_id)
    return _told(story, facts)


def _told(story: CallStory, facts: CallFacts) -> ApiCallStory:
    return ApiCallStory.model_validate(
        {
            **_fields(story.row, facts),
            "legs": story.legs,
            "transfers": story.transfers,
            "owner_rule": story.owner_rule,
            "skipped_by": story.skipped_by,
        }
    )


def _fields(row: CallRow, facts: CallFacts) -> dict[str, Any]:
    client = row.client
    is_own = client is not None and not client.is_foreign
    return {
        **{name: getattr(facts, name) for name in FROM_FACTS},
        **{name: getattr(row, name) for name in FROM_ROW},
        "external_number": row.number,
        "client_name": client.name if client else None,
        "client_of": client.owner_name if client else None,
        "line": row.line_name,
        "rang": facts.rang_extensions,
        "seller": facts.seller_extension,
        "answered_by": facts.answered_extension,
        "final_agent": facts.final_extension,
        "contact_id": facts.contact_id if is_own else None,
    }


FROM_FACTS = (
    *("pbx", "linkedid", "did", "trunk", "answered_at", "ring_seconds", "hold_seconds", "talk_by", "line_id"),
)
FROM_ROW = (
    *("id", "direction", "outcome", "reason", "started_at", "ended_at", "ended_by", "caller_name", "queue"),
    *("wait_seconds", "talk_seconds", "recorded", "deal_id"),
)
