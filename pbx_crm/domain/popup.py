"""The call popup: which of the calls around a person it shows, and in which of its states."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from pbx_crm.domain.call import Direction, Outcome
from pbx_crm.domain.client import Client
from pbx_crm.domain.funnel import Stage
from pbx_crm.domain.region import Place
from pbx_crm.domain.task import TaskKind
from pbx_crm.domain.wrap_up import WrapUp

WRAP_UP_LASTS = timedelta(minutes=30)
# The browser takes such a line away by itself; a little longer here, for the PBX's clock is not ours.
CLOCKS_DIFFER = timedelta(seconds=5)


class Phase(StrEnum):
    """What the popup says; the order is which call comes first when there are several."""

    TALKING = "talking"
    RINGING = "ringing"
    CALLING = "calling"
    """The viewer dialled, nobody has answered yet."""
    TAKEN = "taken"
    """It rang here, and somebody else answered."""
    MISSED = "missed"
    UNANSWERED = "unanswered"
    """The viewer dialled in vain."""
    WRAP_UP = "wrap_up"

    @property
    def is_live(self) -> bool:
        """Whether the viewer is wanted on the phone right now."""
        return self in (Phase.TALKING, Phase.RINGING, Phase.CALLING)

    @property
    def leaves_after(self) -> int | None:
        """Seconds after which the line goes by itself; None stays until it is closed."""
        return LEAVES_AFTER.get(self)


LEAVES_AFTER = {Phase.TAKEN: 3, Phase.MISSED: 10, Phase.UNANSWERED: 10}


@dataclass(frozen=True, slots=True)
class NearCall:
    """A call as it concerns one person."""

    call_id: int
    direction: Direction
    started_at: datetime
    dialled_here: bool = False
    """The person started it."""
    rang_here: bool = False
    ringing_here: bool = False
    """Their phone rings at this moment."""
    ringing_phones: int = 0
    talking_since: datetime | None = None
    talked_here: bool = False
    answered_at: datetime | None = None
    answered_by: str | None = None
    """Name of the person, else the extension, who answered first."""
    ended_at: datetime | None = None
    outcome: Outcome | None = None
    number: str | None = None
    """E.164 where it could be told, else as the PBX had it; None is withheld."""
    caller_name: str | None = None
    line_name: str | None = None
    queue: str | None = None
    contact_id: int | None = None
    deal_id: int | None = None
    skipped: bool = False
    cards_by_hand: bool = False
    """Calls of this line make no card by themselves."""
    to_wrap_up: bool = False
    """It is over, the person talked last, and has not said yet how it went."""


def phase_of(call: NearCall, now: datetime) -> Phase | None:
    """The popup's state for this call; None if the person is not concerned (any more)."""
    if call.direction is Direction.INTERNAL:
        return None
    if call.talking_since is not None:
        return Phase.TALKING
    if call.talked_here:
        # Over, or handed on to a colleague: either way this person may now write down what was said.
        fresh = call.ended_at is None or now - call.ended_at < WRAP_UP_LASTS
        return Phase.WRAP_UP if fresh else None
    if call.dialled_here:
        return _of_dialled(call, now)
    return _of_rung(call, now)


def _of_dialled(call: NearCall, now: datetime) -> Phase | None:
    if call.ended_at is None:
        return Phase.CALLING
    return _news(Phase.UNANSWERED, call.ended_at, now)


def _of_rung(call: NearCall, now: datetime) -> Phase | None:
    if call.ringing_here and call.ended_at is None:
        return Phase.RINGING
    if not call.rang_here:
        return None
    if call.answered_at is not None:
        return _news(Phase.TAKEN, call.answered_at, now)
    if call.ended_at is not None:
        return _news(Phase.MISSED, call.ended_at, now)
    return None


def _news(phase: Phase, moment: datetime, now: datetime) -> Phase | None:
    lasts = timedelta(seconds=LEAVES_AFTER[phase]) + CLOCKS_DIFFER
    return phase if now - moment < lasts else None


