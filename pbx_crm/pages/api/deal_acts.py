"""What happened to a deal, in the API, and what takes it back; its funnel, its people, its notes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from aiohttp import web
from pydantic import Field

from pbx_crm.domain.call import Direction, Outcome
from pbx_crm.domain.deal import ActorKind, MoveRequest
from pbx_crm.domain.deal_card import DealCard, EntryKind
from pbx_crm.domain.passage import LONGEST_REASON
from pbx_crm.pages.access import Access, Route
from pbx_crm.pages.api.card import ApiThrown
from pbx_crm.pages.api.clients import ApiNote, ApiNotes
from pbx_crm.pages.api.contract import Done, Given, Id, Taken, api
from pbx_crm.pages.api.deals import ApiDeal
from pbx_crm.pages.moves import new_key
from pbx_crm.pages.people import id_in
from pbx_crm.pages.render import zone_of
from pbx_crm.pages.request import services_of, viewer_of
from pbx_crm.services.deal_people import ContactForm


class UndoBody(Taken):
    """Which move is taken back."""

    move_id: Id = Field(description="`undo_id` of the move's line in the history")
    request_key: str | None = Field(
        default=None, max_length=64, description="the same key again changes nothing more"
    )


class FunnelBody(Taken):
    """A stage of another funnel; `version` is that of the deal as it was read."""

    to_stage_id: Id
    version: int = Field(ge=1)
    reason: str = Field(default="", max_length=LONGEST_REASON)
    skip_reason: str = Field(
        default="", max_length=LONGEST_REASON, description="why it goes on although a gate is not confirmed"
    )
    request_key: str | None = Field(
        default=None, max_length=64, description="the same key again moves nothing more"
    )


class DealContactBody(Taken):
    """Somebody the deal is talked about with: known by the number, or new."""

    number: str = Field(default="", max_length=40, examples=["+7 495 000-00-05"])
    name: str = ""
    role: str = Field(default="", description="what they have to do with it: an accountant, say")


class NotePatch(Taken):
    """Other words for a note; `seen` is the text that was read."""

    text: str = Field(min_length=1, max_length=5000)
    seen: str = Field(description="a note that says something else by now stays, and the answer is 409")


class ApiEntryCall(Given):
    """A call of the history."""

    id: int
    direction: Direction
    outcome: Outcome | None = Field(description="null while it lasts")
    wait_seconds: float
    talk_seconds: float


class ApiChange(Given):
    """What a field was and what it is now."""

    name: str
    was: str
    now: str


class ApiEntry(Given):
    """Something that happened to a deal; what does not belong to its kind is empty."""

    kind: EntryKind
    at: datetime
    who: str = Field(description="the person behind it; empty for the program itself")
    actor: ActorKind | None
    text: str
    from_stage: str
    to_stage: str
    to_person: str
    result: str = Field(description="what came of a task")
    trigger: str = Field(description="the rule that made the move")
    is_undo: bool
    undo_id: int | None = Field(description="the move that may still be taken back")
    act_id: int | None = Field(description="what a rule did and may be taken back")
    note_id: int | None = Field(description="the note, where the token's person may change it")
    changes: tuple[ApiChange, ...]
    why: dict[str, Any] = Field(description="what the program did: its `id`, and what it found")
    call: ApiEntryCall | None


class ApiHistory(Given):
    """What happened to a deal, the latest first."""

    entries: tuple[ApiEntry, ...]


class ApiDealContact(Given):
    """Somebody the deal is talked about with."""

    id: int
    name: str
    role: str
    numbers: tuple[str, ...]
    is_first: bool = Field(description="the deal's client; the others stand beside them")
    do_not_call: bool


class ApiDealContacts(Given):
    """Everybody a deal is talked about with, its client first."""

    contacts: tuple[ApiDealContact, ...]


@api(ApiHistory)
async def list_history(request: web.Request) -> ApiHistory:
    """GET /api/v1/deals/{deal}/history: calls, moves, notes, tasks and acts of rules, the latest first."""
    return ApiHistory(entries=tuple(map(ApiEntry.model_validate, (await _card(request)).entries)))


@api(ApiDeal, body=UndoBody)
async def undo_move(request: web.Request, body: UndoBody) -> ApiDeal:
    """POST /api/v1/deals/{deal}/undo: the deal as it was before that move, unless it went on since."""
    undo = services_of(request).moves.undo
    moved = await undo(viewer_of(request), _id(request, "deal"), body.move_id, body.request_key or new_key())
    return ApiDeal.model_validate(moved.deal)


@api(Done)
async def undo_act(request: web.Request) -> Done:
    """POST /api/v1/deals/{deal}/acts/{act}/undo: what a rule did beside moving the card is taken back."""
    take_back = services_of(request).setup.triggers.take_back
    await take_back(viewer_of(request), _id(request, "deal"), _id(request, "act"))
    return Done()


@api(ApiDeal, body=FunnelBody)
async def change_deal_funnel(request: web.Request, body: FunnelBody) -> ApiDeal:
    """POST /api/v1/deals/{deal}/funnel: into a stage of another funnel; its history goes with it."""
    wish = MoveRequest(**{**body.model_dump(), "request_key": body.request_key or new_key()})
    viewer, deal_id = viewer_of(request), _id(request, "deal")
    await services_of(request).moves.change_funnel(viewer, deal_id, wish)
    return ApiDeal.model_validate(await services_of(request).deals.get(viewer, deal_id))


@api(ApiDealContacts)
async def list_deal_contacts(request: web.Request) -> ApiDealContacts:
    """GET /api/v1/deals/{deal}/contacts: everybody the deal is talked about with, its client first."""
    return await _people(request)


@api(ApiDealContacts, body=DealContactBody, status=201)
async def add_deal_contact(request: web.Request, body: DealContactBody) -> ApiDealContacts:
    """POST /api/v1/deals/{deal}/contacts: one more contact, known by the number or new."""
    wish = ContactForm(body.name, body.number, body.role)
    await services_of(request).clients.people.add(viewer_of(request), _id(request, "deal"), wish)
    return await _people(request)


@api(ApiDealContacts)
async def drop_deal_contact(request: web.Request) -> ApiDealContacts:
    """DELETE /api/v1/deals/{deal}/contacts/{second}: off this deal; the contact itself stays."""
    drop = services_of(request).clients.people.drop
    await drop(viewer_of(request), _id(request, "deal"), _id(request, "second"))
    return await _people(request)


@api(ApiDealContacts)
async def put_contact_first(request: web.Request) -> ApiDealContacts:
    """POST /api/v1/deals/{deal}/contacts/{second}/first: the deal's client from now on."""
    put_first = services_of(request).clients.people.put_first
    await put_first(viewer_of(request), _id(request, "deal"), _id(request, "second"))
    return await _people(request)


