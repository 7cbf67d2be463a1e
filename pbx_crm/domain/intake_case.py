"""A call with everything that a decision about it needs, handed in by whoever looked it up."""

from __future__ import annotations

from datetime import datetime

from pbx_crm.domain.call import Call
from pbx_crm.domain.line import Line, SkipRule
from pbx_crm.domain.roster import Roster
from pbx_crm.domain.value import value


@value
class OpenDeal:
    """A deal the client may mean."""

    key: int
    """However the asker tells its deals apart."""
    funnel_id: int
    owner_id: int
    active_at: datetime


@value
class Client:
    """What is known of the outside party; a stranger and a withheld number have nothing."""

    responsible_id: int | None = None
    open_deals: tuple[OpenDeal, ...] = ()


STRANGER = Client()


@value
class Case:
    """A call with everything a decision about it needs."""

    call: Call
    line: Line
    funnel_id: int
    client: Client
    roster: Roster
    skip: SkipRule | None = None
