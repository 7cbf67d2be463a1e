"""An office whose sellers work on the cards of their deals."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC
from typing import Any

from pbx_crm.db.engine import Transaction
from pbx_crm.db.tables import metadata
from pbx_crm.domain.deal import Deal, MoveRequest
from pbx_crm.domain.deal_card import DealCard
from pbx_crm.domain.person import Person
from pbx_crm.services.boards import Boards
from pbx_crm.services.clientele import Clientele
from pbx_crm.services.deal_cards import DealCards
from pbx_crm.services.deal_edits import DealFields, texts_of
from pbx_crm.services.deals import DealForm, Deals
from pbx_crm.services.moves import Moves
from pbx_crm.services.tasks import Tasks
from tests.office import INSTALLATION, Workplace


@dataclass
class Office(Workplace):
    """Two sellers and a head with one funnel."""

    def __post_init__(self) -> None:
        self.clients = Clientele.on(self.ground)
        self.deals = Deals(self.database, self.live, self.clock, INSTALLATION)
        self.moves = Moves(self.database, self.live, self.clock)
        self.cards = DealCards(self.database, self.clock)
        self.boards = Boards(self.database, self.clock)
        self.tasks = Tasks(self.database, self.live, self.clock)

    async def new(self, who: Person, **form: Any) -> Deal:
        """A deal made by this person."""
        return await self.deals.get(who, await self.deals.create(who, DealForm(**form)))

    async def card(self, who: Person, deal: Deal) -> DealCard:
        """The card as this person sees it."""
        return await self.cards.show(who, deal.id, UTC)

    async def seen(self, who: Person, deal: Deal) -> tuple[DealFields, dict[str, str]]:
        """The form this person has before them, and what it showed."""
        card = await self.card(who, deal)
        stored = card.deal
        fields = DealFields(
            stored.version,
            card.client_name,
            stored.title,
            stored.source,
            stored.amount,
            stored.priority,
            stored.expected_close,
            card.company,
            card.tags,
        )
        return fields, texts_of(stored, card.client_name, card.company, card.tags)

    async def change(self, who: Person, deal: Deal, **values: Any) -> None:
        """Opens the form, types these and saves."""
        fields, seen = await self.seen(who, deal)
        await self.deals.change(who, deal.id, replace(fields, **values), seen)

    async def move(self, who: Person, deal: Deal, stage: int) -> None:
        """The deal goes to the funnel's n-th stage."""
        now = await self.deals.get(who, deal.id)
        key = f"{deal.id}-{now.version}"
        request = MoveRequest(self.funnel.stages[stage].id, now.version, key, reason="so")
        await self.moves.move(who, deal.id, request)

    async def everything(self) -> dict[str, list[str]]:
        """All rows but those that deleting leaves on purpose."""

        def read(tx: Transaction) -> dict[str, list[str]]:
            kept = [table for table in metadata.sorted_tables if table.name not in ("audit", "bin_items")]
            return {table.name: sorted(map(repr, tx.execute(table.select()).all())) for table in kept}

        return await self.database.read(read)
