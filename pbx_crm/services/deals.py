"""What people do with deals: make, change, hand over, write down; moving them is in `services/moves.py`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from pbx_crm.db import clients, contacts, deal_notes, deals, funnels, note_drafts, people, stage_moves
from pbx_crm.db.engine import Database, Transaction
from pbx_crm.domain.deal import (
    MOST_AMOUNT,
    Deal,
    NewDeal,
    Priority,
    check_version,
    seller,
)
from pbx_crm.domain.deal_edit import FieldChange, Texts
from pbx_crm.domain.errors import BadInput, NotAllowed, NotFound
from pbx_crm.domain.funnel import Funnel
from pbx_crm.domain.installation import Installation
from pbx_crm.domain.person import Person, Reach, Role
from pbx_crm.domain.phone import NumberPlan
from pbx_crm.domain.sentence import N_
from pbx_crm.services import deal_edits
from pbx_crm.services.clock import Clock
from pbx_crm.services.deal_edits import DealFields
from pbx_crm.services.live_feed import LiveFeed
from pbx_crm.services.notes import check_note

LONGEST_TITLE = 200
LONGEST_SOURCE = 100


@dataclass(frozen=True, slots=True)
class DealForm:
    """A deal as somebody fills it in. `owner_id` None is whoever fills it in."""

    client_name: str = ""
    number: str = ""
    title: str = ""
    source: str = ""
    amount: Decimal = Decimal(0)
    funnel_id: int | None = None
    owner_id: int | None = None
    request_key: str | None = None


class Deals:
    """Every method is one transaction, and afterwards the browsers it concerns are told."""

    def __init__(self, database: Database, live: LiveFeed, clock: Clock, installation: Installation) -> None:
        self._database = database
        self._live = live
        self._clock = clock
        self._plan = NumberPlan(installation.region)

    async def get(self, viewer: Person, deal_id: int) -> Deal:
        """The deal; NotFound outside the viewer's scope."""
        return await self._database.read(deals.get, deal_id, viewer.scope)

    async def create(self, viewer: Person, form: DealForm) -> int:
        """The new deal's id, in Unsorted; BadInput names each wrong value."""
        number = _number(form.number, self._plan)
        check_texts(form.title, form.source, form.client_name, form.amount)
        deal = await self._database.write(_create, viewer, form, number, self._clock())
        self._live.tell({f"stage-{deal.stage_id}", "tasks"}, {deal.owner_id})
        return deal.id

    async def change(
        self, viewer: Person, deal_id: int, fields: DealFields, seen: Texts | None = None
    ) -> None:
        """Writes the plain fields; BadInput for wrong values.

        `seen` is what the form showed before anybody typed: with it only a field that somebody else
        changed too is refused (FieldsClash), without it any change since (DealChanged).
        """
        check_texts(fields.title, fields.source, fields.client_name or "", fields.amount)
        deal_edits.check(fields)
        edit = deal_edits.change
        deal = await self._database.write(edit, viewer, deal_id, fields, seen, self._clock())
        self._tell(deal)

    async def name_client(self, viewer: Person, deal_id: int, name: str) -> None:
        """Who the deal's client is, if nobody wrote it down yet; BadInput for far too long a name."""
        check_texts("", "", name, Decimal(0))
        name_it = deal_edits.name_client
        self._tell(await self._database.write(name_it, viewer, deal_id, name, self._clock()))

    async def raise_priority(self, viewer: Person, deal_id: int) -> Priority:
        """The priority after the one it had: high, low, normal, and high again."""
        before = await self._database.write(_raise_priority, viewer, deal_id, self._clock())
        self._tell(before)
        return before.priority.after

    async def hand_over(self, viewer: Person, deal_id: int, owner_id: int, version: int) -> None:
        """The card and its open tasks are another seller's from now on."""
        before = await self._database.write(_hand_over, viewer, deal_id, owner_id, version, self._clock())
        self._tell(before, owner_id)

    async def add_note(self, viewer: Person, deal_id: int, text: str) -> None:
        """Writes something down; BadInput if it is nothing or far too much."""
        check_note(text)
        deal = await self._database.write(_add_note, viewer, deal_id, text, self._clock())
        self._tell(deal)

    def _tell(self, deal: Deal, *others: int) -> None:
        self._live.tell({f"stage-{deal.stage_id}", f"deal-{deal.id}", "tasks"}, {deal.owner_id, *others})


