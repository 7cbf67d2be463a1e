"""A house whose robots call clients: what a test needs for a planned call, without waiting for a robot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from pbx_crm.db import calendars, house, robots, voice_calls, voice_messages
from pbx_crm.db.engine import Database, Transaction
from pbx_crm.db.tables import deal_events, robot_runs
from pbx_crm.db.tables import voice_calls as rows
from pbx_crm.db.upsert import insert_new
from pbx_crm.db.voice_calls import NewVoiceCall, VoiceCall
from pbx_crm.db.voice_messages import NewMessage
from pbx_crm.domain.funnel import Funnel
from pbx_crm.domain.person import Person
from pbx_crm.domain.robot import Occasion, Robot
from pbx_crm.domain.voice_message import KeptSound
from pbx_crm.domain.working_time import DAY_MINUTES, Hours
from pbx_crm.services.voice_messages import SWITCH
from tests import builders

SOUND = KeptSound("0" * 64, 16044, 1.0)


@dataclass
class VoiceHouse:
    """One message, one robot that calls with it, and both switched on."""

    database: Database
    funnel: Funnel
    owner: Person
    clock: Callable[[], datetime]
    message_id: int = 0
    robot_id: int = 0

    async def furnish(self, sound: KeptSound = SOUND) -> None:
        """The message and the robot."""

        def write(tx: Transaction) -> tuple[int, int]:
            new = NewMessage("Welcome", sound, self.owner.id, self.clock())
            message_id = voice_messages.add(tx, new) or 0
            house.switch(tx, SWITCH, is_on=True)
            calls = Robot(
                None,
                self.funnel.id,
                "Caller",
                Occasion.ENTERED,
                stage_id=self.funnel.stages[1].id,
                is_active=True,
                active_since=self.clock() - timedelta(days=2),
                voice_id=message_id,
            )
            return message_id, robots.add(tx, calls)

        self.message_id, self.robot_id = await self.database.write(write)

    async def deal(self, *numbers: str, **more: Any) -> int:
        """A client's deal in the stage that the robot watches."""

        def write(tx: Transaction) -> int:
            contact_id = builders.contact(tx, "Vera", *numbers)
            return builders.deal(
                tx, self.funnel, self.owner, contact_id=contact_id, stage=1, at=self.clock(), **more
            )

        return await self.database.write(write)

    async def plan(self, *numbers: str) -> VoiceCall:
        """A client's deal with a call planned for it, as the robot plans one."""
        return await self.plan_for(await self.deal(*numbers))

    async def plan_for(self, deal_id: int) -> VoiceCall:
        """A call planned for this deal."""
        now = self.clock()

        def write(tx: Transaction) -> VoiceCall:
            run = {"robot_id": self.robot_id, "deal_id": deal_id, "since": now, "owner_id": self.owner.id}
            key = str(len(tx.execute(select(robot_runs)).all()))
            run_id = insert_new(tx, robot_runs, {**run, "at": now, "key": key}) or 0
            stage_id = self.funnel.stages[1].id
            new = NewVoiceCall(run_id, deal_id, self.message_id, "Welcome", stage_id, now)
            return voice_calls.get(tx, voice_calls.plan(tx, new) or 0)

        return await self.database.write(write)

    async def now(self, call: VoiceCall) -> VoiceCall:
        """The call as it stands now."""
        return await self.database.read(voice_calls.get, call.id)

    async def everything(self) -> list[dict[str, Any]]:
        """All calls as rows."""
        query = select(rows).order_by(rows.c.id)
        return await self.database.read(lambda tx: [dict(row) for row in tx.execute(query).mappings()])

    async def told(self, deal_id: int) -> list[dict[str, Any]]:
        """What the card's history says, oldest first."""
        query = select(deal_events.c.details).where(deal_events.c.deal_id == deal_id)
        return await self.database.read(
            lambda tx: list(tx.execute(query.order_by(deal_events.c.id)).scalars())
        )


def open_at_every_hour(tx: Transaction) -> None:
    """Tests run on Sundays and at night too."""
    week = ((Hours(0, DAY_MINUTES),),) * 7
    for calendar in calendars.load(tx):
        calendars.change(tx, replace(calendar, week=week, country=None, quiet=None))
