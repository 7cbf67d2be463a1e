"""Made-up calls of the made-up company, as its PBX would have told them."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from pbx_crm.domain.call import Call, Direction, EndedBy, Leg, LegKind, LegResult, MissedReason, Outcome, Talk
from pbx_crm.services.demo_company import ADVERTISEMENT, SHOP

PHONES = ("101", "102", "103", "104", "105", "106")
AREAS = ("495", "812", "343", "383", "843", "846", "915", "916", "921", "926", "903", "912")
NAMES = (
    *("Ирина Белова", "ООО Вектор", "Пётр Сомов", "Aram Petrosyan", "Студия Лист", "Марина Котова"),
    *("Завод Прогресс", "Олег Дроздов", "Anna Lindqvist", "ИП Гусев", "Тамара Юсупова", "Кафе Полдень"),
)
NAMED = 0.4
HOUR_WEIGHTS = (3, 6, 8, 7, 4, 6, 7, 6, 3)
"""Of nine o'clock, ten o'clock … five o'clock."""
TRUNK = "PJSIP/trunk"


class CallBook:
    """Makes one call after another; no two have a Linkedid in common."""

    def __init__(self, chance: random.Random, zone: ZoneInfo) -> None:
        self._chance = chance
        self._zone = zone
        self._made = 0

    def incoming(self, day: date, *, answered: bool) -> Call:
        """A client rings two of the sellers; one of them answers, or nobody does."""
        began = self._moment(day)
        did = self._chance.choice((SHOP, SHOP, ADVERTISEMENT))
        named = self._chance.random() < NAMED
        name = self._chance.choice(NAMES) if named else None
        rang = tuple(self._chance.sample(PHONES, 2))
        ring = timedelta(seconds=self._chance.randrange(4, 20))
        number = f"7{self._chance.choice(AREAS)}{self._chance.randrange(2_000_000, 9_999_999)}"
        if answered:
            return self._talk(Direction.IN, began, ring, number, rang, did=did, name=name)
        return self._missed(began, number, rang, did, name)

    def call_back(self, missed: Call) -> Call:
        """One of those who were rung calls the client later that day and gets through."""
        pause = timedelta(minutes=self._chance.randrange(4, 50))
        began = (missed.ended_at or missed.started_at) + pause
        ring = timedelta(seconds=self._chance.randrange(6, 15))
        return self._talk(Direction.OUT, began, ring, missed.external_number or "", missed.rang[:1])

    def _moment(self, day: date) -> datetime:
        hour = 9 + self._chance.choices(range(len(HOUR_WEIGHTS)), HOUR_WEIGHTS)[0]
        at = time(hour, self._chance.randrange(60), self._chance.randrange(60))
        return datetime.combine(day, at, self._zone).astimezone(UTC)

    def _talk(
        self,
        direction: Direction,
        began: datetime,
        ring: timedelta,
        number: str,
        rang: tuple[str, ...],
        *,
        did: str | None = None,
        name: str | None = None,
    ) -> Call:
        linkedid, answered = self._linkedid(began), began + ring
        ended = answered + timedelta(seconds=int(self._chance.lognormvariate(4.8, 0.7)))
        winner, is_in = rang[0], direction is Direction.IN
        return Call(
            linkedid,
            direction,
            began,
            external_number=number,
            caller_name=name,
            did=did,
            trunk=TRUNK,
            seller=None if is_in else winner,
            rang=rang if is_in else (),
            answered_by=winner,
            final_agent=winner,
            outcome=Outcome.ANSWERED,
            answered_at=answered,
            ended_at=ended,
            ended_by=EndedBy.HANGUP,
            wait_seconds=ring.total_seconds(),
            ring_seconds=ring.total_seconds(),
            talk_seconds=(ended - answered).total_seconds(),
            legs=_legs(linkedid, began, rang, answered, ended),
            talks=(Talk(winner, answered, ended),),
        )

    def _missed(
        self, began: datetime, number: str, rang: tuple[str, ...], did: str, name: str | None
    ) -> Call:
        linkedid = self._linkedid(began)
        waited = timedelta(seconds=self._chance.randrange(8, 45))
        return Call(
            linkedid,
            Direction.IN,
            began,
            external_number=number,
            caller_name=name,
            did=did,
            trunk=TRUNK,
            rang=rang,
            outcome=Outcome.MISSED,
            reason=MissedReason.GAVE_UP,
            ended_at=began + waited,
            ended_by=EndedBy.HANGUP,
            wait_seconds=waited.total_seconds(),
            ring_seconds=waited.total_seconds(),
            legs=_legs(linkedid, began, rang, None, began + waited),
        )

    def _linkedid(self, began: datetime) -> str:
        self._made += 1
        return f"{began.timestamp():.0f}.{self._made}"


def _legs(
    linkedid: str, began: datetime, rang: tuple[str, ...], answered: datetime | None, ended: datetime
) -> tuple[Leg, ...]:
    """A leg for each phone; with an answer the first one's, and the others stop ringing then."""
    legs = []
    for place, extension in enumerate(rang):
        won = answered is not None and place == 0
        lost = LegResult.NO_ANSWER if answered is None else LegResult.TAKEN_BY_OTHER
        legs.append(
            Leg(
                f"{linkedid}.{extension}",
                f"PJSIP/{extension}",
                LegKind.SELLER,
                extension,
                None,
                began,
                began,
                answered if won else None,
                ended if won or answered is None else answered,
                LegResult.ANSWERED if won else lost,
            )
        )
    return tuple(legs)
