"""What cards have to show to a gate: talks, finished tasks, documents and notes, each with its moment.

One statement a kind for any number of cards, and none for a kind that no gate asks for. Only what comes
after a card's entering its stage is read; `domain/passage.py` judges it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, Table, and_, func, literal, or_, select, union_all

from pbx_crm.db.tables import calls, companies, contacts, deal_files, deal_notes, deals, tasks
from pbx_crm.domain.call import Direction, Outcome
from pbx_crm.domain.deal import Deal
from pbx_crm.domain.gate import GateField, NeedKind
from pbx_crm.domain.passage import Conversation, Evidence, Finished
from pbx_crm.domain.task import TaskKind

Found = Mapping[int, Sequence[Any]]
"""By deal id."""


def gather(
    tx: Connection, cards: Sequence[Deal], kinds: Collection[NeedKind], now: datetime
) -> dict[int, Evidence]:
    """By deal id what each card has to show for needs of these kinds."""
    ids = [deal.id for deal in cards]
    read = {
        NeedKind.CALL: _talks,
        NeedKind.TASK: _tasks,
        NeedKind.DOCUMENT: _documents,
        NeedKind.NOTE: _notes,
    }
    known: dict[NeedKind, Found] = {
        kind: reader(tx, ids) if kind in kinds and ids else {} for kind, reader in read.items()
    }
    names = _names(tx, ids) if NeedKind.FIELD in kinds and ids else {}
    return {
        deal.id: Evidence(
            now,
            deal.stage_since,
            is_fresh=deal.stage_since == deal.created_at,
            filled=_filled(deal, *names.get(deal.id, ("", ""))),
            talks=known[NeedKind.CALL].get(deal.id, ()),
            tasks=known[NeedKind.TASK].get(deal.id, ()),
            documents=known[NeedKind.DOCUMENT].get(deal.id, ()),
            notes=known[NeedKind.NOTE].get(deal.id, ()),
        )
        for deal in cards
    }


def _filled(deal: Deal, client: str, company: str) -> frozenset[str]:
    values = {
        GateField.AMOUNT: deal.amount > 0,
        GateField.EXPECTED_CLOSE: deal.expected_close is not None,
        GateField.CLIENT: client.strip(),
        GateField.COMPANY: company.strip(),
        GateField.TITLE: deal.title.strip(),
        GateField.SOURCE: deal.source.strip(),
    }
    return frozenset(field.value for field, value in values.items() if value)


def _names(tx: Connection, ids: Sequence[int]) -> dict[int, tuple[str, str]]:
    query = (
        select(deals.c.id, func.coalesce(contacts.c.name, ""), func.coalesce(companies.c.name, ""))
        .outerjoin(contacts, contacts.c.id == deals.c.contact_id)
        .outerjoin(companies, companies.c.id == deals.c.company_id)
        .where(deals.c.id.in_(ids))
    )
    return {deal_id: (client, company) for deal_id, client, company in tx.execute(query)}


def _talks(tx: Connection, ids: Sequence[int]) -> Found:
    # While a call lasts nobody knows its outcome; that a seller answered it is known.
    lasts = and_(calls.c.ended_at.is_(None), calls.c.answered_extension.is_not(None))
    query = (
        select(calls.c.deal_id, calls.c.answered_at, calls.c.ended_at, calls.c.talk_seconds, _made_the_card())
        .join(deals, deals.c.id == calls.c.deal_id)
        .where(
            calls.c.deal_id.in_(ids),
            calls.c.direction != Direction.INTERNAL,
            calls.c.answered_at.is_not(None),
            or_(lasts, and_(calls.c.outcome == Outcome.ANSWERED, calls.c.ended_at >= deals.c.stage_since)),
        )
    )
    found: dict[int, list[Conversation]] = defaultdict(list)
    for deal_id, answered_at, ended_at, talk_seconds, made_the_card in tx.execute(query):
        found[deal_id].append(Conversation(answered_at, ended_at, talk_seconds, bool(made_the_card)))
    return found


def _made_the_card() -> Any:
    return deals.c.born_of == calls.c.pbx + literal("/") + calls.c.linkedid


def _tasks(tx: Connection, ids: Sequence[int]) -> Found:
    query = select(tasks.c.deal_id, tasks.c.kind, tasks.c.done_at)
    found = defaultdict(list)
    for deal_id, kind, done_at in tx.execute(_since_entering(query, tasks, tasks.c.done_at, ids)):
        found[deal_id].append(Finished(TaskKind(kind), done_at))
    return found


def _notes(tx: Connection, ids: Sequence[int]) -> Found:
    return _moments(tx, _dated(deal_notes, ids))


def _documents(tx: Connection, ids: Sequence[int]) -> Found:
    text = func.lower(deal_notes.c.text)
    has_link = or_(text.like("%http://_%"), text.like("%https://_%"))
    return _moments(tx, union_all(_dated(deal_notes, ids).where(has_link), _dated(deal_files, ids)))


def _dated(table: Table, ids: Sequence[int]) -> Select[Any]:
    return _since_entering(select(table.c.deal_id, table.c.at), table, table.c.at, ids)


def _since_entering(query: Select[Any], table: Table, at: Any, ids: Sequence[int]) -> Select[Any]:
    query = query.join(deals, deals.c.id == table.c.deal_id)
    return query.where(table.c.deal_id.in_(ids), at >= deals.c.stage_since)


def _moments(tx: Connection, query: Any) -> Found:
    found = defaultdict(list)
    for deal_id, at in tx.execute(query):
        found[deal_id].append(at)
    return found
