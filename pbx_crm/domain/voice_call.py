"""One call that plays a message: planned, dialled once, over. The rules of when, and what became of it.

A call is dialled only by whoever turned its stored row from planned to dialling, and that is committed
before the PBX is asked: whatever dies afterwards, nobody asks again. What nobody reports is looked up in
the call log once the call must be over, and if it is not there either, that is said.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta, tzinfo
from enum import StrEnum
from zoneinfo import ZoneInfo

import phonenumbers

from pbx_crm.domain.call import Outcome
from pbx_crm.domain.dialling import DIALLED, is_costly
from pbx_crm.domain.phone import NumberPlan
from pbx_crm.domain.region import Place, clocks_at
from pbx_crm.domain.sentence import N_
from pbx_crm.domain.working_time import WorkingTime

CHANNEL_PREFIX = "crm-voice-"
"""What the Linkedid of such a call begins with: the intake knows it by that."""
OVER_AFTER = timedelta(minutes=10)
"""Ringing, two rounds of the longest message and the reports of it are through by then."""
PLAN_LASTS = timedelta(days=3)
"""What could not be called by then is not called any more."""
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


class VoiceState(StrEnum):
    """How far a call has come."""

    PLANNED = "planned"
    DIALLING = "dialling"
    """Committed before the PBX is asked: from here on nobody asks it (again)."""
    OVER = "over"


class VoiceResult(StrEnum):
    """What became of it."""

    CONFIRMED = "confirmed"
    DECLINED = "declined"
    """2: they want to be called by a person."""
    OPTED_OUT = "opted_out"
    HEARD = "heard"
    """Picked up, and no key that means anything."""
    MACHINE = "machine"
    """An answering machine picked up, by the length of its greeting."""
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    FAILED = "failed"
    UNKNOWN = "unknown"
    """The program or the PBX was away: nobody knows whether it rang, or what was pressed."""
    NOT_CALLED = "not_called"


SAID = {
    "1": VoiceResult.CONFIRMED,
    "2": VoiceResult.DECLINED,
    "9": VoiceResult.OPTED_OUT,
    "heard": VoiceResult.HEARD,
    "machine": VoiceResult.MACHINE,
    "NOANSWER": VoiceResult.NO_ANSWER,
    "CANCEL": VoiceResult.NO_ANSWER,
    "BUSY": VoiceResult.BUSY,
    "CONGESTION": VoiceResult.FAILED,
    "CHANUNAVAIL": VoiceResult.FAILED,
    "NOSOUND": VoiceResult.FAILED,
}
"""What the dialplan says, a key or Dial's DIALSTATUS, and what it means."""


class AtMachine(StrEnum):
    """What is done when an answering machine picks up."""

    AS_PERSON = "as_person"
    """Nobody listens for one: no client waits while the PBX wonders who they are."""
    LEAVE = "leave"
    """The message is played to it once, after its greeting."""
    HANG_UP = "hang_up"


BY_OUTCOME = {
    Outcome.BUSY: VoiceResult.BUSY,
    Outcome.FAILED: VoiceResult.FAILED,
}
"""What the call log knows of a call nobody reported. Its "no answer" says that no seller talked, and the
client may have picked up: it tells nothing."""


@dataclass(frozen=True, slots=True)
class VoiceWord:
    """What the dialplan says became of a call."""

    channel_id: str
    said: str
    """A key or a DIALSTATUS, one of `SAID`; others mean nothing."""


class Why(StrEnum):
    """Why a client is not called."""

    TAKEN_BACK = "taken_back"
    SWITCHED_OFF = "switched_off"
    WENT_ON = "went_on"
    TOO_LATE = "too_late"
    TOO_SOON = "too_soon"
    NO_MESSAGE = "no_message"
    NO_NUMBER = "no_number"
    NOT_ALLOWED = "not_allowed"
    DO_NOT_CALL = "do_not_call"
    ENOUGH_TODAY = "enough_today"


WHY_NOT = {
    Why.TAKEN_BACK: N_("somebody took it back"),
    Why.SWITCHED_OFF: N_("the robot or voice messages were switched off"),
    Why.WENT_ON: N_("the card or the meeting has changed since"),
    Why.TOO_LATE: N_("there was no time for it in working hours"),
    Why.TOO_SOON: N_("the meeting had only just been agreed on"),
    Why.NO_MESSAGE: N_("the recording is gone"),
    Why.NO_NUMBER: N_("the client has no telephone number"),
    Why.NOT_ALLOWED: N_("the number is not among those that may be called"),
    Why.DO_NOT_CALL: N_("the client asked not to be called"),
    Why.ENOUGH_TODAY: N_("the client was called often enough in a day"),
}


