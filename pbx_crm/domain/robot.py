"""Robots: what time does to a card, where triggers are what a call does.

A robot names an occasion (a stage entered, nothing done, no next step, a task overdue, a date near), how
much working time must have gone by since, and what follows. It acts once for each such stretch of a card:
what begins anew is a new occasion. What came due before it was switched on is left alone, and so is what
came due longer ago than `FORGOTTEN`, so that neither a new robot nor a long outage floods anybody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from pbx_crm.domain.calendar import WorkingTimes
from pbx_crm.domain.deal import Actor, ActorKind, Priority
from pbx_crm.domain.funnel import Funnel, Stage
from pbx_crm.domain.sentence import N_
from pbx_crm.domain.task import TaskKind
from pbx_crm.domain.working_time import WorkingTime

ROBOT = Actor(ActorKind.ROBOT)
FORGOTTEN = timedelta(days=7)
SETTLING = timedelta(seconds=15)
"""A move may be undone with one click for so long; until then nothing follows from it."""
CAUSE = "robot:"
MOST_AN_HOUR = 20
"""How many cards robots may bring to one person in an hour; the rest follow later."""


class Occasion(StrEnum):
    """What a robot waits for; how long it waits is counted in working hours, before a date in days."""

    ENTERED = "entered"
    IDLE = "idle"
    STEPLESS = "stepless"
    OVERDUE = "overdue"
    CLOSE_DATE = "close_date"
    MEETING = "meeting"
    """So many hours by the clock before a meeting is due."""


class Heir(StrEnum):
    """Who gets the card."""

    ROTA = "rota"
    FEWEST = "fewest"
    """Who has the fewest open deals."""
    RESPONSIBLE = "responsible"
    """The client's own seller."""
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class Robot:
    """One robot; None in `stage_id` means every open stage."""

    id: int | None
    funnel_id: int
    name: str
    occasion: Occasion = Occasion.IDLE
    hours: int = 0
    """Working hours to wait; before a date days. 0 for idle cards: as long as their stage says."""
    position: int = 0
    is_active: bool = False
    active_since: datetime | None = None
    stage_id: int | None = None
    task_kind: TaskKind | None = None
    task_title: str = ""
    task_minutes: int = 60
    advice: str = ""
    """What the owner is advised; empty for nothing."""
    priority: Priority | None = None
    heir: Heir | None = None
    owner_id: int | None = None
    tells_head: bool = False
    webhook_url: str = ""
    webhook_secret: str = field(default="", repr=False)
    voice_id: int | None = None
    """The recording that the client is called with."""

    @property
    def does_something(self) -> bool:
        """Whether anything would ever follow."""
        return self.disturbs or bool(self.priority or self.webhook_url or self.voice_id)

    @property
    def disturbs(self) -> bool:
        """Whether a person is given something to do, which waits for the end of quiet hours."""
        return any((self.task_kind, self.advice, self.heir, self.tells_head))


@dataclass(frozen=True, slots=True)
class Watch:
    """Where to look for cards that have become due: a stretch of moments in some stages of some lines."""

    robot: Robot
    stage_ids: tuple[int, ...]
    after: datetime
    until: datetime
    """What began after the first and not after the second is due now."""
    first_day: date
    last_day: date
    """For a date that is near: from the one to the other."""
    time: WorkingTime
    hours: int
    line_ids: tuple[int, ...] = ()
    is_of_lines: bool = False
    """Whether `line_ids` are the lines meant, or those that are not."""


@dataclass(frozen=True, slots=True)
class DueCard:
    """A card for which a robot's time has come."""

    deal_id: int
    since: datetime
    """When the stretch began that the robot acts upon."""
    key: str = ""
    """What else tells this occasion from another, such as the date that is near."""


def asked_from(robot: Robot, now: datetime) -> datetime:
    """From when on what comes due is this robot's business."""
    return max(robot.active_since or now, now - FORGOTTEN)


