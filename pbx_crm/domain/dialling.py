"""Click-to-call: which numbers may be dialled, how often and when; the guard against toll fraud.

A number is read as a telephone number first and written anew from what was read, so nothing of what a
request said reaches the dialplan except digits: `300&Zap/g1/…` is no number, and so is not dialled.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from enum import StrEnum

import phonenumbers
from phonenumbers import PhoneNumberType

from pbx_crm.domain.errors import BadInput, Refused
from pbx_crm.domain.phone import NumberPlan
from pbx_crm.domain.sentence import N_

SAME_CALL_LASTS = timedelta(seconds=10)
"""A second click on the same number so soon means the same call, from whichever page it comes."""
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
DIALLED = re.compile(r"\+[0-9]{7,15}")
EXTENSION = re.compile(r"[0-9A-Za-z_.-]{1,32}")
"""What may stand in the name of a phone: nothing that Dial() or a channel name gives a meaning to."""
# These cost the caller by the minute and pay whoever answers: what toll fraud dials.
COSTLY = (PhoneNumberType.PREMIUM_RATE, PhoneNumberType.SHARED_COST)


class DialState(StrEnum):
    """What is known of a click."""

    ASKED = "asked"
    """Stored; the PBX is being asked, or the program died while it was."""
    TAKEN = "taken"
    """The PBX said it will ring the phone."""
    REFUSED = "refused"
    """The PBX said no, or was never asked: nothing rang."""
    UNKNOWN = "unknown"
    """No answer came: the phone may have rung. It is not asked again."""


@dataclass(frozen=True, slots=True)
class DialRules:
    """What the company allows."""

    numbers: str = DIALLED.pattern
    """The whitelist: the E.164 form of a number must match all of it."""
    hours: tuple[time, time] | None = None
    """Nobody dials outside of these, by the company's clock; they may span midnight."""
    per_minute: int = 10
    per_day: int = 200


@dataclass(frozen=True, slots=True)
class RingWish:
    """What the PBX is asked: ring this phone, then call this number for it."""

    extension: str
    number: str
    """E.164."""
    channel_id: str
    """Our name for the phone's channel, so that the call is found whatever is answered."""


class NoPhone(Refused):
    """No phone is linked to you: ask whoever sets up telephony."""


class NotByClick(Refused):
    """Calls are not started from here: dial on your phone."""


class TooManyDials(Refused):
    """You have called too often; wait a little, or dial on your phone."""


class ClosedHours(Refused):
    """No calls are made from here at this hour."""


def number_to_dial(text: str, plan: NumberPlan, rules: DialRules) -> str:
    """The E.164 number that this text means; BadInput for everything that may not be dialled."""
    # What stands before a number on this PBX is for numbers it shows, not for those people write here.
    number = replace(plan, strip_prefixes=()).e164(text)
    if number is None or not DIALLED.fullmatch(number):
        raise BadInput(reasons={"number": N_("This is no telephone number.")})
    if not re.fullmatch(rules.numbers, number) or is_costly(number):
        raise BadInput(reasons={"number": N_("This number is not among those that may be called from here.")})
    return number


def is_costly(number: str) -> bool:
    """Whether calling this E.164 number pays somebody by the minute."""
    return phonenumbers.number_type(phonenumbers.parse(number)) in COSTLY


def require_open(rules: DialRules, local: datetime) -> None:
    """ClosedHours if nobody dials at this moment of the company's clock."""
    if rules.hours is None:
        return
    begin, end = rules.hours
    at = local.time()
    is_open = begin <= at < end if begin <= end else at >= begin or at < end
    if not is_open:
        raise ClosedHours


def require_few(rules: DialRules, in_minute: int, in_day: int) -> None:
    """TooManyDials if one more would be too many."""
    if in_minute >= rules.per_minute or in_day >= rules.per_day:
        raise TooManyDials
