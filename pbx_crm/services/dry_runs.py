"""Dry runs: a trigger or a robot is tried on the last days before it is saved; nothing is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from pbx_crm.db import calendars, dry_runs, people, robot_runs, robot_trials, triggers
from pbx_crm.db.engine import Database, Transaction
from pbx_crm.domain import robot_trial
from pbx_crm.domain.dry_run import LONGEST_DAYS, DryRun, compare
from pbx_crm.domain.errors import BadInput
from pbx_crm.domain.robot import Robot
from pbx_crm.domain.robot_trial import RobotTrial, TrialGround
from pbx_crm.domain.sentence import N_
from pbx_crm.domain.trigger import Trigger
from pbx_crm.services.clock import Clock
from pbx_crm.services.robots import checked as checked_robot
from pbx_crm.services.triggers import checked

Run = TypeVar("Run")


@dataclass(frozen=True, slots=True)
class Tried(Generic[Run]):
    """What came of the trial, and how the cards it names are called."""

    run: Run
    names: Mapping[int, str]


class DryRuns:
    """Reads alone; the rules in force and the cards stay as they are."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def of_trigger(self, rule: Trigger, days: int) -> Tried[DryRun]:
        """What the rule would have done in the last days, had it been in force; BadInput for a wrong one."""
        _check(days)
        return await self._database.read(_of_trigger, rule, days, self._clock())

    async def of_robot(self, robot: Robot, days: int) -> Tried[RobotTrial]:
        """The same for a robot, had it been switched on when those days began."""
        _check(days)
        return await self._database.read(_of_robot, robot, days, self._clock())


def _check(days: int) -> None:
    if not 1 <= days <= LONGEST_DAYS:
        raise BadInput(reasons={"days": N_("1 to 365 days.")})


def _of_trigger(tx: Transaction, rule: Trigger, days: int, now: datetime) -> Tried[DryRun]:
    view = checked(tx, rule)
    trial = replace(rule, position=view.rule(rule.id).position) if rule.id is not None else rule
    funnel, since = view.funnel(rule.funnel_id), now - timedelta(days=days)
    cards = dry_runs.cards(tx, funnel.id, since)
    run = compare(trial, triggers.in_force(tx), funnel, cards, days, since)
    shown = {act.deal_id for act in run.own} | run.gained | run.lost
    return Tried(run, dry_runs.names(tx, shown))


def _of_robot(tx: Transaction, robot: Robot, days: int, now: datetime) -> Tried[RobotTrial]:
    view = checked_robot(tx, robot)
    in_force = view.rule(robot.id) if robot.id is not None else None
    since = now - timedelta(days=days)
    ground = TrialGround(
        view.funnel(robot.funnel_id),
        calendars.working_times(tx),
        since,
        now,
        people.card_owners(tx)[0],
        robot_runs.open_deals_by_seller(tx),
        robot_trials.brought(tx, robot.id, since - timedelta(hours=1)),
    )
    cards = robot_trials.cards(tx, robot.funnel_id, robot.id, since)
    trial = robot_trial.compare(robot, in_force, ground, cards)
    shown = {act.deal_id for act in trial.own} | trial.gained | trial.lost
    return Tried(trial, dry_runs.names(tx, shown))
