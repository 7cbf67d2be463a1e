"""Several contacts on one deal: who else is talked to, and who comes first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pbx_crm.db import clients, contacts, deal_contacts, deals
from pbx_crm.db.engine import Transaction
from pbx_crm.domain.deal import Deal
from pbx_crm.domain.errors import BadInput, NotFound
from pbx_crm.domain.person import Person
from pbx_crm.domain.phone import NumberPlan
from pbx_crm.domain.sentence import N_
from pbx_crm.services.ground import Ground

LONGEST_ROLE = 60
LONGEST_NAME = 200
MOST_PEOPLE = 20


@dataclass(frozen=True, slots=True)
class ContactForm:
    """Somebody to be put on a deal, as a person types them in."""

    name: str
    number: str
    role: str


class DealPeople:
    """Every method is one transaction; the deal's card is told afterwards."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._plan = NumberPlan(ground.installation.region)

    async def add(self, viewer: Person, deal_id: int, form: ContactForm) -> None:
        """One more contact, known by the number or new; BadInput for wrong values or a foreign client."""
        number = self._plan.e164(form.number) if form.number else None
        _check(form, number)
        now = self._ground.clock()
        self._tell(await self._ground.database.write(_add, viewer, deal_id, form, number, now))

    async def drop(self, viewer: Person, deal_id: int, contact_id: int) -> None:
        """The contact is off the deal; the contact itself stays, and so does the first one."""
        now = self._ground.clock()
        self._tell(await self._ground.database.write(_drop, viewer, deal_id, contact_id, now))

    async def put_first(self, viewer: Person, deal_id: int, contact_id: int) -> None:
        """The deal's client from now on, the one before beside them; NotFound if not on the deal."""
        now = self._ground.clock()
        self._tell(await self._ground.database.write(_put_first, viewer, deal_id, contact_id, now))

    def _tell(self, deal: Deal) -> None:
        self._ground.live.tell({f"stage-{deal.stage_id}", f"deal-{deal.id}"}, {deal.owner_id})


def _check(form: ContactForm, number: str | None) -> None:
    reasons = {}
    if form.number and number is None:
        reasons["number"] = N_("This is not a telephone number.")
    if not form.name and not form.number:
        reasons["name"] = N_("A name or a number is needed.")
    if len(form.name) > LONGEST_NAME:
        reasons["name"] = N_("At most 200 characters.")
    if len(form.role) > LONGEST_ROLE:
        reasons["role"] = N_("At most 60 characters.")
    if reasons:
        raise BadInput(reasons=reasons)


def _add(
    tx: Transaction, viewer: Person, deal_id: int, form: ContactForm, number: str | None, now: datetime
) -> Deal:
    deal = deals.lock(tx, deal_id, viewer.scope)
    on_it = deal_contacts.of_deal(tx, deal_id, deal.contact_id)
    if len(on_it) >= MOST_PEOPLE:
        raise BadInput(reasons={"name": N_("At most 20 contacts on a deal.")})
    contact_id = _contact(tx, viewer, deal, form, number, now)
    if deal.contact_id is None:
        deals.set_contact(tx, deal, contact_id, now)
    elif contact_id != deal.contact_id:
        deal_contacts.add(tx, deal_id, contact_id, form.role)
        deals.touch(tx, deal_id, now)
    return deal


def _contact(
    tx: Transaction, viewer: Person, deal: Deal, form: ContactForm, number: str | None, now: datetime
) -> int:
    known = contacts.by_number(tx, number) if number else None
    if known is None:
        return contacts.make(tx, form.name, number, now, deal.owner_id)
    client = clients.behind(tx, [known], viewer.scope)[known]
    if client.is_foreign:
        reasons = {"number": N_("This is a client of %(owner)s.")}
        raise BadInput(reasons=reasons, owner=client.owner_name, contact_id=known)
    if form.name and not client.name:
        contacts.rename(tx, known, form.name)
    return known


def _drop(tx: Transaction, viewer: Person, deal_id: int, contact_id: int, now: datetime) -> Deal:
    deal = deals.lock(tx, deal_id, viewer.scope)
    if deal_contacts.drop(tx, deal_id, contact_id) is not None:
        deals.touch(tx, deal_id, now)
    return deal


def _put_first(tx: Transaction, viewer: Person, deal_id: int, contact_id: int, now: datetime) -> Deal:
    deal = deals.lock(tx, deal_id, viewer.scope)
    if contact_id == deal.contact_id:
        return deal
    role = deal_contacts.drop(tx, deal_id, contact_id)
    if role is None:
        raise NotFound(contact_id=contact_id)
    if deal.contact_id is not None:
        deal_contacts.add(tx, deal_id, deal.contact_id, role)
    deals.set_contact(tx, deal, contact_id, now)
    return deal