def watches(
    robot: Robot, funnel: Funnel, times: WorkingTimes, now: datetime, begin: datetime
) -> Iterator[Watch]:
    """Where this robot looks now for what has come due since `begin`."""
    for hours, stage_ids in waits(robot, funnel):
        for time, is_of_lines, line_ids in times.groups():
            yield _watch(robot, stage_ids, hours, time, begin, now, line_ids, is_of_lines)


def _watch(
    robot: Robot,
    stage_ids: tuple[int, ...],
    hours: int,
    time: WorkingTime,
    begin: datetime,
    now: datetime,
    line_ids: tuple[int, ...],
    is_of_lines: bool,
) -> Watch:
    wait, today = timedelta(hours=hours), now.astimezone(time.zone).date()
    after, until = time.before(begin, wait), time.before(now, wait) if hours else now - SETTLING
    if robot.occasion is Occasion.MEETING:
        # What was near already when the robot was switched on is left alone, and what has begun.
        after, until = max(begin + wait, now), now + wait
    return Watch(
        robot,
        stage_ids,
        after,
        until,
        today,
        today + timedelta(days=hours),
        time,
        hours,
        line_ids,
        is_of_lines,
    )


def waits(robot: Robot, funnel: Funnel) -> list[tuple[int, tuple[int, ...]]]:
    """Hours to wait, with the stages in which that is so."""
    stages = [stage for stage in funnel.stages if _is_meant(robot, stage)]
    if robot.occasion is not Occasion.IDLE or robot.hours:
        return [(robot.hours, tuple(stage.id for stage in stages))] if stages else []
    return [(stage.idle_hours, (stage.id,)) for stage in stages if stage.idle_hours]


def _is_meant(robot: Robot, stage: Stage) -> bool:
    if robot.stage_id is not None:
        # What is over can only have been entered.
        return stage.id == robot.stage_id and (robot.occasion is Occasion.ENTERED or not stage.kind.is_closed)
    return not stage.kind.is_closed


def next_owner(
    heir: Heir, robot: Robot, sellers: Sequence[int], now: int, *, last: int | None, load: Mapping[int, int]
) -> int | None:
    """Who gets the card by turns or by load; None if there is nobody else. `load` counts open deals."""
    others = sorted(person_id for person_id in sellers if person_id != now)
    if heir is Heir.PERSON:
        return robot.owner_id if robot.owner_id in others else None
    if not others:
        return None
    if heir is Heir.FEWEST:
        return min(others, key=lambda person_id: (load.get(person_id, 0), person_id))
    return next((person_id for person_id in others if person_id > (last or 0)), others[0])


DEFAULTS = (
    Robot(
        None,
        0,
        N_("Three days without a word"),
        Occasion.IDLE,
        27,
        advice=N_("Nothing has happened for three working days: go on with it, or lower its priority."),
    ),
    Robot(
        None,
        0,
        N_("No next step"),
        Occasion.STEPLESS,
        4,
        task_kind=TaskKind.CALL,
        task_title=N_("Agree on the next step"),
    ),
    Robot(None, 0, N_("Overdue for a day"), Occasion.OVERDUE, 9, tells_head=True),
    Robot(
        None,
        0,
        N_("The date of closing is near"),
        Occasion.CLOSE_DATE,
        3,
        priority=Priority.HIGH,
        advice=N_("It is expected to close in three days: is everything settled?"),
    ),
    Robot(
        None,
        0,
        N_("Longer idle than its stage allows"),
        Occasion.IDLE,
        advice=N_("It has been idle for longer than this stage allows: move it, or lower its priority."),
    ),
)


def default_robots(funnel: Funnel, translate: Callable[[str], str]) -> list[Robot]:
    """The robots every funnel is shipped with, all of them switched off."""
    return [
        replace(
            robot,
            funnel_id=funnel.id,
            name=translate(robot.name),
            advice=translate(robot.advice) if robot.advice else "",
            task_title=translate(robot.task_title) if robot.task_title else "",
        )
        for robot in DEFAULTS
    ]
