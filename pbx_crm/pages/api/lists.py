"""Contacts, funnels, people and tasks in the API."""

from __future__ import annotations

from datetime import datetime

from aiohttp import web
from pydantic import Field

from pbx_crm.domain.funnel import StageKind
from pbx_crm.domain.gate import NeedKind
from pbx_crm.domain.person import Role
from pbx_crm.domain.task import TaskKind
from pbx_crm.pages.api.contract import Given, api
from pbx_crm.pages.api.cursor import PageQuery
from pbx_crm.pages.people import id_in
from pbx_crm.pages.request import services_of, viewer_of


class ContactQuery(PageQuery):
    """Clients; with a number, however written, whoever has exactly it."""

    number: str = Field(default="", max_length=40)


class TaskQuery(PageQuery):
    """Tasks; without `open` the done ones too."""

    open: bool = True


class ApiContact(Given):
    """A client; numbers are E.164."""

    id: int
    name: str
    company: str | None
    city: str
    responsible_id: int | None
    do_not_call: bool
    numbers: tuple[str, ...]
    created_at: datetime


class ApiContacts(Given):
    """Clients, newest first."""

    contacts: tuple[ApiContact, ...]
    next_cursor: str | None


class ApiTask(Given):
    """A task of a seller."""

    id: int
    kind: TaskKind
    owner_id: int
    deal_id: int | None
    contact_id: int | None
    call_id: int | None
    title: str
    due_at: datetime
    created_at: datetime
    done_at: datetime | None
    result: str
    version: int = Field(description="for taking back what was done with it")


class ApiTasks(Given):
    """Tasks, the soonest due first."""

    tasks: tuple[ApiTask, ...]
    next_cursor: str | None


class ApiNeed(Given):
    """One thing a gate asks for."""

    kind: NeedKind
    detail: str
    seconds: int


class ApiGate(Given):
    """What confirms that a stage is reached."""

    needs: tuple[ApiNeed, ...]
    is_binding: bool = Field(description="whether nobody may pass without it, not even for a reason")


class ApiStage(Given):
    """A column of a funnel; a retired one holds no cards any more."""

    id: int
    name: str
    kind: StageKind
    position: int
    hue: int = Field(description="of the board's colours")
    probability: int
    idle_hours: int | None
    reached_when: str
    what_to_do: str
    is_retired: bool
    gate: ApiGate | None


class ApiLossReason(Given):
    """Why a deal was lost."""

    id: int
    name: str


class ApiFunnel(Given):
    """A funnel with its stages in order."""

    id: int
    name: str
    currency: str
    is_retired: bool
    stages: tuple[ApiStage, ...]
    loss_reasons: tuple[ApiLossReason, ...]


class ApiFunnels(Given):
    """Every funnel in use."""

    funnels: tuple[ApiFunnel, ...]


class ApiPerson(Given):
    """A colleague."""

    id: int
    name: str
    role: Role


class ApiPeople(Given):
    """Everybody who may own deals, and who asks."""

    me: ApiPerson
    people: tuple[ApiPerson, ...]


@api(ApiContacts, query=ContactQuery)
async def list_contacts(request: web.Request, query: ContactQuery) -> ApiContacts:
    """GET /api/v1/contacts: clients the token's person may see, newest first."""
    found = await services_of(request).listings.contacts(
        viewer_of(request), query.number, query.place, query.limit + 1
    )
    shown, following = query.shown(found, lambda contact: (contact.created_at, contact.id))
    if viewer_of(request).role is not Role.HEAD:
        # A head may export them all, and a head's scripts read them all day.
        services_of(request).entry.watch.opened(viewer_of(request), [f"contact-{one.id}" for one in shown])
    return ApiContacts(
        contacts=tuple(ApiContact.model_validate(contact) for contact in shown), next_cursor=following
    )


@api(ApiContact)
async def get_contact(request: web.Request) -> ApiContact:
    """GET /api/v1/contacts/{contact}: one client."""
    contact_id = id_in(request.match_info["contact"])
    found = await services_of(request).listings.contact(viewer_of(request), contact_id)
    services_of(request).entry.watch.opened(viewer_of(request), [f"contact-{found.id}"])
    return ApiContact.model_validate(found)


@api(ApiTasks, query=TaskQuery)
async def list_tasks(request: web.Request, query: TaskQuery) -> ApiTasks:
    """GET /api/v1/tasks: tasks the token's person may see, the soonest due first."""
    found = await services_of(request).listings.tasks(
        viewer_of(request), query.place, query.limit + 1, open_only=query.open
    )
    shown, following = query.shown(found, lambda task: (task.due_at, task.id))
    return ApiTasks(tasks=tuple(ApiTask.model_validate(task) for task in shown), next_cursor=following)


@api(ApiFunnels)
async def list_funnels(request: web.Request) -> ApiFunnels:
    """GET /api/v1/funnels: every funnel in use, with stages and loss reasons."""
    found = await services_of(request).listings.funnels()
    return ApiFunnels(funnels=tuple(ApiFunnel.model_validate(funnel) for funnel in found))


@api(ApiPeople)
async def list_people(request: web.Request) -> ApiPeople:
    """GET /api/v1/people: whose token this is, and everybody who may own deals."""
    everybody = await services_of(request).staff.everybody()
    sellers = [person for person in everybody if person.is_active and person.role is not Role.NONE]
    return ApiPeople(
        me=ApiPerson.model_validate(viewer_of(request)),
        people=tuple(ApiPerson.model_validate(person) for person in sellers),
    )
