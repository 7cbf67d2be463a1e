"""The search box: deals by a name or any part of a number, within the viewer's scope."""

from __future__ import annotations

from dataclasses import dataclass

from pbx_crm.db import clients, contacts, search
from pbx_crm.db.engine import Database, Transaction
from pbx_crm.db.search import FoundDeal
from pbx_crm.domain.board import CardFilter
from pbx_crm.domain.installation import Installation
from pbx_crm.domain.person import Person
from pbx_crm.domain.phone import NumberPlan
from pbx_crm.domain.sought import Sought, sought

MOST = 50
LONGEST_TEXT = 100


@dataclass(frozen=True, slots=True)
class Found:
    """What a search gives."""

    deals: tuple[FoundDeal, ...]
    owner_name: str = ""
    """Of an exact number that is another seller's client: that seller, and nothing more."""
    next_before: int | None = None
    """Where a list goes on; None at its end."""


class Search:
    """Finds what the viewer may see."""

    def __init__(self, database: Database, installation: Installation) -> None:
        self._database = database
        self._plan = NumberPlan(installation.region)

    async def by_text(self, viewer: Person, text: str) -> Found:
        """Deals that hold the text in a name or a title, or its digits in a number."""
        return await self._database.read(_by_text, viewer, sought(text, self._plan, LONGEST_TEXT))

    async def in_stage(self, viewer: Person, stage_id: int, wanted: CardFilter, before: int | None) -> Found:
        """The deals of a column that is too long for the board, by the board's filter, so many at a time."""
        return await self._database.read(_in_stage, viewer, stage_id, wanted, before)


def _by_text(tx: Transaction, viewer: Person, wanted: Sought) -> Found:
    found = search.by_text(tx, wanted.text, wanted.figures, viewer.scope, MOST)
    return Found(tuple(found), _foreign_owner(tx, viewer, wanted.number) if wanted.number else "")


def _foreign_owner(tx: Transaction, viewer: Person, number: str) -> str:
    contact_id = contacts.by_number(tx, number)
    if contact_id is None:
        return ""
    return clients.behind(tx, [contact_id], viewer.scope)[contact_id].owner_name or ""


def _in_stage(
    tx: Transaction, viewer: Person, stage_id: int, wanted: CardFilter, before: int | None
) -> Found:
    found = search.in_stage(tx, stage_id, viewer.scope, wanted, before, MOST + 1)
    more = found[MOST - 1].id if len(found) > MOST else None
    return Found(tuple(found[:MOST]), next_before=more)
