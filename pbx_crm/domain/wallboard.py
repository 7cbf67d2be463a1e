"""The wallboard: what a room of sellers sees from afar, without a client's name or number."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from pbx_crm.domain.presence import PersonPresence, PhoneState

LEAST_CALLS = 5
"""Below this no service level is told: one early miss would say 0 %."""


class Tone(StrEnum):
    """How a figure stands against what its head wants."""

    CALM = "calm"
    WARN = "warn"
    ALARM = "alarm"


class Doing(StrEnum):
    """What a seller's phones do."""

    TALKING = "talking"
    DIALLING = "dialling"
    RINGING = "ringing"
    FREE = "free"
    PAUSED = "paused"
    """Free, and paused in every queue."""
    DND = "dnd"
    UNREGISTERED = "unregistered"
    NO_PHONE = "no_phone"
    """No extension is linked to them."""


BY_PHONE = {
    PhoneState.TALKING: Doing.TALKING,
    PhoneState.RINGING: Doing.RINGING,
    PhoneState.DND: Doing.DND,
    PhoneState.PAUSED: Doing.PAUSED,
    PhoneState.FREE: Doing.FREE,
    PhoneState.UNREGISTERED: Doing.UNREGISTERED,
}
COUNTED = (Doing.RINGING, Doing.DIALLING, Doing.PAUSED, Doing.DND, Doing.UNREGISTERED, Doing.NO_PHONE)
"""What stands in small figures beside those who talk and are free."""


@dataclass(frozen=True, slots=True)
class WallRules:
    """What the head wants of a day."""

    answer_within: int = 20
    """Seconds in which a call is to be answered to count for the service level."""
    service_target: int = 80
    """Percent of calls answered in that time."""
    longest_wait: int = 60
    """Seconds from which a waiting caller is an alarm; from half of it a warning."""


@dataclass(frozen=True, slots=True)
class WallLink:
    """A link as its head sees it; what it is cannot be read again."""

    id: int
    name: str
    maker_id: int
    maker: str
    made_at: datetime
    rules: WallRules


@dataclass(frozen=True, slots=True)
class SellerNow:
    """A seller and what their phones do."""

    name: str
    doing: Doing
    since: datetime | None
    """None where it is not known since when: free, or without a phone."""


def doing_now(
    call: tuple[Doing, datetime] | None, phone: PersonPresence | None
) -> tuple[Doing, datetime | None]:
    """What somebody does by their call and, without one, by their phone; and since when, where that tells.

    A call counts first: it may be on a mobile to which a phone that is not registered was forwarded. Of a
    phone the PBX has not told of (no link yet, an older Asterisk), being free is taken for granted.
    """
    if call is not None:
        return call
    if phone is None:
        return Doing.NO_PHONE, None
    doing = BY_PHONE[phone.state] if phone.state else Doing.FREE
    return doing, None if doing is Doing.FREE else phone.since


@dataclass(frozen=True, slots=True)
class Wall:
    """The board at one moment; the day is the company's."""

    now: datetime
    rules: WallRules
    waiting: int
    """Callers nobody has answered yet."""
    waits_since: datetime | None
    """Of the one who waits longest."""
    answered: int
    answered_in_time: int
    missed: int
    won: int
    sellers: tuple[SellerNow, ...]

    @property
    def longest_wait(self) -> float:
        """Seconds; nought while nobody waits."""
        return (self.now - self.waits_since).total_seconds() if self.waits_since else 0.0

    @property
    def service_level(self) -> int | None:
        """Percent of today's calls answered in time; None while there are too few."""
        calls = self.answered + self.missed
        return round(100 * self.answered_in_time / calls) if calls >= LEAST_CALLS else None

    @property
    def wait_tone(self) -> Tone:
        """Whether somebody waits too long."""
        if self.longest_wait >= self.rules.longest_wait:
            return Tone.ALARM
        return Tone.WARN if self.longest_wait >= self.rules.longest_wait / 2 else Tone.CALM

    @property
    def service_tone(self) -> Tone:
        """Alarm ten points below what is wanted, a warning from there up to it."""
        level = self.service_level
        if level is None or level >= self.rules.service_target:
            return Tone.CALM
        return Tone.WARN if level >= self.rules.service_target - 10 else Tone.ALARM

    def count(self, doing: Doing) -> int:
        """How many sellers do that."""
        return sum(seller.doing == doing for seller in self.sellers)