def _number(written: str, plan: NumberPlan) -> str | None:
    number = plan.e164(written)
    if written and number is None:
        raise BadInput(reasons={"number": N_("This is not a telephone number.")})
    return number


def check_texts(title: str, source: str, client_name: str, amount: Decimal) -> None:
    """BadInput if a text is too long, or the amount is none."""
    reasons = {}
    if len(title) > LONGEST_TITLE:
        reasons["title"] = N_("At most 200 characters.")
    if len(client_name) > LONGEST_TITLE:
        reasons["client_name"] = N_("At most 200 characters.")
    if len(source) > LONGEST_SOURCE:
        reasons["source"] = N_("At most 100 characters.")
    if not (amount.is_finite() and 0 <= amount <= MOST_AMOUNT):
        reasons["amount"] = N_("An amount is 0 or more.")
    if reasons:
        raise BadInput(reasons=reasons)


def _create(tx: Transaction, viewer: Person, form: DealForm, number: str | None, now: datetime) -> Deal:
    if form.request_key and (made := stage_moves.deal_of_request(tx, form.request_key)):
        return deals.get(tx, made, viewer.scope)
    funnel = _funnel(tx, form.funnel_id)
    owner_id = _owner(tx, viewer, form.owner_id)
    contact_id = _contact(tx, viewer, form.client_name, number, owner_id, now)
    new = NewDeal(
        funnel.unsorted,
        owner_id,
        funnel.currency,
        now,
        seller(viewer.id),
        contact_id=contact_id,
        title=form.title,
        source=form.source,
        amount=form.amount,
        request_key=form.request_key,
    )
    deal_id = deals.create(tx, new)
    if deal_id is None:
        raise NotFound
    return deals.get(tx, deal_id, viewer.scope)


def _funnel(tx: Transaction, funnel_id: int | None) -> Funnel:
    if funnel_id is not None:
        funnel = funnels.load(tx, funnel_id)
        if funnel.is_retired:
            raise BadInput(reasons={"funnel_id": N_("This funnel is retired.")})
        return funnel
    known = funnels.in_use(tx)
    if not known:
        raise NotFound(N_("There is no funnel yet."))
    return known[0]


def _owner(tx: Transaction, viewer: Person, owner_id: int | None) -> int:
    if owner_id is None or owner_id == viewer.id:
        return viewer.id
    if viewer.scope.reach is not Reach.ALL:
        raise NotAllowed(N_("Only the head makes deals for others."))
    return _colleague(tx, owner_id).id


def _colleague(tx: Transaction, person_id: int) -> Person:
    person = people.get(tx, person_id)
    if not person.is_active or person.role is Role.NONE:
        raise BadInput(reasons={"owner_id": N_("This person does not work with clients.")})
    return person


def _contact(
    tx: Transaction, viewer: Person, name: str, number: str | None, owner_id: int, now: datetime
) -> int | None:
    if number is None and not name:
        return None
    known = contacts.by_number(tx, number) if number else None
    if known is None:
        return contacts.make(tx, name, number, now, owner_id)
    client = clients.behind(tx, [known], viewer.scope)[known]
    if client.is_foreign:
        raise BadInput(
            reasons={"number": N_("This is a client of %(owner)s.")},
            owner=client.owner_name,
            contact_id=known,
        )
    if name and not client.name:
        contacts.rename(tx, known, name)
    return known


def _raise_priority(tx: Transaction, viewer: Person, deal_id: int, now: datetime) -> Deal:
    deal = deals.lock(tx, deal_id, viewer.scope)
    deals.set_fields(tx, deal, {"priority": deal.priority.after}, now)
    change = FieldChange("priority", deal.priority, deal.priority.after)
    deal_edits.remember(tx, deal, viewer, (change,), now)
    return deal


def _hand_over(
    tx: Transaction, viewer: Person, deal_id: int, owner_id: int, version: int, now: datetime
) -> Deal:
    deal = deals.lock(tx, deal_id, viewer.scope)
    check_version(deal, version)
    if owner_id != deal.owner_id:
        _colleague(tx, owner_id)
        deals.set_owner(tx, deal, owner_id, now, seller(viewer.id), {})
    return deal


def _add_note(tx: Transaction, viewer: Person, deal_id: int, text: str, now: datetime) -> Deal:
    deal = deals.get(tx, deal_id, viewer.scope)
    deal_notes.add(tx, deal_id, viewer.id, text, now)
    note_drafts.drop(tx, viewer.id, deal_id)
    deals.touch(tx, deal_id, now)
    return deal
