"""A company whose robots call clients, by a PBX that writes down what it was asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import time, timedelta
from typing import Any

from pbx_crm.db import contact_edits, triggers
from pbx_crm.db.engine import Database
from pbx_crm.db.voice_calls import VoiceCall
from pbx_crm.domain.installation import Installation
from pbx_crm.domain.owner_rule import in_words
from pbx_crm.domain.phone import NumberPlan
from pbx_crm.domain.trigger import Trigger
from pbx_crm.domain.voice_call import (
    VoiceRules,
    VoiceWish,
    Why,
)
from pbx_crm.services.ground import Ground
from pbx_crm.services.robots import Robots
from pbx_crm.services.voice_calls import VoiceCalls, VoiceOutlet
from tests.company import PBX, Company
from tests.turned_clock import TurnedClock
from tests.voice_house import VoiceHouse

HOUSE = Installation(region="RU", language="en", time_zone="UTC", currency="EUR", pbxes=(PBX,))
CLIENT = "+79161234567"
MINUTE = timedelta(minutes=1)
USUAL = VoiceRules("RU")
DAY_AND_NIGHT = VoiceRules("RU", hours=(time(0), time(23, 59, 59)), at_once=20, per_hour=1000)


class PowerCut(BaseException):
    """The program dies here."""


@dataclass
class WrittenCaller:
    """A PBX that calls clients by writing down that it was asked to."""

    is_there: bool = True
    trouble: Exception | None = None
    called: list[VoiceWish] = field(default_factory=list)
    tried: list[tuple[str, VoiceWish]] = field(default_factory=list)
    step: Callable[[], None] = lambda: None

    async def call(self, wish: VoiceWish) -> None:
        """Asked to call a client."""
        self.step()
        self.called.append(wish)
        self.step()
        if self.trouble is not None:
            raise self.trouble

    async def try_out(self, extension: str, wish: VoiceWish) -> None:
        """Asked to ring a phone of the house."""
        self.tried.append((extension, wish))
        if self.trouble is not None:
            raise self.trouble

    @property
    def numbers(self) -> list[str]:
        """Who was called."""
        return [wish.number for wish in self.called]


class Mortal:
    """A database before and after each of whose writes the program may die."""

    def __init__(self, database: Database, step: Callable[[], None]) -> None:
        self._database, self._step = database, step

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)

    async def write(self, *work: Any) -> Any:
        """As the database writes."""
        self._step()
        result = await self._database.write(*work)
        self._step()
        return result


class Desk:
    """The company, its robots, and a PBX by which they call."""

    def __init__(self, database: Database) -> None:
        self.company = Company(database)
        self.database = database
        self.clock = TurnedClock()
        self.caller = WrittenCaller()
        self.house = VoiceHouse(database, self.company.funnel, self.company.anna, self.clock)
        self.calls = self.program(database)
        self.robots = Robots(database, self.company.live, self.clock)

    def program(self, database: Any, rules: VoiceRules = USUAL) -> VoiceCalls:
        """The program as it comes up on this database."""
        made = VoiceCalls(Ground(database, self.company.live, self.clock, HOUSE, {}))
        made.offer(PBX, VoiceOutlet(self.caller, NumberPlan("RU"), rules, "74950001122"))
        return made

    async def later(self, **delta: float) -> int:
        """So much later somebody looks; how many calls are made."""
        self.clock.go_on(timedelta(**delta))
        return await self.calls.sweep()

    async def called(self, number: str = CLIENT) -> VoiceCall:
        """A call that has just been dialled."""
        planned = await self.house.plan(number)
        assert await self.calls.sweep() == 1
        return await self.house.now(planned)

    async def says(self, call: VoiceCall, said: str) -> VoiceCall:
        """The call once the dialplan has reported this."""
        assert await self.calls.reported(PBX, call.channel_id or "", said)
        return await self.house.now(call)

    async def left(self, call: VoiceCall) -> Why | None:
        """Why the call was not made; nobody was called."""
        await self.calls.sweep()
        assert self.caller.called == []
        return (await self.house.now(call)).why_not

    async def words(self, call: VoiceCall) -> str:
        """The last line of the card's history."""
        return in_words((await self.house.told(call.deal_id))[-1])

    async def is_banned(self) -> bool:
        return await self.database.read(contact_edits.is_not_to_be_called, CLIENT)


async def rule(desk: Desk, **settings: Any) -> None:
    """A trigger of the funnel."""
    new = Trigger(None, desk.company.funnel.id, **{"name": "On voice", **settings})
    await desk.database.write(triggers.add, new)
