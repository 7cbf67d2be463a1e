"""A funnel with as many made-up deals as a goal wants, written by the database itself."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, text

from pbx_crm.db.engine import Database
from pbx_crm.db.tables import metadata
from pbx_crm.domain.funnel import Funnel
from pbx_crm.domain.person import Person, Role
from tests import builders

SELLERS = 20
CLIENTS = 10_000
# 85 of 100 deals are closed, as in a house that sells for years; the rest lie evenly in what is open.
DEALS = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :deals)
INSERT INTO deals (funnel_id, stage_id, owner_id, contact_id, title, source, amount, currency, priority,
                   created_at, stage_since, active_at, closed_at, version)
SELECT :funnel, :first + CASE WHEN i % 100 < 15 THEN i % 4 ELSE 4 + i % 2 END, :seller + (i / 100) % :sellers,
       1 + i % :clients, 'Deal ' || i, 'ad', (i % 1000) * 10000, 'EUR', 'normal',
       datetime('2026-11-21', '-' || i || ' seconds') || '.000000',
       datetime('2026-11-21', '-' || i || ' seconds') || '.000000',
       datetime('2026-11-21', '-' || i || ' seconds') || '.000000',
       CASE WHEN i % 100 < 15 THEN NULL ELSE '2026-11-21 00:00:00.000000' END, 1
FROM n
"""
TOTALS = """
INSERT INTO stage_totals (stage_id, owner_id, currency, deals, amount)
SELECT stage_id, owner_id, currency, count(*), sum(amount) FROM deals GROUP BY stage_id, owner_id, currency
"""


@dataclass(frozen=True, slots=True)
class House:
    """A database with deals, its head and one of its sellers."""

    database: Database
    funnel: Funnel
    head: Person
    seller: Person


def house_with(folder: Path, deals: int) -> House:
    """So many deals of twenty sellers, in a SQLite of its own."""
    database = Database.open(f"sqlite:///{folder / f'{deals}.db'}")
    metadata.create_all(database.engine)
    with database.engine.connect().execution_options(writes=True) as tx, tx.begin():
        head = builders.person(tx, "Olga", Role.HEAD)
        sellers = [builders.person(tx, f"Seller{number}") for number in range(SELLERS)]
        funnel = builders.funnel(tx)
        _fill(tx, funnel, sellers[0], deals)
        tx.execute(text("ANALYZE"))
    return House(database, funnel, head, sellers[0])


def _fill(tx: Connection, funnel: Funnel, first_seller: Person, deals: int) -> None:
    for number in range(CLIENTS):
        builders.contact(tx, f"Client {number}")
    values = {"funnel": funnel.id, "first": funnel.stages[0].id, "seller": first_seller.id}
    tx.execute(text(DEALS), {**values, "deals": deals, "sellers": SELLERS, "clients": CLIENTS})
    tx.execute(text(TOTALS))
