"""A client with everything known about them, and who may be the same client twice."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from pbx_crm.domain.errors import Refused


class DoNotCall(Refused):
    """This client asked not to be called."""


@dataclass(frozen=True, slots=True)
class ContactLine:
    """A client in a list."""

    id: int
    name: str
    company: str
    city: str
    responsible: str
    number: str | None
    """The one known longest."""
    numbers: int
    open_deals: int
    """As far as the viewer sees them."""
    do_not_call: bool


@dataclass(frozen=True, slots=True)
class ContactFields:
    """The plain fields of a client as a form writes them; None leaves a field as it is."""

    name: str
    company: str
    city: str
    do_not_call: bool
    responsible_id: int | None = None
    region_id: int | None = None
    """NOWHERE: what their numbers tell."""


@dataclass(frozen=True, slots=True)
class ContactNumber:
    """One of the client's numbers, in E.164."""

    id: int
    number: str
    label: str


@dataclass(frozen=True, slots=True)
class ContactDeal:
    """A deal of the client, as far as the viewer sees it."""

    id: int
    title: str
    funnel: str
    stage: str
    hue: int
    owner: str
    amount: Decimal
    currency: str
    created_at: datetime
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class ContactCard:
    """The whole of a client."""

    id: int
    name: str
    company_id: int | None
    company: str
    city: str
    region_id: int | None
    """Set by hand."""
    responsible_id: int | None
    responsible: str
    do_not_call: bool
    created_at: datetime
    numbers: tuple[ContactNumber, ...]
    deals: tuple[ContactDeal, ...]
    """Open ones first, then the latest."""
    perhaps_same: tuple[ContactLine, ...]


def plain_name(name: str) -> str:
    """What is left of a name when spelling is set aside: `ООО «Вектор»` and `ооо вектор` are one."""
    letters = unicodedata.normalize("NFKC", name).casefold()
    return " ".join("".join(letter if letter.isalnum() else " " for letter in letters).split())