@dataclass(frozen=True, slots=True)
class VoiceRules:
    """What the company allows on one PBX."""

    region: str
    """ISO 3166 code of the country in which alone clients are called, unless `numbers` says more."""
    numbers: str = ""
    """The whitelist: the E.164 form of a number must match all of it; empty: numbers of the country."""
    hours: tuple[time, time] = (time(9), time(20))
    """Within these, by the clocks of the line's calendar and of the client's region, and within its working
    hours."""
    at_once: int = 2
    per_hour: int = 30
    per_client_and_day: int = 1

    def allows(self, number: str) -> bool:
        """Whether this E.164 number may be called: none that costs by the minute, none abroad unasked."""
        if not DIALLED.fullmatch(number) or is_costly(number):
            return False
        if self.numbers:
            return re.fullmatch(self.numbers, number) is not None
        return phonenumbers.parse(number).country_code == phonenumbers.country_code_for_region(self.region)

    def admits(self, at: datetime, hours: WorkingTime, place: Place | None) -> bool:
        """Whether a client of this region is called at this moment by those who work so."""
        clocks = (hours.zone, *clocks_of(place, at))
        return hours.is_open(at) and all(self._is_decent(at.astimezone(zone), hours) for zone in clocks)

    def _is_decent(self, local: datetime, hours: WorkingTime) -> bool:
        begin, end = self.hours
        is_quiet = hours.quiet is not None and hours.quiet.holds(local.hour * 60 + local.minute)
        return begin <= local.time() < end and not is_quiet


def clocks_of(place: Place | None, at: datetime) -> tuple[tzinfo, ...]:
    """The clocks that may hang where the client is, of several the furthest behind and the furthest ahead.

    None of an unknown region, and of a country of which nothing finer is known and whose clocks differ:
    between Kaliningrad and Kamchatka hardly an hour would be left for a Russian mobile.
    """
    clocks = clocks_at(place.zones, at) if place is not None else None
    if place is None or clocks is None or (place.is_country and clocks[0] != clocks[1]):
        return ()
    return tuple(ZoneInfo(zone) for zone in dict.fromkeys(clocks))


@dataclass(frozen=True, slots=True)
class Lately:
    """What was called on this PBX before."""

    now: int
    """Calls that go on."""
    in_hour: int
    of_client: int
    """To this number in a day."""


@dataclass(frozen=True, slots=True)
class Facts:
    """All that the decision about a planned call needs, as it stands now."""

    at: datetime
    expires_at: datetime
    is_switched_on: bool
    card_stands: bool
    """The card lies where it lay, the meeting is still to come."""
    has_message: bool
    number: str | None
    """As it is written in the client's card."""
    do_not_call: bool
    hours: WorkingTime
    lately: Lately
    place: Place | None = None
    """Where the client is, as far as it is known."""


@dataclass(frozen=True, slots=True)
class Decision:
    """Call this number now, leave it for good, or wait (neither)."""

    number: str | None = None
    why_not: Why | None = None


def decide(facts: Facts, plan: NumberPlan, rules: VoiceRules) -> Decision:
    """What to do about a planned call now; what can never be called is left before anything is waited for."""
    number = replace(plan, strip_prefixes=()).e164(facts.number)
    for why, holds in (
        (Why.SWITCHED_OFF, not facts.is_switched_on),
        (Why.WENT_ON, not facts.card_stands),
        (Why.NO_MESSAGE, not facts.has_message),
        (Why.DO_NOT_CALL, facts.do_not_call),
        (Why.NO_NUMBER, number is None),
        (Why.NOT_ALLOWED, number is not None and not rules.allows(number)),
        (Why.ENOUGH_TODAY, facts.lately.of_client >= rules.per_client_and_day),
        (Why.TOO_LATE, facts.at >= facts.expires_at),
    ):
        if holds:
            return Decision(why_not=why)
    lately = facts.lately
    is_full = lately.now >= rules.at_once or lately.in_hour >= rules.per_hour
    if is_full or not rules.admits(facts.at, facts.hours, facts.place):
        return Decision()
    return Decision(number)


def looked_up(outcome: Outcome | None, is_open: bool | None) -> VoiceResult | None:
    """What became of a call nobody reported, by the call log; None while it goes on there.

    `is_open` is None for a call that the log does not have.
    """
    if is_open:
        return None
    return BY_OUTCOME.get(outcome, VoiceResult.UNKNOWN) if outcome is not None else VoiceResult.UNKNOWN


@dataclass(frozen=True, slots=True)
class VoiceWish:
    """What the PBX is asked: call this client, play this recording, hear these keys."""

    number: str
    """E.164."""
    channel_id: str
    """Our name for the call, by which it is found again whatever is answered."""
    digest: str
    size: int
    keys: str
    caller_id: str = ""
    """What the client is shown; empty: what the trunk has."""
