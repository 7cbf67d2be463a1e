"""Robots as rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from pbx_crm.db.tables import robots
from pbx_crm.db.upsert import insert_new
from pbx_crm.domain.deal import Priority
from pbx_crm.domain.errors import BadInput, NotFound
from pbx_crm.domain.funnel import Funnel
from pbx_crm.domain.robot import Heir, Occasion, Robot, default_robots
from pbx_crm.domain.sentence import N_
from pbx_crm.domain.task import TaskKind

TAKEN = N_("There is a robot of this name in this funnel already.")
CLOSED_SETS: Mapping[str, Callable[[str], Any]] = {
    "occasion": Occasion,
    "task_kind": TaskKind,
    "priority": Priority,
    "heir": Heir,
}
ALL = select(robots).order_by(robots.c.funnel_id, robots.c.position, robots.c.id)


def everything(tx: Connection) -> list[Robot]:
    """All robots, those switched off too, funnel by funnel in their order. One statement."""
    return [_robot(dict(row)) for row in tx.execute(ALL).mappings()]


def in_force(tx: Connection) -> list[Robot]:
    """The robots that are switched on. One statement."""
    return [_robot(dict(row)) for row in tx.execute(ALL.where(robots.c.is_active)).mappings()]


def get(tx: Connection, robot_id: int) -> Robot:
    """The robot; NotFound."""
    row = tx.execute(select(robots).where(robots.c.id == robot_id)).mappings().one_or_none()
    if row is None:
        raise NotFound(robot_id=robot_id)
    return _robot(dict(row))


def _robot(row: Mapping[str, Any]) -> Robot:
    values = dict(row)
    for name, closed_set in CLOSED_SETS.items():
        values[name] = closed_set(values[name]) if values[name] is not None else None
    return Robot(**values)


def add(tx: Connection, new: Robot) -> int:
    """The new robot's id, the last of its funnel; BadInput for a name that is taken."""
    last = select(func.coalesce(func.max(robots.c.position), -1)).where(robots.c.funnel_id == new.funnel_id)
    position = tx.execute(last).scalar_one() + 1
    robot_id = insert_new(tx, robots, _values(replace(new, position=position)))
    if robot_id is None:
        raise BadInput(reasons={"name": TAKEN})
    return robot_id


def _values(robot: Robot) -> dict[str, Any]:
    values = asdict(robot)
    del values["id"]
    return values


def change(tx: Connection, robot: Robot) -> None:
    """Writes the robot; NotFound for one that is not stored, BadInput as in `add`."""
    try:
        with tx.begin_nested():
            changed = tx.execute(update(robots).where(robots.c.id == robot.id).values(**_values(robot)))
    except IntegrityError as error:
        raise BadInput(reasons={"name": TAKEN}) from error
    if changed.rowcount != 1:
        raise NotFound(robot_id=robot.id)


def drop(tx: Connection, robot_id: int) -> None:
    """The robot is gone, and its advice with it; tasks and histories stay."""
    tx.execute(delete(robots).where(robots.c.id == robot_id))


def add_defaults(tx: Connection, funnel: Funnel, translate: Callable[[str], str] = str) -> None:
    """A new funnel has the robots it is shipped with, switched off."""
    shipped = enumerate(default_robots(funnel, translate))
    tx.execute(insert(robots), [_values(replace(robot, position=place)) for place, robot in shipped])


def copy(tx: Connection, source: Funnel, made: Funnel) -> None:
    """A copied funnel has the same robots, switched off; one of a stage that was not copied is left out."""
    by_name = {stage.name: stage.id for stage in made.stages}
    twins = {stage.id: by_name[stage.name] for stage in source.stages if stage.name in by_name}
    for robot in everything(tx):
        if robot.funnel_id == source.id and (robot.stage_id is None or robot.stage_id in twins):
            stage_id = twins[robot.stage_id] if robot.stage_id is not None else None
            twin = replace(robot, id=None, funnel_id=made.id, stage_id=stage_id)
            add(tx, replace(twin, is_active=False, active_since=None))
