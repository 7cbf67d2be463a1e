"""Dry run of a robot: upon which cards it would have acted in the last days, had it been switched on then.

Every card goes through its days as it did; a robot that looks all the time acts when its time comes, waits
for the end of quiet hours, and brings nobody more cards an hour than robots may. What it does is laid over
the card's days: who has the card from then on, and what is to be done with it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from heapq import heappop, heappush
from itertools import pairwise

from pbx_crm.domain.calendar import WorkingTimes
from pbx_crm.domain.funnel import Funnel
from pbx_crm.domain.robot import (
    FORGOTTEN,
    MOST_AN_HOUR,
    SETTLING,
    Heir,
    Occasion,
    Robot,
    next_owner,
    waits,
)
from pbx_crm.domain.robot_days import CardDays
from pbx_crm.domain.task import TaskKind
from pbx_crm.domain.working_time import WorkingTime

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class WouldDo:
    """A robot's act upon a card."""

    deal_id: int
    at: datetime
    since: datetime
    """When the stretch began upon which it would have acted."""
    stage_id: int
    owner_id: int
    new_owner_id: int | None = None
    """Who would have got the card; None if it stays with its owner."""
    ranks: bool = False
    """Whether its priority would have become another."""
    sets_task: bool = False
    was_undone: bool = False
    """Whether people then decided otherwise, or took it back where the robot really acted."""


@dataclass(frozen=True, slots=True)
class RobotTrial:
    """What the robot on trial would have done, and what difference that makes to the one in force."""

    days: int
    cards: int
    """How many cards were looked at."""
    own: tuple[WouldDo, ...]
    """The latest first."""
    gained: frozenset[int]
    """Cards upon which it would have acted, and the robot as it is in force would not."""
    lost: frozenset[int]
    """The other way round."""

    @property
    def deals(self) -> int:
        """Upon how many cards it would have acted."""
        return len({act.deal_id for act in self.own})

    @property
    def handed_over(self) -> int:
        """How often a card would have gone to another owner."""
        return sum(act.new_owner_id is not None for act in self.own)

    @property
    def ranked(self) -> int:
        """How often a card would have got another priority."""
        return sum(act.ranks for act in self.own)

    @property
    def tasks(self) -> int:
        """How many tasks it would have set."""
        return sum(act.sets_task for act in self.own)

    @property
    def undone(self) -> int:
        """How often people then decided otherwise."""
        return sum(act.was_undone for act in self.own)


@dataclass(frozen=True, slots=True)
class TrialGround:
    """What a robot on trial stands on, beside the cards."""

    funnel: Funnel
    times: WorkingTimes
    since: datetime
    until: datetime
    owner_ids: tuple[int, ...] = ()
    """Who may own cards."""
    load: Mapping[int, int] = field(default_factory=dict)
    """How many open deals every active seller has, today."""
    brought: Mapping[int, Sequence[datetime]] = field(default_factory=dict)
    """When other robots brought a card to each person, the oldest first."""


def compare(
    trial: Robot, in_force: Robot | None, ground: TrialGround, cards: Sequence[CardDays]
) -> RobotTrial:
    """Runs the cards' days with the robot on trial, and with the one it would take the place of."""
    own = replayed(trial, ground, cards)
    before = replayed(in_force, ground, cards) if in_force is not None and in_force.is_active else []
    now, then = {act.deal_id for act in own}, {act.deal_id for act in before}
    latest_first = tuple(sorted(own, key=lambda act: (act.at, act.deal_id), reverse=True))
    days = (ground.until - ground.since).days
    return RobotTrial(days, len(cards), latest_first, frozenset(now - then), frozenset(then - now))


def replayed(robot: Robot, ground: TrialGround, cards: Sequence[CardDays]) -> list[WouldDo]:
    """What this robot would have done in those days, the oldest first."""
    return list(_Trial(robot, ground, cards).acts())


@dataclass(frozen=True, slots=True, order=True)
class _Due:
    """A card's next turn; of those due at once the one that has waited longest comes first."""

    at: datetime
    since: datetime
    deal_id: int
    key: str = ""


