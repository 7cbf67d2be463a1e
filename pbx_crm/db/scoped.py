"""The one place where a viewer's scope becomes SQL.

Each subquery brings its own table, also inside a statement that joins the same table for something
else: left to itself SQLAlchemy would take the outer one, and the condition would mean another thing.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, exists, false, select, true

from pbx_crm.db.tables import call_people, calls, contacts, deal_contacts, deals, stage_totals, tasks
from pbx_crm.domain.person import Reach, Scope


def deals_in(scope: Scope) -> ColumnElement[bool]:
    """Condition on `deals`: a seller's own cards, all of them for the head."""
    match scope.reach:
        case Reach.ALL:
            return true()
        case Reach.OWN:
            return deals.c.owner_id == scope.person_id
        case Reach.NOTHING:
            return false()


def totals_in(scope: Scope) -> ColumnElement[bool]:
    """Condition on `stage_totals`: counts and sums reach exactly as far as the cards do."""
    match scope.reach:
        case Reach.ALL:
            return true()
        case Reach.OWN:
            return stage_totals.c.owner_id == scope.person_id
        case Reach.NOTHING:
            return false()


def tasks_in(scope: Scope) -> ColumnElement[bool]:
    """Condition on `tasks`: a seller's own, and those on own cards."""
    match scope.reach:
        case Reach.ALL:
            return true()
        case Reach.OWN:
            own_card = tasks.c.deal_id.in_(select(deals.c.id).where(deals.c.owner_id == scope.person_id))
            return (tasks.c.owner_id == scope.person_id) | own_card
        case Reach.NOTHING:
            return false()


def calls_in(scope: Scope) -> ColumnElement[bool]:
    """Condition on `calls`: those that rang, were taken by, or belong to a card of the viewer."""
    match scope.reach:
        case Reach.ALL:
            return true()
        case Reach.OWN:
            took_part = (
                exists()
                .where(call_people.c.call_id == calls.c.id, call_people.c.person_id == scope.person_id)
                .correlate_except(call_people)
            )
            own = select(deals.c.id).where(deals.c.owner_id == scope.person_id).correlate(None)
            return took_part | calls.c.deal_id.in_(own)
        case Reach.NOTHING:
            return false()


def contacts_in(scope: Scope, contact_id: ColumnElement[int]) -> ColumnElement[bool]:
    """Condition on a contact's id: a seller sees whoever stands on their own deals."""
    match scope.reach:
        case Reach.ALL:
            return true()
        case Reach.OWN:
            own_deal = exists().where(deals.c.contact_id == contact_id, deals.c.owner_id == scope.person_id)
            beside = exists().where(
                deal_contacts.c.contact_id == contact_id,
                deals.c.id == deal_contacts.c.deal_id,
                deals.c.owner_id == scope.person_id,
            )
            return own_deal.correlate_except(deals) | beside.correlate_except(deals, deal_contacts)
        case Reach.NOTHING:
            return false()


def contacts_among(scope: Scope) -> ColumnElement[bool]:
    """Condition on `contacts`: the same as `contacts_in`, for lists of all.

    Among two hundred thousand clients a seller's few are gathered first instead of asking of each.
    """
    if scope.reach is not Reach.OWN:
        return contacts_in(scope, contacts.c.id)
    own = deals.c.owner_id == scope.person_id
    first = select(deals.c.contact_id).where(own, deals.c.contact_id.is_not(None))
    beside = select(deal_contacts.c.contact_id).join(deals, deals.c.id == deal_contacts.c.deal_id).where(own)
    return contacts.c.id.in_(first.union(beside))
