"""A company whose head sets gates."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import Any

import pytest

from pbx_crm.db import deals
from pbx_crm.db.engine import Database
from pbx_crm.domain.deal import Deal, MoveRequest
from pbx_crm.domain.deal_card import Entry
from pbx_crm.domain.gate import gate_of
from pbx_crm.domain.gate_answer import GateAnswer
from pbx_crm.domain.installation import Installation
from pbx_crm.domain.passage import GateClosed
from pbx_crm.domain.person import Person
from pbx_crm.services.bulk_deals import BulkDeals
from pbx_crm.services.deal_cards import DealCards
from pbx_crm.services.funnel_settings import FunnelSettings
from pbx_crm.services.gate_answers import GateAnswers
from pbx_crm.services.ground import Ground
from pbx_crm.services.moves import Moved, Moves
from pbx_crm.services.phone_codes import PhoneCodes
from pbx_crm.services.stage_settings import StageSettings
from pbx_crm.services.tasks import Tasks
from tests.builders import EVERYTHING, NOW
from tests.company import Company, later
from tests.stories import Story
from tests.turned_clock import TurnedClock

CLIENT, OTHER = "+79161234567", "+79161234568"
INSTALLATION = Installation("RU", "en", "UTC", "EUR")
UNSORTED, NEW, PRESENTATION, OFFER, WON, LOST = range(6)


class Gatehouse:
    """A company whose head sets gates, and Anna who moves her cards past them."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.company = Company(database)
        self.clock = TurnedClock(NOW + timedelta(hours=1))
        live, funnel = self.company.live, self.company.funnel
        ground = Ground(database, live, self.clock, INSTALLATION, {})
        self.anna, self.olga, self.funnel = self.company.anna, self.company.olga, funnel
        self.moves = Moves(database, live, self.clock)
        self.answers = GateAnswers(ground)
        self.tasks = Tasks(database, live, self.clock)
        self.stages = StageSettings(database, live, self.clock)
        self.funnels = FunnelSettings(database, live, self.clock)
        self.bulk = BulkDeals(database, live, self.clock)
        self.codes = PhoneCodes(database, live, self.clock, "UTC")
        self.cards = DealCards(database, self.clock)

    def stage(self, number: int) -> int:
        """The id of the funnel's n-th stage."""
        return self.funnel.stages[number].id

    async def gate(self, number: int, needs: str, *, binding: bool = False) -> None:
        """The head puts a gate before the n-th stage: `call:60 note`."""
        await self.stages.set_gate(self.olga, self.stage(number), gate_of(needs.split(), is_binding=binding))

    async def card(self, stage: int = NEW, *, number: str = CLIENT, **more: Any) -> int:
        """Anna's card, made an hour ago."""
        client = await self.company.client("Vector", number)
        return await self.company.deal(self.anna, client, stage=stage, **more)

    async def stored(self, deal_id: int) -> Deal:
        """The card as it is."""
        return await self.database.read(deals.get, deal_id, EVERYTHING)

    async def lies_in(self, deal_id: int) -> int:
        """The number of its stage."""
        here = (await self.stored(deal_id)).stage_id
        return next(number for number, stage in enumerate(self.funnel.stages) if stage.id == here)

    async def move(
        self, deal_id: int, stage: int, key: str = "", who: Person | None = None, **more: Any
    ) -> Moved:
        """Anna, if not said, moves it into the n-th stage."""
        version = (await self.stored(deal_id)).version
        more.setdefault("loss_reason_id", self.funnel.loss_reasons[0].id if stage == LOST else None)
        request = MoveRequest(self.stage(stage), version, key or f"{deal_id}-{version}", **more)
        return await self.moves.move(who or self.anna, deal_id, request)

    async def missing(self, deal_id: int, stage: int, **more: Any) -> list[tuple[str, str]]:
        """What keeps it from there: (stage, need)."""
        with pytest.raises(GateClosed) as closed:
            await self.move(deal_id, stage, **more)
        return [(one.stage.name, one.need.key) for one in closed.value.missing]

    async def answer(self, deal_id: int, who: Person | None = None, **given: Any) -> int:
        """Anna, if not said, puts this down at a gate."""
        request = given.pop("request", None) or MoveRequest(
            self.stage(OFFER), (await self.stored(deal_id)).version, "at the gate"
        )
        return await self.answers.give(who or self.anna, deal_id, request, GateAnswer(**given), UTC)

    async def talk(self, minutes: float, seconds: float = 90) -> None:
        """Anna calls the client so long after the card was made."""
        story = Story.outgoing(CLIENT, "101", at=later(minutes=minutes)).answers("101")
        await self.company.play(story.ends(after=seconds))

    async def last(self, deal_id: int) -> Entry:
        """The newest move on the card's timeline."""
        card = await self.cards.show(self.olga, deal_id, UTC)
        return next(entry for entry in card.entries if entry.to_stage)