def pick(calls: Iterable[NearCall], now: datetime) -> tuple[NearCall, Phase, int] | None:
    """The call to show with its state, and how many more want the person; None if there is nothing."""
    order = list(Phase)
    near = [(call, phase) for call in calls if (phase := phase_of(call, now)) is not None]
    if not near:
        return None
    # Of several in one state the earliest ringing caller has waited longest; of talks over the last counts.
    near.sort(key=lambda pair: (order.index(pair[1]), _seniority(*pair)))
    first, phase = near[0]
    return first, phase, sum(1 for _, other in near[1:] if other.is_live)


def _seniority(call: NearCall, phase: Phase) -> float:
    started = call.started_at.timestamp()
    return started if phase.is_live else -started


@dataclass(frozen=True, slots=True)
class OpenDeal:
    """The viewer's open deal with the caller."""

    id: int
    title: str
    stage_name: str
    amount: Decimal
    currency: str
    funnel_id: int
    stage_id: int
    version: int


@dataclass(frozen=True, slots=True)
class LastCall:
    """The call before this one."""

    started_at: datetime
    direction: Direction
    outcome: Outcome | None
    talk_seconds: float
    seller_name: str | None


@dataclass(frozen=True, slots=True)
class Standing:
    """What to know of the deal before saying hello."""

    promised: TaskKind | None
    """What was to be done next."""
    promised_at: datetime | None
    last_note: str

    def is_late(self, now: datetime) -> bool:
        """Whether the promise is overdue."""
        return self.promised_at is not None and self.promised_at < now


@dataclass(frozen=True, slots=True)
class Popup:
    """Everything the panel prints, already within the viewer's rights."""

    call: NearCall
    phase: Phase
    more: int
    """How many other calls want the viewer."""
    seconds: int
    """Waited so far while it rings, talked so far while they talk."""
    client: Client | None = None
    deal: OpenDeal | None = None
    last_call: LastCall | None = None
    standing: Standing | None = None
    """How the deal stands; not any more once the talk is over."""
    next_stage: Stage | None = None
    """Where one click takes the deal."""
    wrap_up: WrapUp | None = None
    """What is to be said of the talk."""
    place: Place | None = None
    """Where the caller is; nothing of another seller's client."""
    owner_told: bool = False
    """Whether the seller whose client it is was told of this call."""

    @property
    def is_strip(self) -> bool:
        """Whether one line is enough: many phones ring, or the call is none of the viewer's business now."""
        return self.phase in LEAVES_AFTER or (self.phase is Phase.RINGING and self.call.ringing_phones > 1)

    @property
    def number(self) -> str | None:
        """The caller's number, unless this is another seller's client."""
        return None if self.client and self.client.is_foreign else self.call.number

    @property
    def name(self) -> str | None:
        """The client's name, else what the caller's phone company says."""
        return (self.client.name if self.client else None) or self.call.caller_name or None

    @property
    def may_be_named(self) -> bool:
        """Whether the viewer may write down who this is: a client of theirs without a name."""
        is_named = self.client is not None and self.client.name != ""
        return self.deal is not None and self.phase in (Phase.TALKING, Phase.WRAP_UP) and not is_named

    @property
    def may_be_no_client(self) -> bool:
        """Whether the viewer may say that this is no client: once somebody has talked or nobody will."""
        is_foreign = self.client is not None and self.client.is_foreign
        return not (is_foreign or self.is_strip) and self.phase is not Phase.RINGING

    @property
    def may_make_deal(self) -> bool:
        """Whether this call has no card and none will come by itself."""
        call = self.call
        if call.deal_id is not None or self.deal or (self.client and self.client.is_foreign):
            return False
        by_hand = call.direction is Direction.OUT or call.skipped or call.cards_by_hand
        return not self.is_strip and (by_hand or call.ended_at is not None)
