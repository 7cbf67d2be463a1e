"""What cards have to show to a gate: talks, finished tasks, documents and notes, each with its moment.

One statement a kind for any number of cards, and none for a kind that no gate asks for. Only what comes
after a card's entering its stage is read; `domain/passage.py` judges it. Dry runs read of the same kinds what
cards have ever had to show (`db/past_proofs.py`).
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
Ids = Sequence[int] | Select[Any]
SINCE_ENTERING, SINCE_MADE = deals.c.stage_since, deals.c.created_at
"""How far back is read; a dry run wants all that a card has ever had to show."""


def gather(
    tx: Connection, cards: Sequence[Deal], kinds: Collection[NeedKind], now: datetime
) -> dict[int, Evidence]:
    """By deal id what each card has to show for needs of these kinds."""
    ids = [deal.id for deal in cards]
    read = {
        NeedKind.CALL: _talks,
        NeedKind.TASK: finished_tasks,
        NeedKind.DOCUMENT: documents,
        NeedKind.NOTE: notes,
    }
    known: dict[NeedKind, Found] = {
        kind: reader(tx, ids) if kind in kinds and ids else {} for kind, reader in read.items()
    }
    filled = filled_in(tx, cards) if NeedKind.FIELD in kinds and ids else {}
    return {
        deal.id: Evidence(
            now,
            deal.stage_since,
            is_fresh=deal.stage_since == deal.created_at,
            filled=filled.get(deal.id, frozenset()),
            talks=known[NeedKind.CALL].get(deal.id, ()),
            tasks=known[NeedKind.TASK].get(deal.id, ()),
            documents=known[NeedKind.DOCUMENT].get(deal.id, ()),
            notes=known[NeedKind.NOTE].get(deal.id, ()),
        )
        for deal in cards
    }


def filled_in(tx: Connection, cards: Sequence[Deal]) -> dict[int, frozenset[str]]:
    """By deal id the names of the fields that are filled in. One statement."""
    names = _names(tx, [deal.id for deal in cards])
    return {deal.id: _filled(deal, *names.get(deal.id, ("", ""))) for deal in cards}


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


def finished_tasks(tx: Connection, ids: Ids, since: Any = SINCE_ENTERING) -> Found:
    """The tasks that were done."""
    query = select(tasks.c.deal_id, tasks.c.kind, tasks.c.done_at)
    found = defaultdict(list)
    for deal_id, kind, done_at in tx.execute(_since(since, query, tasks, tasks.c.done_at, ids)):
        found[deal_id].append(Finished(TaskKind(kind), done_at))
    return found


def notes(tx: Connection, ids: Ids, since: Any = SINCE_ENTERING) -> Found:
    """When notes were written."""
    return _moments(tx, _dated(deal_notes, ids, since))


def documents(tx: Connection, ids: Ids, since: Any = SINCE_ENTERING) -> Found:
    """When files were put on the deals, and notes with a link."""
    text = func.lower(deal_notes.c.text)
    has_link = or_(text.like("%http://_%"), text.like("%https://_%"))
    linked = _dated(deal_notes, ids, since).where(has_link)
    return _moments(tx, union_all(linked, _dated(deal_files, ids, since)))


def _dated(table: Table, ids: Ids, since: Any) -> Select[Any]:
    return _since(since, select(table.c.deal_id, table.c.at), table, table.c.at, ids)


def _since(since: Any, query: Select[Any], table: Table, at: Any, ids: Ids) -> Select[Any]:
    query = query.join(deals, deals.c.id == table.c.deal_id)
    return query.where(table.c.deal_id.in_(ids), at >= since)


def _moments(tx: Connection, query: Any) -> Found:
    found = defaultdict(list)
    for deal_id, at in tx.execute(query):
        found[deal_id].append(at)
    return found
