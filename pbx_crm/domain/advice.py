"""Advice: what a robot tells the owner of a card, or the head, until they act on it or put it off."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from pbx_crm.domain.owner_rule import Rule
from pbx_crm.domain.today import Subject
from pbx_crm.domain.working_time import WorkingTime


@dataclass(frozen=True, slots=True)
class Advice:
    """A piece of advice on a card."""

    id: int
    deal_id: int
    for_head: bool
    name: str
    """Of the robot."""
    text: str
    why: Rule
    """What the robot found, as a rule with its values."""
    at: datetime


@dataclass(frozen=True, slots=True)
class Hint:
    """Advice with the card it is about, as Today lists it."""

    advice: Advice
    subject: Subject
    owner_name: str


def later(now: datetime, house: WorkingTime) -> datetime:
    """When advice that is put off is shown again: a day on, when somebody is there."""
    return house.next_open(now + timedelta(days=1))