@api(ApiNotes, body=NotePatch)
async def change_note(request: web.Request, body: NotePatch) -> ApiNotes:
    """PATCH /api/v1/deals/{deal}/notes/{note}: the note says this now; its writer's and the head's."""
    notes, viewer, deal_id = services_of(request).clients.notes, viewer_of(request), _id(request, "deal")
    await notes.change(viewer, deal_id, _id(request, "note"), body.text, body.seen)
    return ApiNotes(notes=tuple(map(ApiNote.model_validate, await notes.of_deal(viewer, deal_id))))


@api(ApiThrown)
async def delete_note(request: web.Request) -> ApiThrown:
    """DELETE /api/v1/deals/{deal}/notes/{note}: a note into the bin."""
    delete = services_of(request).clients.notes.delete
    item_id = await delete(viewer_of(request), _id(request, "deal"), _id(request, "note"))
    return ApiThrown(item_id=item_id)


async def _card(request: web.Request) -> DealCard:
    show = services_of(request).deal_cards.show
    return await show(viewer_of(request), _id(request, "deal"), zone_of(request))


async def _people(request: web.Request) -> ApiDealContacts:
    return ApiDealContacts(contacts=tuple(map(ApiDealContact.model_validate, (await _card(request)).people)))


def _id(request: web.Request, name: str) -> int:
    return id_in(request.match_info[name])


DEAL = "/api/v1/deals/{deal}"
SECOND, NOTE = DEAL + "/contacts/{second}", DEAL + "/notes/{note}"
DEAL_ACTS: tuple[Route, ...] = (
    Route("GET", f"{DEAL}/history", list_history, Access.CLIENT_DATA),
    Route("POST", f"{DEAL}/undo", undo_move, Access.CLIENT_DATA),
    Route("POST", DEAL + "/acts/{act}/undo", undo_act, Access.CLIENT_DATA),
    Route("POST", f"{DEAL}/funnel", change_deal_funnel, Access.CLIENT_DATA),
    Route("GET", f"{DEAL}/contacts", list_deal_contacts, Access.CLIENT_DATA),
    Route("POST", f"{DEAL}/contacts", add_deal_contact, Access.CLIENT_DATA),
    Route("DELETE", SECOND, drop_deal_contact, Access.CLIENT_DATA),
    Route("POST", f"{SECOND}/first", put_contact_first, Access.CLIENT_DATA),
    Route("PATCH", NOTE, change_note, Access.CLIENT_DATA),
    Route("DELETE", NOTE, delete_note, Access.CLIENT_DATA),
)
