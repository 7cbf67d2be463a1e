"""Changing a deal's plain fields while somebody else may be doing the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from pbx_crm.db import companies, contacts, deal_notes, deal_tags, deals, people
from pbx_crm.db.engine import Transaction
from pbx_crm.domain.deal import Deal, Priority, check_version
from pbx_crm.domain.deal_edit import (
    LONGEST_TAG,
    MOST_TAGS,
    FieldChange,
    FieldsClash,
    Texts,
    differences,
    merged,
    tags_written,
)
from pbx_crm.domain.errors import BadInput
from pbx_crm.domain.person import Person
from pbx_crm.domain.sentence import N_

LONGEST_COMPANY = 200


@dataclass(frozen=True, slots=True)
class DealFields:
    """The plain fields of a deal as they shall be, and the version the asker had before them."""

    version: int
    client_name: str | None
    """None leaves the client as it is."""
    title: str
    source: str
    amount: Decimal
    priority: Priority
    expected_close: date | None
    company: str | None = None
    """None leaves the company as it is; an empty one is none."""
    tags: tuple[str, ...] | None = None
    """None leaves the tags as they are."""


def check(fields: DealFields) -> None:
    """BadInput if the company or the tags are too much."""
    reasons = {}
    if len(fields.company or "") > LONGEST_COMPANY:
        reasons["company"] = N_("At most 200 characters.")
    tags = fields.tags or ()
    if len(tags) > MOST_TAGS or any(len(tag) > LONGEST_TAG for tag in tags):
        reasons["tags"] = N_("At most 20 tags of 40 characters.")
    if reasons:
        raise BadInput(reasons=reasons)


def change(
    tx: Transaction, viewer: Person, deal_id: int, fields: DealFields, seen: Texts | None, now: datetime
) -> Deal:
    """The deal as it was before; what is changed stands in its history."""
    deal = deals.lock(tx, deal_id, viewer.scope)
    stored, typed = _stored(tx, deal), _typed(fields)
    if seen is None:
        check_version(deal, fields.version)
        changes = differences(stored, typed)
    else:
        changes = _merged(tx, deal, seen, typed, stored)
    if changes:
        _write(tx, deal, fields, {one.name for one in changes}, now)
        remember(tx, deal, viewer, changes, now)
    return deal


def name_client(tx: Transaction, viewer: Person, deal_id: int, name: str, now: datetime) -> Deal:
    """Writes down who the deal's client is; whom somebody has named meanwhile keeps that name."""
    deal = deals.lock(tx, deal_id, viewer.scope)
    if deal.contact_id is not None and contacts.name_of(tx, deal.contact_id):
        return deal
    kept = (deal.title, deal.source, deal.amount, deal.priority, deal.expected_close)
    return change(tx, viewer, deal_id, DealFields(deal.version, name, *kept), None, now)


def remember(
    tx: Transaction, deal: Deal, viewer: Person, changes: Sequence[FieldChange], now: datetime
) -> None:
    """Notes in the deal's history who made what of which field."""
    details = {"changes": [[one.name, one.was, one.now] for one in changes]}
    deals.add_event(tx, deal.id, "fields", now, viewer.id, details)


def texts_of(deal: Deal, client_name: str, company: str, tags: tuple[str, ...]) -> dict[str, str]:
    """The deal's plain fields as its form shows them."""
    return {
        "client_name": client_name.strip(),
        "company": company.strip(),
        "title": deal.title.strip(),
        "source": deal.source.strip(),
        "amount": _plain(deal.amount),
        "priority": deal.priority.value,
        "expected_close": deal.expected_close.isoformat() if deal.expected_close else "",
        "tags": tags_written(tags),
    }


def _stored(tx: Transaction, deal: Deal) -> dict[str, str]:
    name = contacts.name_of(tx, deal.contact_id) if deal.contact_id is not None else ""
    company = companies.name_of(tx, deal.company_id)
    return texts_of(deal, name, company, deal_tags.of_deal(tx, deal.id))


def _typed(fields: DealFields) -> dict[str, str]:
    typed = {
        "title": fields.title,
        "source": fields.source,
        "amount": _plain(fields.amount),
        "priority": fields.priority.value,
        "expected_close": fields.expected_close.isoformat() if fields.expected_close else "",
    }
    if fields.client_name is not None:
        typed["client_name"] = fields.client_name
    if fields.company is not None:
        typed["company"] = fields.company
    if fields.tags is not None:
        typed["tags"] = tags_written(tuple(sorted(fields.tags)))
    return typed


def _plain(amount: Decimal) -> str:
    return f"{amount.normalize():f}" if amount else ""


def _merged(tx: Transaction, deal: Deal, seen: Texts, typed: Texts, stored: Texts) -> tuple[FieldChange, ...]:
    try:
        return merged(seen, typed, stored)
    except FieldsClash as clash:
        who = _who_changed(tx, deal.id, {one.name for one in clash.changes})
        raise FieldsClash(clash.changes, who, deal_id=deal.id) from None


def _who_changed(tx: Transaction, deal_id: int, names: set[str]) -> str:
    for event in deal_notes.events_of(tx, deal_id):
        if event.kind == "fields" and names & {change[0] for change in event.details["changes"]}:
            return people.get(tx, event.actor_id).name if event.actor_id is not None else ""
    return ""


def _write(tx: Transaction, deal: Deal, fields: DealFields, names: set[str], now: datetime) -> None:
    values: dict[str, Any] = {
        name: getattr(fields, name) for name in ("title", "source", "amount", "priority") if name in names
    }
    if "expected_close" in names:
        values["expected_close"] = fields.expected_close.isoformat() if fields.expected_close else None
    if "company" in names:
        values["company_id"] = companies.named(tx, fields.company, now) if fields.company else None
    if "client_name" in names:
        values |= _named(tx, deal, fields.client_name or "", now)
    if "tags" in names:
        deal_tags.put(tx, deal.id, fields.tags or ())
    deals.set_fields(tx, deal, values, now)


def _named(tx: Transaction, deal: Deal, name: str, now: datetime) -> dict[str, int]:
    if deal.contact_id is not None:
        contacts.rename(tx, deal.contact_id, name)
        return {}
    return {"contact_id": contacts.make(tx, name, None, now, deal.owner_id)} if name else {}
