"""Years of calls and deals that never were, with what is true of them written down while they are made up.

Planted, for reports to find: on Fridays from four o'clock most callers of the second line are missed; the
first seller loses most deals at the second open stage.
The truth is counted here from what was decided, not from rows: a report that agrees with it is right.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import accumulate, pairwise
from typing import Any
from zoneinfo import ZoneInfo

from pbx_crm.domain.funnel import Funnel, Stage, StageKind

Talks = tuple[tuple[int, int, int], ...]

HOURS = range(8, 19)
HOUR_WEIGHTS = (2, 6, 9, 9, 7, 5, 6, 8, 8, 6, 3)
DAY_WEIGHTS = (10, 10, 10, 10, 9, 2, 1)
FRIDAY, EVENING = 4, 16
BUSY_SHARE, QUIET_SHARE = 0.35, 0.85
"""Shares of incoming calls answered: in the planted hours, and otherwise."""
PASS, LEAK = 0.75, 0.3
"""Shares of deals that get on: as a rule, and of the first seller at the second open stage."""


@dataclass(frozen=True, slots=True)
class Firm:
    """Who is called and where, by numbers that are in the database already."""

    sellers: Sequence[int]
    lines: Sequence[int]
    funnel: Funnel
    loss_reasons: Sequence[int]
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class Size:
    """How much is made up."""

    calls: int
    first: date
    days: int
    deals: int = 0
    seed: int = 1


@dataclass(slots=True)
class Truth:
    """What was decided: figures by (day of the firm, seller), and how many deals got past each stage."""

    answered: Counter[tuple[date, int]] = field(default_factory=Counter)
    handled: Counter[tuple[date, int]] = field(default_factory=Counter)
    dialled: Counter[tuple[date, int]] = field(default_factory=Counter)
    reached: Counter[tuple[date, int]] = field(default_factory=Counter)
    cold: Counter[tuple[date, int]] = field(default_factory=Counter)
    talk_seconds: Counter[tuple[date, int]] = field(default_factory=Counter)
    incoming: Counter[date] = field(default_factory=Counter)
    missed: Counter[date] = field(default_factory=Counter)
    by_hour: Counter[tuple[int, int]] = field(default_factory=Counter)
    """Incoming calls by (weekday, hour)."""
    missed_by_hour: Counter[tuple[int, int]] = field(default_factory=Counter)
    passed: Counter[tuple[int, int]] = field(default_factory=Counter)
    """Deals by (stage, seller) that got further."""
    dropped: Counter[tuple[int, int]] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class MadeUpCall:
    """A call as it was decided; moments in seconds since it began."""

    id: int
    at: datetime
    number: str
    line: int
    is_in: bool
    rung: tuple[int, ...]
    talks: Talks
    """(seller, from, to)."""
    length: int

    @property
    def answered_after(self) -> int | None:
        """When the first talk began."""
        return self.talks[0][1] if self.talks else None


class Years:
    """Makes calls up day by day, oldest first, and keeps the truth of them."""

    def __init__(self, firm: Firm, size: Size) -> None:
        self.firm = firm
        self.size = size
        self.truth = Truth()
        self._chance = random.Random(size.seed)
        self._talked: set[str] = set()
        self._clients = max(20, size.calls // 6)

    def calls(self, first_id: int) -> Iterator[MadeUpCall]:
        """Every call of these years."""
        weights = list(accumulate(DAY_WEIGHTS[self._day(n).weekday()] for n in range(self.size.days)))
        chosen = self._chance.choices(range(self.size.days), cum_weights=weights, k=self.size.calls)
        for number, count in sorted(Counter(chosen).items()):
            for at in sorted(self._moments(self._day(number), count)):
                yield self._call(first_id, at)
                first_id += 1

    def _day(self, number: int) -> date:
        return self.size.first + timedelta(days=number)

    def _moments(self, day: date, count: int) -> Iterator[datetime]:
        for hour in self._chance.choices(HOURS, HOUR_WEIGHTS, k=count):
            second = self._chance.randrange(3600)
            at = datetime.combine(day, time(hour, second // 60, second % 60), self.firm.zone)
            yield at.astimezone(UTC)

    def _call(self, call_id: int, at: datetime) -> MadeUpCall:
        chance = self._chance
        local, line = at.astimezone(self.firm.zone), chance.randrange(len(self.firm.lines))
        number = f"+7495{chance.randrange(self._clients):07}"
        first, second = chance.sample(range(len(self.firm.sellers)), 2)
        length = 5 + min(3600, int(chance.expovariate(1 / 120)))
        if chance.random() < 0.4:
            talks: Talks = ((first, 6, 6 + length),) if chance.random() < 0.5 else ()
            made = MadeUpCall(call_id, at, number, line, False, (first,), talks, 6 + length)
        else:
            is_planted = line == 1 and local.weekday() == FRIDAY and local.hour >= EVENING
            share = BUSY_SHARE if is_planted else QUIET_SHARE
            talks = self._answered(first, second, length) if chance.random() < share else ()
            made = MadeUpCall(call_id, at, number, line, True, (first, second), talks, 8 + length)
        self._note(made, local)
        return made

    def _answered(self, first: int, second: int, length: int) -> Talks:
        if self._chance.random() < 0.05:
            half = 8 + length // 2
            return (first, 8, half), (second, half, 8 + length)
        return ((first, 8, 8 + length),)

    def _note(self, made: MadeUpCall, local: datetime) -> None:
        truth, day, sellers = self.truth, local.date(), self.firm.sellers
        for seller, since, until in made.talks:
            truth.talk_seconds[day, sellers[seller]] += until - since
        if made.is_in:
            truth.incoming[day] += 1
            truth.by_hour[local.weekday(), local.hour] += 1
            truth.handled.update((day, sellers[seller]) for seller in {talk[0] for talk in made.talks})
            if made.talks:
                truth.answered[day, sellers[made.talks[0][0]]] += 1
            else:
                truth.missed[day] += 1
                truth.missed_by_hour[local.weekday(), local.hour] += 1
        else:
            seller = sellers[made.rung[0]]
            truth.dialled[day, seller] += 1
            truth.reached[day, seller] += bool(made.talks)
            truth.cold[day, seller] += made.number not in self._talked
        if made.talks:
            self._talked.add(made.number)

    def deals(self, first_id: int) -> Iterator[tuple[dict[str, Any], list[dict[str, Any]]]]:
        """Every deal of these years with its moves, as rows."""
        for deal_id in range(first_id, first_id + self.size.deals):
            day = self._day(self._chance.randrange(self.size.days))
            at = datetime.combine(day, time(9 + deal_id % 9, deal_id % 60), self.firm.zone).astimezone(UTC)
            yield self._deal(deal_id, at)

    def _deal(self, deal_id: int, at: datetime) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        seller = self._chance.randrange(len(self.firm.sellers))
        path, lost = self._path(seller)
        moves = [_move(deal_id, None, path[0], at)]
        for before, after in pairwise(path):
            at += timedelta(hours=self._chance.randrange(4, 100))
            moves.append(_move(deal_id, before, after, at))
        is_closed = path[-1].kind.is_closed
        row = {
            "id": deal_id,
            "funnel_id": self.firm.funnel.id,
            "stage_id": path[-1].id,
            "owner_id": self.firm.sellers[seller],
            "line_id": self._chance.choice(self.firm.lines),
            "loss_reason_id": self._chance.choice(self.firm.loss_reasons) if lost else None,
            "title": f"Deal {deal_id}",
            "source": "",
            "amount": Decimal(self._chance.randrange(1, 100) * 1000),
            "currency": self.firm.funnel.currency,
            "priority": "normal",
            "created_at": moves[0]["at"],
            "stage_since": at,
            "active_at": at,
            "closed_at": at if is_closed else None,
            "version": 1,
        }
        return row, moves

    def _path(self, seller: int) -> tuple[list[Stage], bool]:
        """Where the deal came in turn, and whether it was lost in the end; some are on their way."""
        stages = [stage for stage in self.firm.funnel.stages if stage.kind is not StageKind.LOST]
        lost = next(stage for stage in self.firm.funnel.stages if stage.kind is StageKind.LOST)
        path = [stages[0]]
        for place, stage in enumerate(stages[:-1]):
            if self._chance.random() < 0.05:
                return path, False
            leaks = seller == 0 and place == 2
            if self._chance.random() > (LEAK if leaks else PASS):
                self.truth.dropped[stage.id, self.firm.sellers[seller]] += 1
                return [*path, lost], True
            self.truth.passed[stage.id, self.firm.sellers[seller]] += 1
            path.append(stages[place + 1])
        return path, False


def _move(deal_id: int, before: Stage | None, after: Stage, at: datetime) -> dict[str, Any]:
    return {
        "deal_id": deal_id,
        "from_stage_id": before.id if before else None,
        "to_stage_id": after.id,
        "at": at,
        "actor_kind": "seller",
        "reason": "",
        "evidence": {},
    }
