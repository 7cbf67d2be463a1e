"""A seller's browser before the gates of a funnel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pbx_crm.db import deals, gates
from pbx_crm.domain.deal import Deal
from pbx_crm.domain.funnel import Funnel
from pbx_crm.domain.gate import gate_of
from tests.builders import EVERYTHING
from tests.site import Browser, Crm

HTMX = {"HX-Request": "true"}
NEW, PRESENTATION, OFFER, WON = 1, 2, 3, 4


@dataclass
class Desk:
    """Anna's card in New, her browser, and gates further on."""

    crm: Crm
    funnel: Funnel
    deal_id: int
    browser: Browser

    async def gate(self, number: int, needs: str, *, binding: bool = False) -> None:
        """The head put a gate before the n-th stage."""
        gate = gate_of(needs.split(), is_binding=binding)
        await self.crm.database.write(gates.put, self.funnel.stages[number].id, gate)

    async def move(self, number: int = PRESENTATION, status: int = 409, **form: Any) -> str:
        """What Anna's board is answered when she moves the card into the n-th stage."""
        deal = await self.deal()
        wish = {"to_stage_id": self.funnel.stages[number].id, "version": deal.version, "board": "?", **form}
        wish.setdefault("request_key", f"k{deal.version}")
        answer = await self.browser.post(f"/deals/{self.deal_id}/move", data=wish, headers=HTMX)
        text = await answer.text()
        assert answer.status == status, text
        return text

    async def deal(self) -> Deal:
        """The card as it is stored."""
        return await self.crm.database.read(deals.get, self.deal_id, EVERYTHING)

    async def stage(self) -> str:
        """Where it lies."""
        stage = self.funnel.stage((await self.deal()).stage_id)
        assert stage is not None
        return stage.name

    async def rows(self, table: Any) -> list[Any]:
        """What a table holds."""
        return list(await self.crm.database.read(lambda tx: tx.execute(table.select()).all()))
