"""What the bell tells, read from the rows that were written anyhow: nothing is kept twice for it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, func, or_, select, update

from pbx_crm.db import advices, deal_names
from pbx_crm.db.callbacks import CAUSE
from pbx_crm.db.scoped import deals_in
from pbx_crm.db.tables import advices as advice_rows
from pbx_crm.db.tables import deal_events, deal_notes, deals, imports, people, tasks
from pbx_crm.domain.contact_import import ImportState
from pbx_crm.domain.news import MOST, News, NewsKind
from pbx_crm.domain.person import Person

RECENT_NOTES = 500
"""So many of the newest notes are looked through for somebody's name; more would be a search."""

LONGEST_EXCERPT = 120
FINISHED = (ImportState.DONE, ImportState.FAILED)


def handed(tx: Connection, viewer: Person, since: datetime) -> list[News]:
    """Deals that somebody else, or a rule, made the reader's and that are still theirs."""
    query = (
        select(deal_events.c.deal_id, deal_events.c.at, deal_events.c.details, people.c.name)
        .join(deals, deals.c.id == deal_events.c.deal_id)
        .outerjoin(people, people.c.id == deal_events.c.actor_id)
        .where(deals.c.owner_id == viewer.id, deals.c.active_at > since, deal_events.c.kind == "owner")
        .where(deal_events.c.at > since, _by_another(deal_events.c.actor_id, viewer))
    )
    rows = tx.execute(_newest(query, deal_events.c.at)).all()
    return [
        News(NewsKind.HANDED, at, deal_id, who or "")
        for deal_id, at, details, who in rows
        if details.get("to") == viewer.id
    ]


def missed(tx: Connection, viewer: Person, since: datetime) -> list[News]:
    """Wishes to call back that came to the reader and that nobody has met yet."""
    query = select(tasks.c.deal_id, tasks.c.created_at).where(
        tasks.c.owner_id == viewer.id,
        tasks.c.created_at > since,
        tasks.c.done_at.is_(None),
        tasks.c.deal_id.is_not(None),
        tasks.c.cause.startswith(CAUSE),
    )
    rows = tx.execute(_newest(query, tasks.c.created_at))
    return [News(NewsKind.MISSED, at, deal_id) for deal_id, at in rows]


def notes(tx: Connection, viewer: Person, since: datetime) -> list[News]:
    """What others wrote on the reader's deals, or anywhere they may look with `@` and the reader's name."""
    latest = select(func.max(deal_notes.c.id) - RECENT_NOTES).scalar_subquery()
    named = deal_notes.c.text.icontains(f"@{viewer.name}", autoescape=True)
    query = (
        select(deal_notes.c.deal_id, deal_notes.c.at, deal_notes.c.text, people.c.name)
        .join(deals, deals.c.id == deal_notes.c.deal_id)
        .outerjoin(people, people.c.id == deal_notes.c.author_id)
        .where(deals_in(viewer.scope), deal_notes.c.id > latest, deal_notes.c.at > since)
        .where(_by_another(deal_notes.c.author_id, viewer), or_(deals.c.owner_id == viewer.id, named))
    )
    rows = tx.execute(_newest(query, deal_notes.c.at))
    return [
        News(NewsKind.NOTE, at, deal_id, who or "", text[:LONGEST_EXCERPT]) for deal_id, at, text, who in rows
    ]


def hints(tx: Connection, viewer: Person, since: datetime, now: datetime) -> list[News]:
    """Advice of robots that still holds: of the reader's deals, and for a head what heads are told."""
    query = (
        select(advice_rows.c.deal_id, advice_rows.c.at, advice_rows.c.name, advice_rows.c.text)
        .join(deals, deals.c.id == advice_rows.c.deal_id)
        .where(advices.shown(viewer.scope, now), advice_rows.c.at > since)
        .where(or_(deals.c.owner_id == viewer.id, advice_rows.c.for_head))
    )
    rows = tx.execute(_newest(query, advice_rows.c.at))
    return [News(NewsKind.HINT, at, deal_id, text=text or name) for deal_id, at, name, text in rows]


def lists(tx: Connection, viewer: Person, since: datetime) -> list[News]:
    """Lists of clients that the reader brought in and that came to their end."""
    query = select(imports.c.id, imports.c.at, imports.c.name).where(
        imports.c.by_id == viewer.id, imports.c.at > since, imports.c.state.in_(FINISHED)
    )
    rows = tx.execute(_newest(query, imports.c.at))
    return [News(NewsKind.IMPORT, at, import_id, name=name) for import_id, at, name in rows]


def names_of(tx: Connection, viewer: Person, deal_ids: set[int]) -> dict[int, str]:
    """What the deals are called; only those the reader sees."""
    return deal_names.called(tx, deal_ids, viewer.scope)


def seen_at(tx: Connection, person_id: int) -> datetime | None:
    """When the person last marked everything read."""
    found: datetime | None = tx.execute(
        select(people.c.news_seen_at).where(people.c.id == person_id)
    ).scalar_one()
    return found


def mark_seen(tx: Connection, person_id: int, at: datetime) -> None:
    """Everything until now is read."""
    tx.execute(update(people).where(people.c.id == person_id).values(news_seen_at=at))


def _by_another(column: Any, viewer: Person) -> Any:
    return or_(column.is_(None), column != viewer.id)


def _newest(query: Select[Any], moment: Any) -> Select[Any]:
    return query.order_by(moment.desc()).limit(MOST)
