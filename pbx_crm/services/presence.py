"""Sellers' phones, live: heard from the PBX, stored twice a second at most, shown to owners and heads."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from pbx_crm.db import extensions, phone_states
from pbx_crm.db.engine import Database, Transaction
from pbx_crm.domain.endpoint import PbxShape
from pbx_crm.domain.person import Person
from pbx_crm.domain.presence import PersonPresence, PhoneBoard, PhoneState, PresenceEvent
from pbx_crm.services.clock import Clock
from pbx_crm.services.live_feed import LiveFeed

TOPIC = "presence"


@dataclass(slots=True)
class _Heard:
    board: PhoneBoard
    changed: set[str] = field(default_factory=set)
    is_new: bool = True
    """Whether what is stored comes from before this link and is to be forgotten first."""


class Presence:
    """`heard` and `lost` only remember; `store` writes what changed since it was last called."""

    def __init__(self, database: Database, live: LiveFeed, clock: Clock) -> None:
        self._database = database
        self._live = live
        self._clock = clock
        self._heard: dict[str, _Heard] = {}

    def lost(self, pbx: str, shape: PbxShape) -> None:
        """Nothing is known of this PBX's phones from now on: the link is gone, or not there yet."""
        self._heard[pbx] = _Heard(PhoneBoard(shape))

    def heard(self, pbx: str, event: PresenceEvent) -> None:
        """Takes an event of a PBX that `lost` was called for; call it from the event loop."""
        known = self._heard[pbx]
        if (extension := known.board.feed(event)) is not None:
            known.changed.add(extension)

    async def store(self, pbx: str) -> None:
        """Writes what changed, and tells the browsers of those concerned and of heads."""
        known = self._heard.get(pbx)
        if known is None or not (known.changed or known.is_new):
            return
        changed, is_new = known.changed, known.is_new
        known.changed, known.is_new = set(), False
        states = {number: state for number in changed if (state := known.board.state(number)) is not None}
        try:
            concerned = await self._database.write(_store, pbx, states, is_new, self._clock())
        except Exception:
            known.changed |= changed
            known.is_new |= is_new
            raise
        self._live.tell({TOPIC}, concerned)

    async def people(self, viewer: Person) -> list[PersonPresence]:
        """The sellers this viewer sees and what their phones are doing: a seller themselves, a head all."""
        return await self._database.read(phone_states.of_people, viewer.scope, self._clock())


def _store(tx: Transaction, pbx: str, states: dict[str, PhoneState], is_new: bool, now: datetime) -> set[int]:
    """Ids of the people whose phones changed."""
    if is_new:
        phone_states.forget(tx, pbx)
    phone_states.put(tx, pbx, states, now)
    return set(extensions.owners(tx, pbx, list(states), now).values())
