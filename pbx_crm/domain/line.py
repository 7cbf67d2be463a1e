"""Lines: where a call enters, and what the company wants done with calls that enter there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from pbx_crm.domain.call import Call
from pbx_crm.domain.phone import digits
from pbx_crm.domain.voice_call import CHANNEL_PREFIX


class MatchKind(StrEnum):
    """By what a line knows its calls; the order is which of several lines a call belongs to."""

    DID = "did"
    TRUNK = "trunk"
    QUEUE = "queue"
    ANY = "any"


class CreateAt(StrEnum):
    """When a call of this line makes a card; where it never does the seller makes one by hand."""

    RING = "ring"
    ANSWER = "answer"
    END = "end"
    NEVER = "never"


class OwnerPolicy(StrEnum):
    """Whose the card of an answered call is; a reception that hands clients on wants the last."""

    FIRST_ANSWERED = "first_answered"
    LAST_ANSWERED = "last_answered"


class MissedStep(StrEnum):
    """Whom to ask, in turn, for an owner of a call that nobody answered."""

    RESPONSIBLE = "responsible"
    ROTA_RANG = "rota_rang"
    ROTA_LINE = "rota_line"
    HEAD = "head"


MISSED_POLICY = tuple(MissedStep)


@dataclass(frozen=True, slots=True)
class Line:
    """A line with its settings; `id` is None for what holds where no line is set up."""

    id: int | None
    pbx: str
    name: str = ""
    match_kind: MatchKind = MatchKind.ANY
    match_value: str = ""
    source: str = ""
    """Where clients of this line come from, for the reports."""
    funnel_id: int | None = None
    """None: the first funnel."""
    create_at: CreateAt = CreateAt.ANSWER
    create_outgoing: bool = False
    owner_policy: OwnerPolicy = OwnerPolicy.FIRST_ANSWERED
    missed_policy: tuple[MissedStep, ...] = MISSED_POLICY
    callback_minutes: int = 15
    seller_ids: tuple[int, ...] = ()
    recording_days: int | None = None
    """After how many days recordings of its calls are deleted; None: never by us."""
    calendar_id: int | None = None
    """When its sellers work; None: when the house does."""
    region_id: int | None = None
    """Where whoever calls here is from; None: what their number tells."""

    @property
    def callback_within(self) -> timedelta:
        """How soon a client whose call was missed is to be called back."""
        return timedelta(minutes=self.callback_minutes)

    def takes(self, call: Call) -> bool:
        """Whether the call entered here."""
        match self.match_kind:
            case MatchKind.DID:
                return call.did is not None and _dialled(call.did) == _dialled(self.match_value)
            case MatchKind.TRUNK:
                return call.trunk is not None and _endpoint(call.trunk) == _endpoint(self.match_value)
            case MatchKind.QUEUE:
                return call.queue == self.match_value
            case MatchKind.ANY:
                return True


def _dialled(did: str) -> str:
    """The digits of a DID; where a provider sends an account name instead, that name."""
    return digits(did) or did.lower()


def _endpoint(name: str) -> str:
    """`trunk-main` of `PJSIP/trunk-main`: an admin writes it with or without the technology."""
    return name.rpartition("/")[2].lower()


def line_of(call: Call, lines: Iterable[Line], pbx: str) -> Line:
    """The line the call entered by, the most exact first; a line of defaults if none fits."""
    order = list(MatchKind)
    fitting = [line for line in lines if line.pbx == pbx and line.takes(call)]
    return min(fitting, key=lambda line: order.index(line.match_kind), default=Line(None, pbx))


class SkipKind(StrEnum):
    """By what a skip rule knows its calls."""

    NUMBER = "number"
    PREFIX = "prefix"
    TRUNK = "trunk"


@dataclass(frozen=True, slots=True)
class SkipRule:
    """Calls that are no business: the bank, the courier, staff mobiles. Logged, never a deal."""

    name: str
    kind: SkipKind
    value: str

    def skips(self, call: Call, e164: str | None) -> bool:
        """Whether this rule means the call; `e164` is its outside number, if that is a client's."""
        if self.kind is SkipKind.TRUNK:
            return call.trunk is not None and _endpoint(call.trunk) == _endpoint(self.value)
        return any(self.means(number) for number in (e164, call.external_number) if number)

    def means(self, number: str) -> bool:
        """Whether it is about this outside number, however either is written."""
        wanted, given = digits(self.value), digits(number)
        if not wanted or self.kind is SkipKind.TRUNK:
            return False
        return given == wanted if self.kind is SkipKind.NUMBER else given.startswith(wanted)


VOICE_MESSAGE = SkipRule("Voice message", SkipKind.NUMBER, "")
"""Calls that robots make: logged, accounted for, told on their card by what was pressed."""


def skip_rule_of(call: Call, rules: Iterable[SkipRule], e164: str | None) -> SkipRule | None:
    """The first rule that means this call; what robots say to clients is never a call of a seller."""
    if call.linkedid.startswith(CHANNEL_PREFIX):
        return VOICE_MESSAGE
    return next((rule for rule in rules if rule.skips(call, e164)), None)
