"""Robots as the head keeps them, and as they run: a standing job lets them look for what is due."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from pbx_crm.db import audit, funnels, people, robots, voice_messages
from pbx_crm.db.engine import Database, Transaction
from pbx_crm.domain.errors import BadInput
from pbx_crm.domain.funnel_shape import Shift
from pbx_crm.domain.job import Job
from pbx_crm.domain.person import Person, Role
from pbx_crm.domain.robot import Robot
from pbx_crm.domain.robot_form import reasons_against
from pbx_crm.domain.voice_message import VoiceMessage
from pbx_crm.services import robot_work
from pbx_crm.services.clock import Clock
from pbx_crm.services.live_feed import LiveFeed
from pbx_crm.services.rules_view import RulesView, shifted

SWEEP = "robots"
PAUSE = timedelta(seconds=20)


def anywhere(_url: str) -> None:
    """Messages may go to any address: nothing sends them yet."""


@dataclass(frozen=True, slots=True)
class RobotsView(RulesView[Robot]):
    """All robots, and what a form may choose from."""

    voices: list[VoiceMessage]


class Robots:
    """A changed robot is asked for what comes due from then on; what it did stays."""

    def __init__(
        self, database: Database, live: LiveFeed, clock: Clock, judge: Callable[[str], None] = anywhere
    ) -> None:
        """`judge` refuses, by BadInput, addresses that messages never go to."""
        self._judge = judge
        self._database = database
        self._live = live
        self._clock = clock

    async def view(self) -> RobotsView:
        """Every robot of the funnels in use."""
        return await self._database.read(_view)

    async def save(self, actor: Person, robot: Robot) -> int:
        """Its id; a new robot is switched off. BadInput names each wrong value."""
        self._judge(robot.webhook_url)
        return await self._database.write(_save, actor, robot, self._clock())

    async def switch(self, actor: Person, robot_id: int, is_active: bool) -> None:
        """The robot acts on what comes due from now on, or no more."""
        await self._database.write(_switch, actor, robot_id, is_active, self._clock())

    async def shift(self, actor: Person, robot_id: int, way: Shift) -> None:
        """The robot acts one place sooner or later; at the end of its row nothing changes."""
        await self._database.write(_shift, actor, robot_id, way, self._clock())

    async def drop(self, actor: Person, robot_id: int) -> None:
        """The robot is gone; histories still name it."""
        await self._database.write(_drop, actor, robot_id, self._clock())

    async def sweep(self) -> int:
        """Lets the robots act on what is due now, at most some cards at once; how many acts that were."""
        swept = await self._database.write(robot_work.sweep, self._clock())
        if swept.topics:
            self._live.tell(swept.topics, swept.people)
        return swept.acts

    async def run_job(self, _job: Job) -> datetime:
        """The same as a standing job: at once again while there is more to do."""
        acts = await self.sweep()
        return self._clock() + (timedelta(0) if acts >= robot_work.MOST else PAUSE)


def _view(tx: Transaction) -> RobotsView:
    sellers = [person for person in people.everybody(tx, active_only=True) if person.role is not Role.NONE]
    in_use = [funnels.load(tx, funnel.id) for funnel in funnels.in_use(tx)]
    return RobotsView(robots.everything(tx), in_use, sellers, voice_messages.everything(tx))


def checked(tx: Transaction, robot: Robot) -> RobotsView:
    """All robots, for a robot that may be; BadInput names each wrong value."""
    view = _view(tx)
    owner_ids = {seller.id for seller in view.sellers}
    voice_ids = {voice.id for voice in view.voices}
    if reasons := reasons_against(robot, view.funnel(robot.funnel_id), owner_ids, voice_ids):
        raise BadInput(reasons=reasons)
    return view


def _save(tx: Transaction, actor: Person, robot: Robot, now: datetime) -> int:
    view = checked(tx, robot)
    if robot.id is None:
        robot_id = robots.add(tx, replace(robot, webhook_secret=secrets.token_urlsafe(32)))
    else:
        robot_id, stored = robot.id, view.rule(robot.id)
        # Changed, it is another robot: what has come due by its new terms is left alone, as by a new one.
        since = now if stored.is_active and _terms(stored) != _terms(robot) else stored.active_since
        kept = replace(robot, position=stored.position, is_active=stored.is_active, active_since=since)
        secret = stored.webhook_secret or secrets.token_urlsafe(32)
        robots.change(tx, replace(kept, webhook_secret=secret))
    _note(tx, actor, "robot added" if robot.id is None else "robot changed", robot_id, robot, now)
    return robot_id


def _terms(robot: Robot) -> tuple[object, ...]:
    return robot.occasion, robot.hours, robot.stage_id


def _switch(tx: Transaction, actor: Person, robot_id: int, is_active: bool, now: datetime) -> None:
    robot = robots.get(tx, robot_id)
    since = now if is_active and not robot.is_active else robot.active_since
    robots.change(tx, replace(robot, is_active=is_active, active_since=since))
    _note(tx, actor, "robot on" if is_active else "robot off", robot_id, robot, now)


def _shift(tx: Transaction, actor: Person, robot_id: int, way: Shift, now: datetime) -> None:
    robot = robots.get(tx, robot_id)
    row = shifted(_view(tx).of_funnel(robot.funnel_id), robot_id, way)
    for position, one in enumerate(row):
        robots.change(tx, replace(one, position=position))
    if row:
        _note(tx, actor, f"robot {way}", robot_id, robot, now)


def _drop(tx: Transaction, actor: Person, robot_id: int, now: datetime) -> None:
    robot = robots.get(tx, robot_id)
    robots.drop(tx, robot_id)
    _note(tx, actor, "robot dropped", robot_id, robot, now)


def _note(tx: Transaction, actor: Person, act: str, robot_id: int, robot: Robot, now: datetime) -> None:
    audit.note(tx, now, actor.id, act, f"robot-{robot_id}", details={"name": robot.name})