class _Trial:
    """A robot on trial with all that it has changed so far."""

    def __init__(self, robot: Robot, ground: TrialGround, cards: Sequence[CardDays]) -> None:
        self._robot = robot
        self._ground = ground
        self._cards = {card.deal_id: card for card in cards}
        self._waits = {stage: hours for hours, stages in waits(robot, ground.funnel) for stage in stages}
        self._done: defaultdict[int, set[tuple[datetime, str]]] = defaultdict(set)
        self._brought: defaultdict[int, list[datetime]] = defaultdict(list)
        self._load = dict(ground.load)
        self._last: int | None = None
        self._queue: list[_Due] = []

    def acts(self) -> Iterator[WouldDo]:
        """Every act in its turn."""
        for deal_id in self._cards:
            self._wait(deal_id, self._ground.since)
        while self._queue:
            due = heappop(self._queue)
            free_at = self._free_at(self._cards[due.deal_id].owner_id(due.at), due.at)
            if free_at is not None:
                self._wait(due.deal_id, free_at)
                continue
            yield self._act(due)
            self._wait(due.deal_id, due.at)

    def _wait(self, deal_id: int, since: datetime) -> None:
        found = self._next(self._cards[deal_id], since)
        if found is not None:
            heappush(self._queue, found)

    def _free_at(self, owner_id: int, at: datetime) -> datetime | None:
        """When this person may be brought something again; None if that is now."""
        if not self._robot.disturbs:
            return None
        others = self._ground.brought.get(owner_id, ())
        lately = [moment for moment in (*others, *self._brought[owner_id]) if at - HOUR < moment <= at]
        return min(lately) + HOUR if len(lately) >= MOST_AN_HOUR else None

    def _next(self, card: CardDays, since: datetime) -> _Due | None:
        time_ = self._ground.times.of_line(card.line_id)
        changes = card.changes(since, self._ground.until)
        for begin, end in pairwise(changes):
            turns = (due for due in self._turns(card, begin, time_) if due.at < end)
            if (found := min(turns, default=None)) is not None:
                return found
        return None

    def _turns(self, card: CardDays, begin: datetime, time_: WorkingTime) -> Iterator[_Due]:
        """The turns of the card if it stays as it is from then on."""
        lay = card.lay(begin)
        if lay is None or lay.stage_id not in self._waits:
            return
        wait = self._waits[lay.stage_id]
        for since, key in _stretches(self._robot.occasion, card, begin, lay.since):
            if (since, key) in self._done[card.deal_id]:
                continue
            window = _near(key, wait, time_) if key else self._window(since, timedelta(hours=wait), time_)
            at = max(begin, window[0])
            at = time_.undisturbing(at) if self._robot.disturbs else at
            if at < window[1]:
                yield _Due(at, since, card.deal_id, key)

    def _window(self, since: datetime, wait: timedelta, time_: WorkingTime) -> tuple[datetime, datetime]:
        if self._robot.occasion is not Occasion.MEETING:
            return self._due(since, wait, time_)
        # Before a meeting hours are those of the clock; one that was near at the beginning is left alone.
        return (since - wait, since) if since - wait > self._ground.since else (since, since)

    def _due(self, since: datetime, wait: timedelta, time_: WorkingTime) -> tuple[datetime, datetime]:
        """From when until when the robot acts upon this stretch; at no time if it came due before."""
        come = time_.after(since, wait) if wait else since
        if come <= self._ground.since:
            return come, come
        return (come if wait else since + SETTLING), come + FORGOTTEN

    def _act(self, due: _Due) -> WouldDo:
        robot, card, at = self._robot, self._cards[due.deal_id], due.at
        owner_id, lay = card.owner_id(at), card.lay(at)
        self._done[due.deal_id].add((due.since, due.key))
        self._brought[owner_id].append(at)
        heir_id = self._heir(card, owner_id)
        ranks = robot.priority is not None and robot.priority is not card.priority(at)
        is_call = robot.task_kind is TaskKind.CALL
        sets_task = robot.task_kind is not None and (card.may_be_called or not is_call)
        was_undone = (due.since, due.key) in card.taken_back or self._is_undone(card, at, heir_id, ranks)
        if heir_id is not None:
            card = card.handed_over(at, heir_id)
        if ranks and robot.priority is not None:
            card = card.given_priority(at, robot.priority)
        if sets_task:
            time_ = self._ground.times.of_line(card.line_id)
            card = card.given_step(at, time_.due(at, timedelta(minutes=robot.task_minutes)), is_call=is_call)
        self._cards[due.deal_id] = card
        stage_id = lay.stage_id if lay else 0
        return WouldDo(card.deal_id, at, due.since, stage_id, owner_id, heir_id, ranks, sets_task, was_undone)

    def _is_undone(self, card: CardDays, at: datetime, heir_id: int | None, ranks: bool) -> bool:
        """Whether the next person who gave the card an owner or a priority chose another."""
        owned = next((one.person_id for one in card.owned if one.at > at and one.by_person), heir_id)
        wanted = self._robot.priority
        ranked = next((one.priority for one in card.ranked if one.at > at and one.by_person), wanted)
        return (heir_id is not None and owned != heir_id) or (ranks and ranked is not wanted)

    def _heir(self, card: CardDays, owner_id: int) -> int | None:
        heir = self._robot.heir
        if heir is None:
            return None
        if heir is Heir.RESPONSIBLE:
            chosen = card.responsible_id
        else:
            able = self._ground.owner_ids if heir is Heir.PERSON else sorted(self._load)
            chosen = next_owner(heir, self._robot, able, owner_id, last=self._last, load=self._load)
        if chosen is None or chosen == owner_id:
            return None
        if heir is Heir.ROTA:
            self._last = chosen
        for person_id, more in ((owner_id, -1), (chosen, 1)):
            if person_id in self._load:
                self._load[person_id] += more
        return chosen


def _stretches(
    occasion: Occasion, card: CardDays, at: datetime, entered: datetime
) -> Iterator[tuple[datetime, str]]:
    """What the robot might act upon if the card is as it was then: since when, and which date is near."""
    match occasion:
        case Occasion.ENTERED:
            yield entered, ""
        case Occasion.IDLE:
            yield card.active_at(at), ""
        case Occasion.STEPLESS:
            since = card.stepless_since(at)
            if since is not None:
                yield since, ""
        case Occasion.OVERDUE:
            yield from ((due_at, "") for due_at in card.late_steps(at))
        case Occasion.MEETING:
            yield from ((due_at, "") for due_at in card.meetings(at))
        case Occasion.CLOSE_DATE:
            if day := card.expected_close(at):
                yield card.created_at, day


def _near(day: str, days: int, time_: WorkingTime) -> tuple[datetime, datetime]:
    """From when until when a date is so many days ahead at most, and not past."""
    closes = date.fromisoformat(day)
    first, over = (closes + timedelta(days=by) for by in (-days, 1))
    return datetime.combine(first, time(), time_.zone), datetime.combine(over, time(), time_.zone)
