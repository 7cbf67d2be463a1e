"""Dry runs: a rule is tried on the last days before it is saved, of whatever kind; nothing is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from pbx_crm.db import calendars, dry_runs, intake_trials, lines, people, robot_runs, robot_trials, triggers
from pbx_crm.db.engine import Database, Transaction
from pbx_crm.domain import intake_trial, robot_trial
from pbx_crm.domain.dry_run import LONGEST_DAYS, DryRun, compare
from pbx_crm.domain.errors import BadInput
from pbx_crm.domain.intake_trial import IntakeTrial
from pbx_crm.domain.line import Line, SkipRule
from pbx_crm.domain.phone import NumberPlan
from pbx_crm.domain.robot import Robot
from pbx_crm.domain.robot_trial import RobotTrial, TrialGround
from pbx_crm.domain.sentence import N_
from pbx_crm.domain.trigger import Trigger
from pbx_crm.services.clock import Clock
from pbx_crm.services.intake_replay import TrialRules, fates
from pbx_crm.services.lines import checked as checked_line
from pbx_crm.services.lines import checked_rule
from pbx_crm.services.robots import checked as checked_robot
from pbx_crm.services.triggers import checked

Run = TypeVar("Run")
Plans = Mapping[str, NumberPlan]
NEW_LINE = -1
"""What a line that is not stored yet is called by the rotas of a trial."""


@dataclass(frozen=True, slots=True)
class Tried(Generic[Run]):
    """What came of the trial, and how the cards it names are called."""

    run: Run
    names: Mapping[int, str]


class DryRuns:
    """Reads alone; the rules in force and the cards stay as they are."""

    def __init__(self, database: Database, clock: Clock, plans: Mapping[str, NumberPlan]) -> None:
        """`plans` tells of every PBX by name how it writes numbers."""
        self._database = database
        self._clock = clock
        self._plans = plans

    async def of_trigger(self, rule: Trigger, days: int) -> Tried[DryRun]:
        """What the rule would have done in the last days, had it been in force; BadInput for a wrong one."""
        _check(days)
        return await self._database.read_at_length(_of_trigger, rule, days, self._clock())

    async def of_robot(self, robot: Robot, days: int) -> Tried[RobotTrial]:
        """The same for a robot, had it been switched on when those days began."""
        _check(days)
        return await self._database.read_at_length(_of_robot, robot, days, self._clock())

    async def of_line(self, line: Line, days: int) -> Tried[IntakeTrial]:
        """What the calls of those days would have led to, had this line been so."""
        _check(days)
        return await self._database.read_at_length(
            _of_line, checked_line(line), days, self._clock(), self._plans
        )

    async def of_skip_rule(self, rule: SkipRule, days: int) -> Tried[IntakeTrial]:
        """The same for a new skip rule."""
        _check(days)
        return await self._database.read_at_length(
            _of_skip_rule, checked_rule(rule), days, self._clock(), self._plans
        )


def _check(days: int) -> None:
    if not 1 <= days <= LONGEST_DAYS:
        raise BadInput(reasons={"days": N_("1 to 365 days.")})


def _of_trigger(tx: Transaction, rule: Trigger, days: int, now: datetime) -> Tried[DryRun]:
    view = checked(tx, rule)
    trial = replace(rule, position=view.rule(rule.id).position) if rule.id is not None else rule
    funnel, since = view.funnel(rule.funnel_id), now - timedelta(days=days)
    cards = dry_runs.cards(tx, funnel, since)
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


def _of_line(tx: Transaction, line: Line, days: int, now: datetime, plans: Plans) -> Tried[IntakeTrial]:
    in_force, skips = lines.load(tx), lines.load_skip_rules(tx)
    entrance = (line.pbx, line.match_kind, line.match_value)
    others = [one for one in in_force if one.id != line.id]
    if entrance in {(one.pbx, one.match_kind, one.match_value) for one in others}:
        raise BadInput(reasons={"match_value": lines.TAKEN})
    trial = line if line.id is not None else replace(line, id=NEW_LINE)
    then = TrialRules([*others, trial], skips, line=trial)
    return _of_intake(tx, TrialRules(in_force, skips), then, now, days, plans)


def _of_skip_rule(
    tx: Transaction, rule: SkipRule, days: int, now: datetime, plans: Plans
) -> Tried[IntakeTrial]:
    in_force, skips = lines.load(tx), lines.load_skip_rules(tx)
    if rule.name in {one.name for one in skips}:
        raise BadInput(reasons={"value": lines.RULE_TAKEN})
    then = TrialRules(in_force, [*skips, rule], skip=rule)
    return _of_intake(tx, TrialRules(in_force, skips), then, now, days, plans)


def _of_intake(
    tx: Transaction, in_force: TrialRules, then: TrialRules, now: datetime, days: int, plans: Plans
) -> Tried[IntakeTrial]:
    past = intake_trials.days(tx, now - timedelta(days=days))
    # A PBX that is no longer set up is nobody's business.
    past = replace(past, calls=[one for one in past.calls if one.pbx in plans])
    went, would = (fates(tx, past, rules, plans) for rules in (in_force, then))
    trial = intake_trial.compare(past, days, went, would)
    cards = {one.deal_id for one in trial.changes if one.deal_id is not None}
    return Tried(trial, dry_runs.names(tx, cards))
