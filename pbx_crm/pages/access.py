"""Who may open a page: the kinds of access, and a row of the site's table."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum, auto
from functools import wraps
from typing import assert_never

from aiohttp import web

from pbx_crm.domain.errors import NotAllowed, SecondFactorWanted
from pbx_crm.domain.person import Person, Role
from pbx_crm.pages.request import here_of
from pbx_crm.services.accounts import LoggedIn

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Access(Enum):
    """Whom a page is for. Which records they find there is the matter of their scope."""

    PUBLIC = auto()
    PBX = auto()
    """A dialplan with a token of its own, which the handler asks for; no person's log-in opens it."""
    PERSON = auto()
    CLIENT_DATA = auto()
    """Sellers and heads; not an admin who only sets up telephony."""
    HEAD = auto()
    ADMIN = auto()
    SETTINGS = auto()
    """Heads and admins: people, extensions, lines."""

    def admits(self, person: Person) -> bool:
        """Whether this person may open such a page."""
        match self:
            case Access.PUBLIC | Access.PERSON:
                return True
            case Access.PBX:
                return False
            case Access.CLIENT_DATA:
                return person.role in (Role.SELLER, Role.HEAD)
            case Access.HEAD:
                return person.role is Role.HEAD
            case Access.ADMIN:
                return person.is_admin
            case Access.SETTINGS:
                return person.role is Role.HEAD or person.is_admin
            case _:
                assert_never(self)


@dataclass(frozen=True, slots=True)
class Route:
    """One row of the site's table."""

    method: str
    path: str
    handler: Handler
    access: Access


def _require(access: Access, here: LoggedIn) -> None:
    # One's own account is open, or nobody could set up what is wanted of them.
    if here.must_enrol and access is not Access.PERSON:
        raise SecondFactorWanted
    if not access.admits(here.person):
        raise NotAllowed


def guarded(route: Route) -> Handler:
    """The row's handler behind its access check: NotLoggedIn for strangers, NotAllowed for the others.

    SecondFactorWanted for whoever has still to set theirs up.
    """

    @wraps(route.handler)
    async def checked(request: web.Request) -> web.StreamResponse:
        if route.access not in (Access.PUBLIC, Access.PBX):
            _require(route.access, here_of(request))
        return await route.handler(request)

    return checked
