"""The calls of a deal, as its timeline tells them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from pbx_crm.db.scoped import calls_in
from pbx_crm.db.tables import calls, lines, people
from pbx_crm.domain.call import Direction, Outcome
from pbx_crm.domain.person import Scope

MOST = 200


@dataclass(frozen=True, slots=True)
class DealCall:
    """One call of a deal."""

    id: int
    direction: Direction
    outcome: Outcome | None
    started_at: datetime
    wait_seconds: float
    talk_seconds: float
    line: str
    seller: str
    """Who talked, or who dialled; empty if nobody took it."""
    owner_rule: Mapping[str, Any]
    recorded: bool


def of_deal(tx: Connection, deal_id: int, scope: Scope) -> list[DealCall]:
    """The deal's newest calls, newest first."""
    person = people.alias("seller")
    seller_id = func.coalesce(calls.c.answered_id, calls.c.seller_id)
    names = ("id", "direction", "outcome", "started_at", "wait_seconds", "talk_seconds")
    query = (
        select(
            *(calls.c[name] for name in names),
            func.coalesce(lines.c.name, ""),
            func.coalesce(person.c.name, calls.c.answered_extension, calls.c.seller_extension, ""),
            calls.c.owner_rule,
            calls.c.recorded,
        )
        .outerjoin(lines, lines.c.id == calls.c.line_id)
        .outerjoin(person, person.c.id == seller_id)
        .where(calls.c.deal_id == deal_id, calls_in(scope))
        .order_by(calls.c.started_at.desc(), calls.c.id.desc())
        .limit(MOST)
    )
    return [
        DealCall(call_id, Direction(direction), Outcome(outcome) if outcome else None, *rest)
        for call_id, direction, outcome, *rest in tx.execute(query)
    ]
